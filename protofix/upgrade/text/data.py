"""Transformation fields of V1 data layers, into `transform_param`.

What Caffe 1.0 does in UpgradeNetDataTransformation, for Data, ImageData and WindowData layers of
the V1 format. A field of today's `layer` is not moved: Caffe does not read it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protofix.textproto.draft import Item, appended, new_message, placed, removed
from protofix.textproto.layout import Style
from protofix.upgrade.facts import TRANSFORM_FIELDS, TRANSFORMED_TYPES
from protofix.upgrade.text.items import Upgraded, messages_of, v1_type


def upgrade_data(items: Sequence[Item], style: Style) -> Upgraded:
    """Move the fields of every data layer that has them."""
    return Upgraded(tuple(_upgraded(item, style) for item in items))


def _upgraded(layer: Item, style: Style) -> Item:
    home = TRANSFORMED_TYPES.get(v1_type(layer) or "") if layer.name == "layers" else None
    found = messages_of(layer.children, home) if home else []
    if not found:
        return layer
    param = found[-1]
    fields = [item for item in param.children if item.name in TRANSFORM_FIELDS]
    if not fields:
        return layer
    rest = removed(param, fields)
    transform = messages_of(layer.children, "transform_param")
    if transform:
        # As in Caffe, what the data layer says itself counts more.
        names = {field.name for field in fields}
        beaten = [item for item in transform[-1].children if item.name in names]
        whole = removed(transform[-1], beaten)
        for field in fields:
            whole = appended(whole, field, style)
    else:
        whole = new_message("transform_param", fields, style, at=param.at)
    new: list[Item] = []
    for child in layer.children:
        if child is param:
            if not transform:
                new.append(placed(whole, style, param.indent))
            new.append(rest)
        else:
            new.append(whole if transform and child is transform[-1] else child)
    return replace(layer, items=tuple(new))
