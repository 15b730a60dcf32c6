"""V0 layers, `layers { layer { ... } bottom top }`, to V1: `layers { ... }`.

What Caffe 1.0 does in UpgradeV0Net: padding layers are folded, and the parameters of the nested
layer move into the messages of their types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caffe_proto import V0_TYPES
from protofix.net.layers import PADDING
from protofix.textproto.draft import Item, all_comments, render_item
from protofix.textproto.layout import Style, comments_in
from protofix.textproto.moving import (
    appended,
    bare,
    commented,
    commented_below,
    new_message,
    placed,
    renamed,
    with_value,
)
from protofix.textproto.source import BLANKS
from protofix.upgrade.facts import V0_FIELDS, V0_LAYER_FIELDS
from protofix.upgrade.text.padding import fold_padding
from protofix.upgrade.text.reading import layer_name, messages_of, v0_layer, v0_type
from protofix.upgrade.text.step import Note, Upgraded


def upgrade_v0(items: Sequence[Item], style: Style) -> Upgraded:
    """Make V1 layers of all V0 layers."""
    folded = fold_padding(items, style)
    upgraded: list[Item] = []
    said = list(folded.notes)
    for item in folded.items:
        inner = v0_layer(item)
        if inner is None or len(messages_of(item.children, "layer")) > 1:
            upgraded.append(item)
            continue
        layer, notes = _unwrapped(item, inner, style)
        upgraded.append(layer)
        said += notes
    return Upgraded(tuple(upgraded), tuple(said))


def _unwrapped(layer: Item, inner: Item, style: Style) -> tuple[Item, list[Note]]:
    """A V0 layer with the fields of its nested layer where V1 has them."""
    indents = [child.indent for child in layer.children if child.indent is not None]
    indent = indents[0] if indents else None
    fields, left, notes = _moved(layer, inner, style)
    items: list[Item] = []
    carried: list[str] = []  # Comments that wait for the next item.
    given = {field.name for field in fields if field.name in ("name", "type")}
    for child in layer.children:
        if child.name in given:
            said = f"`{child.name}` of {layer_name(layer)} stands beside that of its nested layer"
            notes.append(Note(child.at, f"{said}, which counts: kept as a comment", True))
            carried += _as_comments(child)
            continue
        if child is not inner:
            items.append(commented(child, carried, style))
            carried = []
            continue
        carried += all_comments(replace(child, items=(), foot="", trail=""))
        for number, one in enumerate(fields):
            lead = "".join(comment + style.newline for comment in carried) if number == 0 else ""
            items.append(placed(replace(one, lead=lead + one.lead), style, indent))
        carried = [] if fields else carried
        carried += [*left, *comments_in(child.foot), *comments_in(child.trail)]
    whole = replace(layer, items=_merged(items, style))
    return commented_below(whole, carried, style), notes


def _moved(layer: Item, inner: Item, style: Style) -> tuple[list[Item], list[str], list[Note]]:
    """The fields of a nested layer as V1 has them, those without meaning as comments, and notes."""
    type_name = v0_type(layer)
    if type_name is None or type_name not in V0_TYPES:
        # What its fields are, nobody can tell. Of a padding layer it was told why it stays.
        which = f"`{type_name}`, the type of {layer_name(layer)}, is none of the V0 format"
        said = which if type_name is not None else f"{layer_name(layer)} has no type"
        notes = [Note(inner.at, f"{said}: left as it is, with its fields", True)]
        return list(inner.children), [], notes if type_name != PADDING else []
    fields: list[Item] = []
    groups: dict[str, list[Item]] = {}
    left: list[str] = []
    notes = []
    for item in inner.children:
        home = _home_of(item, type_name)
        if item.name == "type":
            fields.append(with_value(item, bare(V0_TYPES[type_name]), len(item.scalars) - 1))
        elif home is None:
            left += _as_comments(item)
            said = f"`{item.name}` of {layer_name(layer)} has no meaning for type `{type_name}`"
            notes.append(Note(item.at, f"{said}: kept as a comment", True))
        elif home == "":
            if item.name not in V0_FIELDS and item.name not in V0_LAYER_FIELDS:
                said = f"`{item.name}` of {layer_name(layer)} is no field of the V0 format"
                notes.append(Note(item.at, f"{said}: left as it is", True))
            fields.append(item)
        else:
            if home not in groups:
                groups[home] = []
                fields.append(new_message(home, (), style, at=item.at))
            groups[home].append(renamed(item, V0_FIELDS[item.name].name))
    gathered = [
        replace(item, items=tuple(groups[item.name])) if item.layout != "kept" else item
        for item in fields
    ]
    return gathered, left, notes


def _home_of(item: Item, type_name: str) -> str | None:
    """The message a field goes to, "" for the layer itself, None for a field without meaning."""
    known = V0_FIELDS.get(item.name)
    return "" if known is None else known.home(type_name)


def _as_comments(item: Item) -> list[str]:
    """A field as comment lines, with the comments it had."""
    body = render_item(replace(item, lead="", trail="")).split("\n")
    lines = [f"# {line.removeprefix(item.indent or '').rstrip(BLANKS)}" for line in body]
    behind = comments_in(item.trail)
    lines[-1] = "  ".join([lines[-1], *behind])
    return [*comments_in(item.lead), *lines]


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
