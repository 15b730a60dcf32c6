"""Layers that give the same values another shape, or again: Reshape, Flatten and Split.

Facts from Caffe 1.0: reshape_layer.cpp, flatten_layer.cpp, split_layer.cpp.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from caffe_proto import named_dialects
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import (
    MOST_AXES,
    Dim,
    Shape,
    known_count,
    product,
    shape_text,
    values_text,
)
from protofix.net.values import Values
from protofix.textproto.literals import parse_integer
from protofix.textproto.tree import Scalar

# Made of Caffe before it refused this (alexgkendall/caffe-segnet and yjxiong/caffe).
_ANYTHING_IN_PLACE = named_dialects("segnet", "yjxiong")


class _Asked(NamedTuple):
    """One dim of `reshape_param.shape`: 0 copies the bottom's axis, -1 takes what is left."""

    dim: int
    at: Scalar


def refuse_empty(it: Setup) -> None:
    """Refuse a first bottom without values, of which Caffe has nothing that a top could share."""
    bottom = it.bottom()
    if bottom is not None and 0 in bottom:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}: it must have values", 0
        )


def _refuse_in_place(it: Setup) -> None:
    if it.layer.works_in_place() and it.dialect not in _ANYTHING_IN_PLACE:
        top = it.layer.tops[0]
        it.refuse(
            f"is a {it.layer.type}, which cannot work in place: give its top another name than "
            f"`{top.name}`",
            top,
        )


def _reshape(it: Setup) -> Made:
    _refuse_in_place(it)
    refuse_empty(it)
    values = it.values("reshape_param")
    if values.integer("pixelshuffler", 1) != 1:  # Intel's, which makes larger maps of fewer.
        return it.unknown()
    asked = [
        _Asked(parse_integer(scalar.value), scalar)
        for shape in values.messages("shape")
        for scalar in shape.scalars("dim")
        if scalar.kind == "integer"
    ]
    fit = _check_asked(it, asked)
    axis, axes = values.integer("axis", 0), values.integer("num_axes", -1)
    if axes < -1:
        it.refuse(
            f"has num_axes {axes}: give how many axes it replaces, or −1 for all",
            values.field("num_axes"),
        )
        return it.unknown()
    bottom = it.bottom()
    if bottom is None:
        whole = axis == 0 and axes == -1
        dims = tuple(dim if dim > 0 else None for dim, _ in asked)
        return Made((dims if whole else None,))
    span = _span(it, values, bottom)
    if span is None:
        return it.unknown()
    start, end = span
    middle = _replaced(it, bottom, start, asked)
    if fit and 0 not in bottom:
        middle = _fitted(it, values, bottom, span, asked, middle)
    return Made(((*bottom[:start], *middle, *bottom[end:]),))


def _check_asked(it: Setup, asked: list[_Asked]) -> bool:
    """Whether the dims are such as a shape can have."""
    inferred = [each for each in asked if each.dim == -1]
    negative = [each for each in asked if each.dim < -1]
    if len(inferred) > 1:
        it.refuse(
            f"has {len(inferred)} dims of −1: only one of them can follow from the rest",
            inferred[1].at,
        )
    for each in negative:
        it.refuse(
            f"has a dim of {each.dim}: it must be a count, 0 to copy the bottom's or −1 to follow "
            "from the rest",
            each.at,
        )
    return len(inferred) < 2 and not negative


def _span(it: Setup, values: Values, bottom: tuple[Dim, ...]) -> tuple[int, int] | None:
    """The axes of the bottom that are replaced: the first, and the one after the last."""
    rank = len(bottom)
    axis, axes = values.integer("axis", 0), values.integer("num_axes", -1)
    # Unlike elsewhere −1 is the place behind the last axis.
    start = axis if axis >= 0 else axis + rank + 1
    if not 0 <= start <= rank:
        it.refuse_shape(
            f"reshapes from axis {axis}, but {it.called()} is {shape_text(bottom)}: "
            f"it must be from −{rank + 1} to {rank}",
            values.field("axis"),
        )
        return None
    end = rank if axes == -1 else start + axes
    if end > rank:
        it.refuse_shape(
            f"replaces {_axes_text(axes)} from axis {start} on, but {it.called()} is "
            f"{shape_text(bottom)}: it has {rank - start or 'none'} there",
            values.field("num_axes"),
        )
        return None
    return start, end


def _replaced(
    it: Setup, bottom: tuple[Dim, ...], start: int, asked: list[_Asked]
) -> tuple[Dim, ...]:
    """The dims in the place of those replaced; −1, and what cannot be copied, is not known yet."""
    dims: list[Dim] = []
    for place, (dim, at) in enumerate(asked, start):
        if dim == 0 and place >= len(bottom):
            it.refuse_shape(
                f"has a dim of 0, which copies axis {place} of {it.called()}, but that is "
                f"{shape_text(bottom)}, with {_axes_text(len(bottom))}: give a count",
                at,
            )
            dims.append(None)
        else:
            dims.append(bottom[place] if dim == 0 else dim if dim > 0 else None)
    return tuple(dims)


def _fitted(
    it: Setup,
    values: Values,
    bottom: tuple[Dim, ...],
    span: tuple[int, int],
    asked: list[_Asked],
    middle: tuple[Dim, ...],
) -> tuple[Dim, ...]:
    """The new dims with −1 worked out, where they make as many values as the bottom has."""
    start, end = span
    copied = [place for place, each in enumerate(asked, start) if each.dim == 0]
    if any(place >= len(bottom) for place in copied):
        return middle
    # Axes that stay cancel out, the batch that nobody knows among them.
    kept = Counter([*range(start), *copied, *range(end, len(bottom))])
    had = [dim for place, dim in enumerate(bottom) if place not in kept]
    again = [bottom[place] for place, times in kept.items() for _ in range(times - 1)]
    made = product([*again, *(each.dim for each in asked if each.dim > 0)])
    inferred = next((place for place, each in enumerate(asked) if each.dim == -1), None)
    if inferred is None:
        if made is not None and not _can_hold(had, made):
            _refuse_counts(it, values, bottom, (*bottom[:start], *middle, *bottom[end:]))
            return (None,) * len(middle)
        return middle
    total = product(had)
    if total is None or made is None:
        return middle
    if total % made:
        makes = shape_text((*bottom[:start], *middle, *bottom[end:]))
        it.refuse_shape(
            f"makes {makes} of {it.called()}, which is {shape_text(bottom)}: "
            f"{values_text(total)} is not divisible by {values_text(made)}",
            asked[inferred].at,
        )
        return middle
    return (*middle[:inferred], total // made, *middle[inferred + 1 :])


def _can_hold(had: list[Dim], made: int) -> bool:
    """Whether dims, some of which may not be known, can have so many values."""
    total = product(had)
    if total is not None:
        return total == made
    known = known_count(tuple(had))
    return not known or made % known == 0


def _refuse_counts(it: Setup, values: Values, bottom: tuple[Dim, ...], top: Shape) -> None:
    at = values.field("shape")
    if at is None:
        it.refuse_shape(
            f"has no shape to give {it.called()}, which is {shape_text(bottom)}: "
            "write shape { dim: ... }"
        )
        return
    had, made = product(bottom), product(top or ())
    counts = "the counts of values cannot be the same"
    if had is not None and made is not None:
        counts = f"a count of {values_text(made)}, not {values_text(had)}"
    it.refuse_shape(
        f"makes {shape_text(top)} of {it.called()}, which is {shape_text(bottom)}: {counts}; "
        "let one dim be −1, which follows from the rest",
        at,
    )


def _axes_text(count: int) -> str:
    return f"{count or 'no'} {'axis' if count == 1 else 'axes'}"


def _flatten(it: Setup) -> Made:
    _refuse_in_place(it)
    values = it.values("flatten_param")
    first, last = values.integer("axis", 1), values.integer("end_axis", -1)
    bottom = it.bottom()
    if bottom is None:
        # All axes from one on in one, whatever comes in.
        return Made(((None,) * (first + 1) if last == -1 and 0 <= first < MOST_AXES else None,))
    start = it.axis(first, values.field("axis"))
    end = None if start is None else it.axis(last, values.field("end_axis"))
    if start is None or end is None:
        return it.unknown()
    # An end just before the start is an axis of 1 put in between; Caffe takes it.
    if end < start - 1:
        it.refuse_shape(
            f"flattens {it.called()}, which is {shape_text(bottom)}, from axis {start} to "
            f"end_axis {end}: the end must not come before the start",
            values.field("end_axis", "axis"),
        )
        return it.unknown()
    return Made(((*bottom[:start], product(bottom[start : end + 1]), *bottom[end + 1 :]),))


def _split(it: Setup) -> Made:
    _refuse_in_place(it)
    return Made((it.bottom(),) * len(it.layer.tops))


RULES: Mapping[str, Rule] = {"Flatten": _flatten, "Reshape": _reshape, "Split": _split}
