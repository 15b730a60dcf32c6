"""BatchNorm layers that declare learning rates for their three statistics.

What Caffe 1.0 does in UpgradeNetBatchNorm: mean, variance and their weight are no parameters that a
solver may touch, so each of three `param` gets lr_mult 0 and decay_mult 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protofix.net.parameters import BATCH_NORM_STATISTICS
from protofix.textproto.draft import Item
from protofix.textproto.layout import Style
from protofix.textproto.literals import parse_float
from protofix.textproto.moving import appended, bare, new_field, with_value
from protofix.upgrade.text.reading import last_value, messages_of
from protofix.upgrade.text.step import Upgraded, same


def upgrade_batch_norm(items: Sequence[Item], style: Style) -> Upgraded:
    """Set the rates of every BatchNorm layer that has three `param` messages."""
    return Upgraded(tuple(_upgraded(item, style) for item in items))


def _upgraded(layer: Item, style: Style) -> Item:
    if layer.name != "layer" or layer.items is None:
        return layer
    type_value = last_value(layer.items, "type")
    if type_value is None or type_value.scalar.value != "BatchNorm":
        return layer
    params = messages_of(layer.items, "param")
    if len(params) != BATCH_NORM_STATISTICS:
        return layer
    fixed = [_fixed(child, style) if child.name == "param" else child for child in layer.items]
    return layer if same(fixed, layer.items) else replace(layer, items=tuple(fixed))


def _fixed(param: Item, style: Style) -> Item:
    for name in ("lr_mult", "decay_mult"):
        value = last_value(param.children, name)
        if value is None:
            param = appended(param, new_field(name, bare("0"), style), style)
        elif parse_float(value.scalar.value) != 0:
            zero = with_value(value.item, bare("0"), value.number)
            items = [zero if child is value.item else child for child in param.children]
            param = replace(param, items=tuple(items))
    return param
