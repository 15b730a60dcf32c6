"""V0 padding layers, whose `pad` became a field of the convolution or pooling that they feed.

What Caffe 1.0 does in UpgradeV0PaddingLayers; where Caffe aborts, the padding layer stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protofix.net.layers import PADDING
from protofix.textproto.draft import Item, all_comments
from protofix.textproto.layout import Style
from protofix.textproto.moving import appended, bare, commented, new_field, with_value, without
from protofix.upgrade.facts import V0_PADDED_TYPES
from protofix.upgrade.text.reading import last_value, layer_name, v0_layer, v0_type, values_of
from protofix.upgrade.text.step import Note, Upgraded

_FIELDS = frozenset({"name", "type", "pad", "bottom", "top"})


def fold_padding(items: Sequence[Item], style: Style) -> Upgraded:
    """Take out the padding layers, their `pad` put into the layers that they feed."""
    readers = _readers_of_padding(items)
    folded = list(items)
    notes: list[Note] = []
    gone: set[int] = set()
    for index, consumers in readers.items():
        padding = folded[index]
        problem = _why_not_folded(padding, [items[i] for i in consumers])
        if problem is None and not consumers and index + 1 < len(items):
            # Caffe drops it too.
            said = f"{_called(padding)} pads for no layer: taken out"
            notes.append(Note(padding.at, said, False))
            behind = folded[index + 1]
            folded[index + 1] = commented(behind, all_comments(padding), style)
        elif problem is not None or not consumers:
            said = problem or f"{_called(padding)} pads for no layer"
            said += f": stays a layer of type `{PADDING}`, which Caffe has no more"
            notes.append(Note(padding.at, said, True))
            continue
        gone.add(index)
        for place, consumer in enumerate(consumers):
            # Its comments go to the first layer that takes the padding over.
            comments = place == 0
            folded[consumer] = _padded(folded[consumer], padding, style, comments)
    # From the end, so that the indices of those before stay right.
    for index in sorted(gone, reverse=True):
        folded = without(folded, index, style)
    return Upgraded(tuple(folded), tuple(notes))


def _readers_of_padding(items: Sequence[Item]) -> dict[int, list[int]]:
    """For each padding layer (an index into `items`) the layers that read what it makes."""
    makers: dict[str, int] = {}
    readers: dict[int, list[int]] = {}
    for index, item in enumerate(items):
        if item.name not in ("layers", "layer"):
            continue
        if v0_type(item) == PADDING:
            readers[index] = []
        for bottom in values_of(item.children, "bottom"):
            maker = makers.get(bottom.scalar.value)
            if maker in readers and index not in readers[maker]:
                readers[maker].append(index)
        for top in values_of(item.children, "top"):
            makers[top.scalar.value] = index
    return readers


def _why_not_folded(padding: Item, consumers: list[Item]) -> str | None:
    """Why a padding layer has to stay: Caffe aborts in these cases."""
    name = _called(padding)
    inner = v0_layer(padding)
    strange = [
        item.name
        for item in (*padding.children, *(inner.children if inner is not None else ()))
        if item is not inner and item.name not in _FIELDS
    ]
    if strange:
        return f"{name} has a field `{strange[0]}` of its own"
    for what in ("bottom", "top"):
        if consumers and len(list(values_of(padding.children, what))) != 1:
            return f"{name} needs exactly one {what}"
    for consumer in consumers:
        if v0_type(consumer) not in V0_PADDED_TYPES:
            return f"{name} feeds {layer_name(consumer)}, which is no V0 layer of type conv or pool"
        if len(list(values_of(consumer.children, "bottom"))) != 1:
            return f"{name} feeds {layer_name(consumer)}, which reads other blobs too"
    return None


def _called(padding: Item) -> str:
    return f"padding layer {layer_name(padding)}".replace("layer a layer", "layer")


def _padded(consumer: Item, padding: Item, style: Style, comments: bool) -> Item:
    """A convolution or pooling layer that pads for itself."""
    inner, outer = v0_layer(consumer), v0_layer(padding)
    assert inner is not None and outer is not None
    [bottom] = values_of(padding.children, "bottom")
    pads = [item for item in outer.children if item.name == "pad"]
    pad = pads[-1] if pads else new_field("pad", bare("0"), style)
    value = last_value([pad], "pad")
    if not comments and value is not None:
        pad = new_field("pad", value.written, style, at=pad.at)
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
