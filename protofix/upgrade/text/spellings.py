"""Deprecated spellings that Caffe 1.0 still reads, to today's: the same numbers, other fields.

`concat_dim` and `slice_dim` to `axis`, `normalize` of `loss_param` to `normalization`, the four
dimensions of DummyData to `shape`. Caffe's own upgrade leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from protofix.textproto.draft import Item
from protofix.textproto.layout import Style
from protofix.textproto.literals import parse_bool
from protofix.textproto.moving import bare, new_field, new_message, placed, renamed, with_value
from protofix.upgrade.text.reading import Value, last_value, value_as_field, values_of
from protofix.upgrade.text.step import Upgraded, same

_DIMS = ("num", "channels", "height", "width")


def upgrade_spellings(items: Sequence[Item], style: Style) -> Upgraded:
    """Write the parameters of every layer in today's words."""
    return Upgraded(tuple(_upgraded(item, style) for item in items))


def _upgraded(layer: Item, style: Style) -> Item:
    if layer.name not in ("layer", "layers") or layer.items is None:
        return layer
    items = tuple(
        _SPELLINGS[item.name](item, style)
        if item.name in _SPELLINGS and item.items is not None
        else item
        for item in layer.items
    )
    return layer if same(items, layer.items) else replace(layer, items=items)


def _axis(old: str) -> Callable[[Item, Style], Item]:
    def rewrite(param: Item, style: Style) -> Item:
        value = last_value(param.children, old)
        if value is None or last_value(param.children, "axis") is not None:
            return param  # Caffe refuses a layer that gives both.
        return _swapped(param, value.item, renamed(value.item, "axis"))

    return rewrite


def _normalization(param: Item, style: Style) -> Item:
    value = last_value(param.children, "normalize")
    if value is None or last_value(param.children, "normalization") is not None:
        return param
    mode = "VALID" if parse_bool(value.scalar.value) else "BATCH_SIZE"
    return _swapped(
        param,
        value.item,
        renamed(with_value(value.item, bare(mode), value.number), "normalization"),
    )


def _shape(param: Item, style: Style) -> Item:
    """One `shape` for each top: the n-th value of each dimension, or the only one for all."""
    columns = [list(values_of(param.children, name)) for name in _DIMS]
    count = max(map(len, columns))
    fits = all(len(column) in (1, count) for column in columns)
    if not count or not fits or any(item.name == "shape" for item in param.children):
        return param
    olds = [item for item in param.children if item.name in _DIMS]
    shapes = [
        placed(
            new_message(
                "shape",
                [_dim(column, n, style) for column in columns],
                style,
            ),
            style,
            olds[0].indent,
        )
        for n in range(count)
    ]
    items: list[Item] = []
    gone = set(map(id, olds))
    for item in param.children:
        if item is olds[0]:
            items += shapes
        elif id(item) not in gone:
            items.append(item)
    return replace(param, items=tuple(items))


def _dim(column: list[Value], number: int, style: Style) -> Item:
    """The n-th value of a dimension, or the only one, whose comments are said once."""
    if number < len(column):
        return value_as_field(column[number], "dim", style)
    return new_field("dim", column[-1].written, style)


def _swapped(message: Item, old: Item, new: Item) -> Item:
    items = tuple(new if item is old else item for item in message.children)
    return replace(message, items=items)


_SPELLINGS: dict[str, Callable[[Item, Style], Item]] = {
    "concat_param": _axis("concat_dim"),
    "slice_param": _axis("slice_dim"),
    "loss_param": _normalization,
    "dummy_data_param": _shape,
}
