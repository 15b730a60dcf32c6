"""V1 layers, `layers { type: RELU }`, to today's: `layer { type: "ReLU" }`.

What Caffe 1.0 does in UpgradeV1Net: the n-th values of `param`, `blob_share_mode`, `blobs_lr` and
`weight_decay` make the n-th `param` message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caffe_proto import V1_TYPES, dialects_with_type
from protofix.net.names import known_by, nearest_type, type_of_v1_name
from protofix.textproto.draft import Item, all_comments
from protofix.textproto.layout import Style
from protofix.textproto.moving import (
    commented,
    commented_below,
    fits_on_one_line,
    new_message,
    placed,
    quoted,
    renamed,
    with_value,
)
from protofix.upgrade.facts import PARAM_FIELDS
from protofix.upgrade.text.data import data_param_of
from protofix.upgrade.text.reading import (
    Value,
    last_value,
    layer_name,
    messages_of,
    v1_type,
    value_as_field,
    values_of,
)
from protofix.upgrade.text.step import Note, Upgraded, same

_NO_TYPE = "NONE"


def upgrade_v1(items: Sequence[Item], style: Style) -> Upgraded:
    """Make today's layers of all V1 layers, and of today's that were made by hand in part."""
    notes: list[Note] = []
    return Upgraded(tuple(_upgraded(item, style, notes) for item in items), tuple(notes))


def _upgraded(layer: Item, style: Style, notes: list[Note]) -> Item:
    if layer.items is None or layer.name not in ("layers", "layer"):
        return layer
    said = _why_not_yet(layer)
    if said:
        notes.append(Note(layer.at, f"{layer_name(layer)} {said}", True))
        return layer
    children: list[Item] = []
    olds = [item for item in layer.items if item.name in PARAM_FIELDS and item.items is None]
    mixed = messages_of(layer.items, "param")
    if olds and mixed:
        said = f"`{olds[0].name}` of {layer_name(layer)} stands beside `param {{ }}`"
        notes.append(Note(olds[0].at, f"{said}: left as it is; keep one of them", True))
        olds = []
    places = set(map(id, olds))
    params = _params(olds, style)
    value = last_value(layer.children, "type")
    carried: list[str] = []  # Comments of what goes without a trace.
    for child in layer.children:
        if value is not None and child is value.item:
            child = _typed(layer, value, style, notes)
        elif id(child) in places:
            if params and child is olds[0]:
                children += [commented(params[0], carried, style), *params[1:]]
                carried = []
            if not child.scalars and (child is not olds[0] or not params):
                carried += all_comments(child)
            elif not child.scalars:
                carried += all_comments(replace(child, lead=""))
            continue
        children.append(commented(child, carried, style))
        carried = []
    if same(children, layer.items) and layer.name == "layer":
        return layer
    whole = commented_below(replace(layer, items=tuple(children)), carried, style)
    return renamed(whole, "layer")


def _why_not_yet(layer: Item) -> str | None:
    if messages_of(layer.children, "layer"):
        if layer.name == "layer":
            return "has a `layer` within itself, which nobody knows: left as it is"
        return "is a V0 layer: take the step v0 first"
    if data_param_of(layer) is not None:
        return "has transformation fields of V1: take the step data first"
    return None


def _typed(layer: Item, value: Value, style: Style, notes: list[Note]) -> Item:
    """The type of a layer as today's string; as it is if nobody knows what it means."""
    name = v1_type(layer) or ""
    if len(list(values_of(layer.children, "type"))) > 1:
        return value.item  # Caffe refuses it, which is said.
    if value.scalar.kind == "string" and V1_TYPES.get(name, name) == name:
        return value.item
    if name in V1_TYPES or name == _NO_TYPE:
        return with_value(value.item, quoted(V1_TYPES.get(name, ""), style), value.number)
    which = f"`{value.scalar.value}`, the type of {layer_name(layer)}, is none of the V1 format"
    known = type_of_v1_name(name)
    if known is not None:
        said = f"{which}: taken for `{known}` of {known_by(dialects_with_type(known))}"
        notes.append(Note(value.item.at, said, False))
        return with_value(value.item, quoted(known, style), value.number)
    near = nearest_type(name, V1_TYPES)
    right = f"did you mean {near}?" if near else "write its type in quotes"
    notes.append(Note(value.item.at, f"{which}: left as it is; {right}", True))
    return value.item


def _params(olds: list[Item], style: Style) -> list[Item]:
    """The `param` messages of a layer, laid out to stand where the first of its old fields does."""
    if not olds:
        return []
    # What stands above the first of the old fields is to stay above the first message.
    bare = [replace(olds[0], lead=""), *olds[1:]]
    columns = {name: list(values_of(bare, name)) for name in PARAM_FIELDS}
    rows = [
        [
            value_as_field(values[number], PARAM_FIELDS[name], style)
            for name, values in columns.items()
            if number < len(values)
        ]
        for number in range(max(map(len, columns.values())))
    ]
    blocks = [_on_one_line(fields, style) for fields in rows]
    if None in blocks:
        # Where one of them needs lines, its neighbours have lines too.
        blocks = [new_message("param", fields, style, "lines") for fields in rows]
    laid = [placed(block, style, olds[0].indent) for block in blocks if block is not None]
    return [replace(block, lead=block.lead if n else olds[0].lead) for n, block in enumerate(laid)]


def _on_one_line(fields: list[Item], style: Style) -> Item | None:
    """A `param` message on one line, a single comment behind its values then behind it.

    None if it has to stand on several.
    """
    behind = [field.trail for field in fields if field.trail]
    if len(behind) > 1 or any(field.lead for field in fields):
        return None
    block = new_message("param", [replace(field, trail="") for field in fields], style)
    return replace(block, trail="".join(behind)) if fits_on_one_line(block, style) else None
