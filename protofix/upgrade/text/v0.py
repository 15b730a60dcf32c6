"""V0 layers, `layers { layer { ... } bottom top }`, to V1: `layers { ... }`.

What Caffe 1.0 does in UpgradeV0Net: padding layers become the `pad` of the layer they feed, and the
parameters of the nested layer move into the messages of their types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caffe_proto import V0_TYPES
from protofix.textproto.draft import (
    Item,
    all_comments,
    appended,
    bare,
    commented,
    comments_of,
    new_field,
    new_message,
    placed,
    renamed,
    render_item,
    with_value,
)
from protofix.textproto.layout import Style
from protofix.textproto.source import BLANKS
from protofix.upgrade.facts import V0_FIELDS, V0_LAYER_FIELDS, V0_PADDED_TYPES, V0_PADDING
from protofix.upgrade.text.items import (
    Note,
    Upgraded,
    Value,
    last_value,
    layer_name,
    v0_layer,
    values_of,
)


def upgrade_v0(items: Sequence[Item], style: Style) -> Upgraded:
    """Make V1 layers of all V0 layers."""
    folded = _fold_padding(items, style)
    upgraded: list[Item] = []
    said = list(folded.notes)
    for item in folded.items:
        inner = v0_layer(item)
        if inner is None or _type_of(inner) == V0_PADDING:
            upgraded.append(item)
            continue
        layer, notes = _unwrapped(item, inner, style)
        upgraded.append(layer)
        said += notes
    return Upgraded(tuple(upgraded), tuple(said))


def _type_of(inner: Item | None) -> str | None:
    value = last_value(inner.children, "type") if inner is not None else None
    return value.scalar.value if value else None


# --- Padding layers ---


def _fold_padding(items: Sequence[Item], style: Style) -> Upgraded:
    """Take out the padding layers, their `pad` put into the layers that they feed."""
    readers = _readers_of_padding(items)
    folded = list(items)
    notes: list[Note] = []
    gone: set[int] = set()
    for index, consumers in readers.items():
        padding = items[index]
        problem = _why_not_folded(padding, [items[i] for i in consumers])
        if problem:
            notes.append(Note(padding.at, problem, True))
            continue
        gone.add(index)
        for place, consumer in enumerate(consumers):
            # Its comments go to the first layer that takes the padding over.
            comments = place == 0
            folded[consumer] = _padded(folded[consumer], padding, style, comments)
    # From the end, so that the indices of those before stay right.
    for index in sorted(gone, reverse=True):
        # A blank line that set the padding layer apart sets apart what comes next.
        if index + 1 < len(folded) and _blank_lines(items[index]) > _blank_lines(folded[index + 1]):
            behind = folded[index + 1]
            folded[index + 1] = replace(behind, lead=style.newline + behind.lead)
        if index == 0 and len(folded) > 1 and "#" not in folded[1].lead:
            folded[1] = replace(folded[1], lead=items[0].lead)
        del folded[index]
    return Upgraded(tuple(folded), tuple(notes))


def _blank_lines(item: Item) -> int:
    return item.lead.split("#", 1)[0].count("\n") - 1


def _readers_of_padding(items: Sequence[Item]) -> dict[int, list[int]]:
    """For each padding layer (an index into `items`) the layers that read what it makes."""
    makers: dict[str, int] = {}
    readers: dict[int, list[int]] = {}
    for index, item in enumerate(items):
        if item.name not in ("layers", "layer"):
            continue
        if _type_of(v0_layer(item)) == V0_PADDING:
            readers[index] = []
        for bottom in values_of(item.children, "bottom"):
            maker = makers.get(bottom.scalar.value)
            if maker in readers and index not in readers[maker]:
                readers[maker].append(index)
        for top in values_of(item.children, "top"):
            makers[top.scalar.value] = index
    return readers


def _why_not_folded(padding: Item, consumers: list[Item]) -> str | None:
    """Why a padding layer has to stay: Caffe aborts, or drops it if nobody reads it."""
    name = layer_name(padding)
    if not consumers:
        return f"padding layer {name} pads for no layer: left as it is"
    for what in ("bottom", "top"):
        if len(list(values_of(padding.children, what))) != 1:
            return f"padding layer {name} needs exactly one {what}: left as it is"
    for consumer in consumers:
        read = f"padding layer {name} feeds {layer_name(consumer)}"
        if _type_of(v0_layer(consumer)) not in V0_PADDED_TYPES:
            return f"{read}, which is no V0 layer of type conv or pool: left as it is"
        if len(list(values_of(consumer.children, "bottom"))) != 1:
            return f"{read}, which reads other blobs too: left as it is"
    return None


def _padded(consumer: Item, padding: Item, style: Style, comments: bool) -> Item:
    """A convolution or pooling layer that pads for itself."""
    inner, outer = v0_layer(consumer), v0_layer(padding)
    assert inner is not None and outer is not None
    [bottom] = values_of(padding.children, "bottom")
    pads = [item for item in outer.children if item.name == "pad"]
    pad = pads[-1] if pads else new_field("pad", bare("0"), style)
    if not comments:
        pad = replace(pad, lead="", trail="")
    children = tuple(
        _with_pad(child, pad, style)
        if child is inner
        else with_value(child, bottom.written)
        if child.name == "bottom"
        else child
        for child in consumer.children
    )
    spoken = all_comments(padding) if comments else []
    for comment in all_comments(pad):
        spoken.remove(comment)
    return commented(replace(consumer, items=children), spoken, style)


def _with_pad(inner: Item, pad: Item, style: Style) -> Item:
    names = [child.name for child in inner.children]
    if "pad" in names:
        place = names.index("pad")
        own = inner.children[place]
        value = last_value([pad], "pad")
        written = value.written if value else bare("0")
        changed = commented(with_value(own, written), all_comments(pad), style)
        items = (*inner.children[:place], changed, *inner.children[place + 1 :])
        return replace(inner, items=items)
    place = names.index("kernelsize") if "kernelsize" in names else len(names) - 1
    return appended(inner, pad, style, place)


# --- The nested layer ---


def _unwrapped(layer: Item, inner: Item, style: Style) -> tuple[Item, list[Note]]:
    """A V0 layer with the fields of its nested layer where V1 has them."""
    indents = [child.indent for child in layer.children if child.indent is not None]
    indent = indents[0] if indents else None
    fields, left, notes = _moved(layer, inner, style)
    items: list[Item] = []
    carried: list[str] = []  # Comments that wait for the next item.
    for child in layer.children:
        if child is not inner:
            items.append(commented(child, carried, style))
            carried = []
            continue
        carried += all_comments(replace(child, items=(), foot="", trail=""))
        for number, one in enumerate(fields):
            lead = "".join(comment + style.newline for comment in carried) if number == 0 else ""
            items.append(placed(replace(one, lead=lead + one.lead), style, indent))
        carried = [] if fields else carried
        carried += [*left, *comments_of(child.foot), *comments_of(child.trail)]
    foot = layer.foot
    if carried:
        deeper = indent or style.indent
        lines = "".join(f"{style.newline}{deeper}{comment}" for comment in carried)
        foot = lines + (foot if "\n" in foot else style.newline + (layer.indent or ""))
    return replace(layer, items=_merged(items, style), foot=foot), notes


def _moved(layer: Item, inner: Item, style: Style) -> tuple[list[Item], list[str], list[Note]]:
    """The fields of a nested layer as V1 has them, those without meaning as comments, and notes."""
    type_value = last_value(inner.children, "type")
    v0_type = type_value.scalar.value if type_value else ""
    fields: list[Item] = []
    groups: dict[str, list[Item]] = {}
    left: list[str] = []
    notes: list[Note] = []
    for item in inner.children:
        known = V0_FIELDS.get(item.name)
        home = known.home(v0_type) if known else None
        if item.name == "type" and type_value is not None:
            fields.append(_typed(layer, type_value, notes))
        elif known is not None and home is None:
            left += _as_comments(item)
            said = f"`{item.name}` of {layer_name(layer)} has no meaning for type `{v0_type}`"
            notes.append(Note(item.at, f"{said}: kept as a comment", True))
        elif known is None or home is None or not home:
            if known is None and item.name not in V0_LAYER_FIELDS:
                said = f"`{item.name}` of {layer_name(layer)} is no field of the V0 format"
                notes.append(Note(item.at, f"{said}: left as it is", True))
            fields.append(item if known is None else renamed(item, known.name))
        else:
            if home not in groups:
                groups[home] = []
                fields.append(new_message(home, (), style, at=item.at))
            groups[home].append(renamed(item, known.name))
    gathered = [
        replace(item, items=tuple(groups[item.name])) if item.layout != "kept" else item
        for item in fields
    ]
    return gathered, left, notes


def _typed(layer: Item, value: Value, notes: list[Note]) -> Item:
    v1 = V0_TYPES.get(value.scalar.value)
    if v1 is not None:
        return with_value(value.item, bare(v1), value.number)
    said = f"`{value.scalar.value}`, the type of {layer_name(layer)}, is none of the V0 format"
    notes.append(Note(value.item.at, f"{said}: left as it is", True))
    return value.item


def _as_comments(item: Item) -> list[str]:
    """A field as comment lines, with the comments it had."""
    body = render_item(replace(item, lead="", trail="")).split("\n")
    lines = [f"# {line.removeprefix(item.indent or '').rstrip(BLANKS)}" for line in body]
    behind = comments_of(item.trail)
    lines[-1] = "  ".join([lines[-1], *behind])
    return [*comments_of(item.lead), *lines]


def _merged(items: list[Item], style: Style) -> tuple[Item, ...]:
    """One message where a layer has a parameter message of V1 beside the nested layer's fields."""
    merged: list[Item] = []
    for item in items:
        twins = [i for i, other in enumerate(merged) if other.name == item.name]
        if item.items is None or not twins or not item.name.endswith("_param"):
            merged.append(item)
            continue
        message = merged[twins[0]]
        for child in item.items:
            message = appended(message, child, style)
        merged[twins[0]] = message
    return tuple(merged)
