"""Shapes of blobs, in which a dimension or the whole shape may be unknown.

A dimension that depends on data is None, and so is a shape whose very rank is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

Dim = int | None
Shape = tuple[Dim, ...] | None
Shapes = tuple[Shape, ...]

MOST_AXES = 32
"""Axes of a blob (Caffe 1.0, kMaxBlobAxes)."""

MOST_VALUES = 2**31 - 1
"""Values of a blob, which Caffe counts in a signed integer of 32 bits."""


def canonical_axis(axis: int, rank: int) -> int | None:
    """Index of an axis counted from the front, or None if the blob has no such axis."""
    index = axis + rank if axis < 0 else axis
    return index if 0 <= index < rank else None


def class_count(shape: Shape, axis: int) -> int | None:
    """Length of a blob along an axis that may count from the end, where it is known."""
    if shape is None:
        return None
    index = canonical_axis(axis, len(shape))
    return None if index is None else shape[index]


def product(dims: Iterable[Dim]) -> Dim:
    """How many values so many dimensions make; None if one of them is not known."""
    total = 1
    for dim in dims:
        if dim is None:
            return None
        total *= dim
    return total


def count(shape: Shape, start: int = 0, end: int | None = None) -> Dim:
    """How many values a blob has, or those of its axes from `start` to before `end`."""
    return None if shape is None else product(shape[start:end])


def differ(one: Dim, other: Dim) -> bool:
    """Whether two dimensions are known, and not the same."""
    return one is not None and other is not None and one != other


def shapes_differ(one: Shape, other: Shape) -> bool:
    """Whether two shapes cannot be the same, whatever is not known of them."""
    if one is None or other is None:
        return False
    return len(one) != len(other) or any(map(differ, one, other))


def is_possible(shape: tuple[int, ...]) -> bool:
    """Whether a blob can have that shape."""
    fits = len(shape) <= MOST_AXES and math.prod(shape) <= MOST_VALUES
    return fits and all(dim >= 0 for dim in shape)


def is_known(shape: Shape) -> bool:
    """Whether every dimension is."""
    return shape is not None and None not in shape


def merged(one: Shape, other: Shape) -> Shape:
    """What is known of a blob by either of two shapes that do not differ."""
    if one is None or other is None or len(one) != len(other):
        return other if one is None else one
    return tuple(b if a is None else a for a, b in zip(one, other, strict=True))


def shape_text(shape: Shape) -> str:
    """A shape for people: "2 × 3 × ? × 227", "a single value", "an unknown shape"."""
    if shape is None:
        return "an unknown shape"
    return " × ".join("?" if dim is None else str(dim) for dim in shape) or "a single value"


def values_text(count: int) -> str:
    """A count of values for people, however large."""
    return f"{count:,}" if abs(count) <= MOST_VALUES else f"more than {MOST_VALUES:,}"


def known_count(shape: Shape) -> int | None:
    """The product of those dimensions that are known; None if the rank is not."""
    return None if shape is None else math.prod(dim for dim in shape if dim is not None)
