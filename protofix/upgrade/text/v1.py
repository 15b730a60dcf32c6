"""V1 layers, `layers { type: RELU }`, to today's: `layer { type: "ReLU" }`.

What Caffe 1.0 does in UpgradeV1Net: the n-th values of `param`, `blob_share_mode`, `blobs_lr` and
`weight_decay` make the n-th `param` message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from caffe_proto import V1_TYPES, dialect_title, fork_type, forks_with_type
from protofix.textproto.draft import (
    Item,
    fits_on_one_line,
    new_message,
    placed,
    quoted,
    renamed,
    with_value,
)
from protofix.textproto.layout import Style
from protofix.upgrade.facts import PARAM_FIELDS
from protofix.upgrade.text.items import (
    Note,
    Upgraded,
    Value,
    last_value,
    layer_name,
    v0_layer,
    v1_type,
    value_as_field,
    values_of,
)


def upgrade_v1(items: Sequence[Item], style: Style) -> Upgraded:
    """Make today's layers of all V1 layers."""
    notes: list[Note] = []
    return Upgraded(tuple(_upgraded(item, style, notes) for item in items), tuple(notes))


def _upgraded(layer: Item, style: Style, notes: list[Note]) -> Item:
    if layer.name != "layers" or layer.items is None:
        return layer
    if v0_layer(layer) is not None:
        return layer
    children: list[Item] = []
    olds = [item for item in layer.items if item.name in PARAM_FIELDS and item.items is None]
    places = set(map(id, olds))
    params = _params(olds, style)
    value = last_value(layer.children, "type")
    for child in layer.children:
        if value is not None and child is value.item:
            children.append(_typed(layer, value, style, notes))
        elif id(child) in places:
            children += params if child is olds[0] else []
        else:
            children.append(child)
    return renamed(replace(layer, items=tuple(children)), "layer")


def _typed(layer: Item, value: Value, style: Style, notes: list[Note]) -> Item:
    # In quotes it is no V1 type, but people write it so, and what they mean is plain.
    written = value.scalar.value
    name = written if value.scalar.kind == "string" else v1_type(layer) or written
    if name in V1_TYPES:
        return with_value(value.item, quoted(V1_TYPES[name], style), value.number)
    if value.scalar.kind == "string":
        return value.item
    which = f"`{written}`, the type of {layer_name(layer)}, is none of the V1 format"
    forks = fork_type(name)
    if forks is not None:
        titles = " and ".join(map(dialect_title, forks_with_type(forks)))
        notes.append(Note(value.item.at, f"{which}, but `{forks}` of {titles}", False))
        return with_value(value.item, quoted(forks, style), value.number)
    near = get_close_matches(name, V1_TYPES, 1)
    right = f"did you mean {near[0]}?" if near else "write its type in quotes"
    notes.append(Note(value.item.at, f"{which}: left as it is; {right}", True))
    return value.item


def _params(olds: list[Item], style: Style) -> list[Item]:
    """The `param` messages of a layer, laid out to stand where the first of its old fields does."""
    if not olds:
        return []
    # What stands above the first of the old fields is to stay above the first message.
    bare = [replace(olds[0], lead=""), *olds[1:]]
    columns = {name: list(values_of(bare, name)) for name in PARAM_FIELDS}
    blocks: list[Item] = []
    for number in range(max(map(len, columns.values()))):
        fields = [
            value_as_field(values[number], PARAM_FIELDS[name], style)
            for name, values in columns.items()
            if number < len(values)
        ]
        blocks.append(placed(_block(fields, style), style, olds[0].indent))
    return [
        replace(block, lead=block.lead if n else olds[0].lead) for n, block in enumerate(blocks)
    ]


def _block(fields: list[Item], style: Style) -> Item:
    """A `param` message. A single comment behind its values goes behind a message on one line."""
    block = new_message("param", fields, style)
    behind = [field.trail for field in fields if field.trail]
    if len(behind) == 1 and not any(field.lead for field in fields):
        bare = new_message("param", [replace(field, trail="") for field in fields], style)
        if fits_on_one_line(bare, style):
            return replace(bare, trail=behind[0])
    return block
