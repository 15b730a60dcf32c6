"""Layers that take parts of a blob, or repeat them: Slice, Crop, Tile and BatchReindex.

Facts from Caffe 1.0: slice_layer.cpp, crop_layer.cpp, tile_layer.cpp, batch_reindex_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.combining import axis_or_dim
from protofix.net.layer_types.reshaping import refuse_empty
from protofix.net.names import counted
from protofix.net.setup import Emptied, Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, known_count, shape_text
from protofix.net.values import Values
from protofix.textproto.tree import Node


def _slice(it: Setup) -> Made:
    values = it.values("slice_param")
    at = axis_or_dim(it, values, "slice_dim")
    bottom = it.bottom()
    size = bottom[at] if bottom is not None and at is not None else None
    points = values.integers("slice_point")
    if len(it.layer.tops) == 1:
        refuse_empty(it)
    parts = _cut(it, values, points, at, size) if points else _shared_out(it, at, size)
    if bottom is None or at is None:
        return it.unknown()
    tops: tuple[Shape, ...] = tuple((*bottom[:at], part, *bottom[at + 1 :]) for part in parts)
    if it.layer.works_in_place() and any(known_count(top) for top in tops[1:]):
        top = it.layer.tops[0]
        it.refuse(
            f"cuts {it.called()} into {len(tops)} tops, of which the first is in place: "
            f"give it another name than `{top.name}`",
            top,
        )
    return Made(tops, emptied=_cut_at_the_end(it, values, at))


def _cut_at_the_end(it: Setup, values: Values, axis: int | None) -> Emptied | None:
    """The last part may be of nothing, where the last `slice_point` is the end of the axis."""
    points, places = values.integers("slice_point"), values.scalars("slice_point")
    if not points:
        return None
    why = (
        f"slice_point {points[-1]} is where axis {axis} of {it.called()}, "
        f"{shape_text(it.bottom())}, ends: cut before it, or take that part away"
    )
    return Emptied(why, places[-1])


def _cut(
    it: Setup, values: Values, points: tuple[int, ...], axis: int | None, size: Dim
) -> tuple[Dim, ...]:
    """The lengths of the parts that `slice_point` makes."""
    count = len(it.layer.tops)
    unknown: tuple[Dim, ...] = (None,) * count
    places = [each for each in values.scalars("slice_point") if each.kind == "integer"]
    if len(points) != count - 1:
        it.refuse(
            f"has {len(points)} slice_point and {counted(count, 'top')}: "
            f"write {count - 1 or 'none'}, one fewer than its tops",
            places[-1],
        )
        return unknown
    starts = (0, *points[:-1])
    for start, end, at in zip(starts, points, places, strict=True):
        if end <= start:
            before = f"after {start}" if start else "at the start"
            it.refuse(
                f"has slice_point {end} {before}, which leaves an empty part: each must be greater "
                "than the one before",
                at,
            )
            return unknown
    if size is not None and (points[-1] > size or count > size):
        it.refuse_shape(
            f"cuts {it.called()}, which is {shape_text(it.bottom())}, into {count} parts, the last "
            f"from {points[-1]} of axis {axis}: that axis is {size} long",
            places[-1],
        )
        return unknown
    inner = (end - start for start, end in zip(starts, points, strict=True))
    return (*inner, None if size is None else size - points[-1])


def _shared_out(it: Setup, axis: int | None, size: Dim) -> tuple[Dim, ...]:
    """The lengths of the parts that are all the same."""
    count = len(it.layer.tops)
    if size is not None and size % count:
        it.refuse_shape(
            f"cuts {it.called()}, which is {shape_text(it.bottom())}, into {count} equal parts "
            f"along axis {axis}: {size} is not divisible by {count}; say where by slice_point",
            it.layer.tops[-1],
        )
        return (None,) * count
    return (None if size is None else size // count,) * count


def _crop(it: Setup) -> Made:
    values = it.values("crop_param")
    at = it.axis(values.integer("axis", 2), values.field("axis"))
    bottom, like = it.bottom(), it.bottom(1)
    if bottom is None or at is None:
        return it.unknown()
    rank = len(bottom)
    written = values.integers("offset")
    offsets: tuple[Dim, ...] = written or (0,)
    if len(offsets) == 1:
        offsets *= rank - at
    elif len(offsets) != rank - at:
        it.refuse_shape(
            f"has {len(offsets)} offset, but {it.called()} is {shape_text(bottom)}, of which it "
            f"crops {rank - at} axes from axis {at} on: write one for all, or one for each",
            values.field("offset"),
        )
        offsets = (None,) * (rank - at)
    if like is not None and len(like) < rank:
        it.refuse_shape(
            f"crops {it.called()}, which is {shape_text(bottom)}, to {it.called(1)}, which is "
            f"{shape_text(like)}: that needs at least {rank} axes",
            1,
        )
        like = None
    sizes = (None,) * (rank - at) if like is None else like[at:rank]
    return Made(((*bottom[:at], *_cropped(it, values, at, sizes, offsets)),))


def _cropped(
    it: Setup, values: Values, at: int, sizes: tuple[Dim, ...], offsets: tuple[Dim, ...]
) -> tuple[Dim, ...]:
    """The sides of what is cropped, from axis `at` on; unknown where it does not fit."""
    bottom = it.bottom() or ()
    sides: list[Dim] = []
    outside: list[int] = []
    for axis, (had, side, offset) in enumerate(
        zip(bottom[at:], sizes, offsets, strict=True), start=at
    ):
        if had is not None and side is not None and offset is not None and had - offset < side:
            outside.append(axis)
            side = None
        sides.append(side)
    if outside:
        axis = outside[0]
        offset = offsets[axis - at]
        place: Node | int | None = values.field("offset") if offset else 1
        wants = f"{sizes[axis - at]}, from {offset} on," if offset else sizes[axis - at]
        it.refuse_shape(
            f"crops {it.called()}, which is {shape_text(bottom)}, to {it.called(1)}, which is "
            f"{shape_text(it.bottom(1))}: {wants} is more than {bottom[axis]} along axis {axis}",
            place,
        )
    return tuple(sides)


def _tile(it: Setup) -> Made:
    values = it.values("tile_param")
    at = it.axis(values.integer("axis", 1), values.field("axis"))
    tiles, field = values.integer("tiles"), values.field("tiles")
    if field is None:
        it.refuse("needs tiles, how many times it repeats what it reads")
    elif tiles is not None and tiles < 1:
        it.refuse(f"has tiles {tiles}: it must be at least 1", field)
        tiles = None
    bottom = it.bottom()
    if bottom is None or at is None:
        return it.unknown()
    size = bottom[at]
    tiled = None if size is None or tiles is None else size * tiles
    return Made(((*bottom[:at], tiled, *bottom[at + 1 :]),))


def _batch_reindex(it: Setup) -> Made:
    bottom, index = it.bottom(), it.bottom(1)
    number: Dim = None
    if index is not None and len(index) != 1:
        it.refuse_shape(
            f"takes its items by {it.called(1)}, which is {shape_text(index)}: it must have one "
            "axis, with the number of an item in each place",
            1,
        )
    elif index is not None:
        number = index[0]
    if bottom is None:
        return it.unknown()
    if not bottom:
        it.refuse_later(f"takes items of {it.called()}, a single value, without axes", 0)
        return it.unknown()
    return Made(((number, *bottom[1:]),))


RULES: Mapping[str, Rule] = {
    "BatchReindex": _batch_reindex,
    "Crop": _crop,
    "Slice": _slice,
    "Tile": _tile,
}
