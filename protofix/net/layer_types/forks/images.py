"""Blobs as images, and the fields of a fork: what the rules of forks' types have in common."""

from __future__ import annotations

from collections.abc import Iterable

from protofix.net.setup import Setup
from protofix.net.shapes import MOST_VALUES, Dim, Shape, differ, shape_text
from protofix.net.values import Values
from protofix.textproto.literals import parse_float

Image = tuple[Dim, Dim, Dim, Dim]
"""Number, channels, height and width of a blob."""

NUMBER, CHANNELS, HEIGHT, WIDTH = range(4)
_AXES = ("number", "channels", "height", "width")
_NOTHING_KNOWN: Image = (None, None, None, None)


def image_of(it: Setup, slot: int = 0) -> Image:
    """A bottom as an image: axes that it has not are 1, and more than four are refused.

    Caffe 1.0, Blob::LegacyShape, which stands behind `num()`, `channels()`, `height()`, `width()`.
    """
    shape = it.bottom(slot)
    if shape is not None and len(shape) > len(_AXES):
        it.refuse_shape(
            f"reads {it.called(slot)}, which is {shape_text(shape)}: it takes at most 4 axes "
            "(number, channels, height, width)",
            slot,
        )
    return image_from(shape)


def image_from(shape: Shape) -> Image:
    """The same of a shape; nothing is known of one with more axes."""
    if shape is None or len(shape) > len(_AXES):
        return _NOTHING_KNOWN
    one, two, three, four = (*shape, 1, 1, 1, 1)[: len(_AXES)]
    return one, two, three, four


def check_alike(
    it: Setup, images: tuple[Image, ...], slot: int, axes: Iterable[int], first: int = 0
) -> bool:
    """Whether a bottom is like the `first` along some axes; one that is not is refused."""
    unlike = [axis for axis in axes if differ(images[first][axis], images[slot][axis])]
    if not unlike:
        return True
    it.refuse_shape(
        f"reads {it.called(slot)}, which is {shape_text(it.bottom(slot))}, beside "
        f"{it.called(first)}, which is {shape_text(it.bottom(first))}: they must have the same "
        f"{_named(unlike)}",
        slot,
    )
    return False


def check_one(it: Setup, images: tuple[Image, ...], slot: int, axes: Iterable[int]) -> None:
    """Refuse a bottom that is more or less than 1 along some axes."""
    unlike = [axis for axis in axes if differ(images[slot][axis], 1)]
    if unlike:
        it.refuse_shape(
            f"reads {it.called(slot)}, which is {shape_text(it.bottom(slot))}: its "
            f"{_named(unlike)} must be 1",
            slot,
        )


def _named(axes: Iterable[int]) -> str:
    *others, last = (_AXES[axis] for axis in axes)
    return f"{', '.join(others)} and {last}" if others else last


def side_of(values: Values, name: str, default: Dim = None) -> Dim:
    """A whole number that is to be a side or a count; None for one that cannot be."""
    value = values.integer(name)
    if value is None:
        return default
    return value if 0 <= value <= MOST_VALUES else None


def reals(values: Values, name: str) -> list[float | None]:
    """All numbers of a repeated field; None for what is no number."""
    return [
        None if scalar.kind == "string" else parse_float(scalar.value)
        for scalar in values.scalars(name)
    ]


def has_only(values: Values, *names: str) -> bool:
    """Whether no other fields are written than these, which a fork has."""
    return all(node.name in names for node in values.fields)


def check_batch_size(it: Setup, values: Values, message: str) -> Dim:
    """The images that a data layer gives at a time, of which there must be some."""
    if not values.integer("batch_size"):
        at = values.field("batch_size")
        it.refuse(f"needs batch_size in {message}, how many images it gives at a time", at)
        return None
    return side_of(values, "batch_size")
