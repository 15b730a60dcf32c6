"""What looks wrong with an infogain matrix H, or is good to know before it trains a net."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.matrix.narrowing import narrowed, narrowing
from protofix.infogain.matrix.orientation import looks_transposed
from protofix.infogain.matrix.values import (
    Array,
    InfogainMatrix,
    MatrixError,
    check_matrix,
    shape_text,
)

Severity = Literal["error", "warning", "note"]

_NAMED = 3  # so many rows are named, more are counted
_FAR = 2.0  # a mean weight beyond this, or below its inverse, is told


@dataclass(frozen=True)
class Concern:
    """Something about H that a person should look at.

    Attributes:
        kind: size, finite, shape, zero-row, negative, diagonal, transposed, narrowed or scale.
        severity: an error makes Caffe abort, or what it computes no number; a warning is most
            likely not meant; a note is good to know.
        message: one line.

    """

    kind: str
    severity: Severity
    message: str


def concerns(matrix: InfogainMatrix | Array, classes: int | None = None) -> tuple[Concern, ...]:
    """Look at H for all that is likely wrong with it.

    Args:
        matrix: H as a file gives it, or L x L numbers.
        classes: the number of classes of the net; None where it is not known.

    Returns:
        What was found, in the order of `Concern.kind`; nothing for a matrix that is fine. One that
        is not square or not finite is looked at no further.

    """
    stored = matrix if isinstance(matrix, InfogainMatrix) else None
    values = np.asarray(matrix if stored is None else stored.values, dtype=np.float64)
    if values.ndim != 2 or len(values) == 0 or values.shape[0] != values.shape[1]:
        return (Concern("size", "error", f"{shape_text(values.shape)} is not L x L"),)
    found = list(_size(values, classes))
    try:
        check_matrix(values, None, "H")
    except MatrixError as error:
        return (*found, Concern("finite", "error", str(error).removeprefix("H: ")))
    if stored is not None:
        found += _shape(stored)
    for look in (_zero_rows, _negative, _diagonal, _transposed, _narrowed, _scale):
        found += look(values)
    return tuple(found)


def size_concern(values: Array, classes: int, whose: str = "the net") -> Concern | None:
    """What is wrong with H for something of so many classes; None if nothing is."""
    if len(values) == classes:
        return None
    return Concern(
        "size",
        "error",
        f"H is {shape_text(values.shape)}, and {whose} has {classes} classes:"
        f" it must be {classes} x {classes}",
    )


def _size(values: Array, classes: int | None) -> Iterator[Concern]:
    found = None if classes is None else size_concern(values, classes)
    if found is not None:
        yield found


def _shape(stored: InfogainMatrix) -> Iterator[Concern]:
    """Today's Caffe takes L * L numbers in any shape, the old one 1 x 1 x L x L only."""
    shape, square = stored.shape, (stored.classes, stored.classes)
    if shape[-2:] != square:
        message = (
            f"the file declares {shape_text(shape)}, which Caffe since April 2017 takes as"
            f" {shape_text(square)} and Caffe before refuses: it should be"
            f" {shape_text((1, 1, *square))}"
        )
        yield Concern("shape", "warning", message)
    elif stored.format == "binaryproto" and shape != (1, 1, *square):
        message = (
            f"the file declares {shape_text(shape)}; Caffe before April 2017 takes nothing but"
            f" {shape_text((1, 1, *square))}"
        )
        yield Concern("shape", "note", message)


def _zero_rows(values: Array) -> Iterator[Concern]:
    rows = np.flatnonzero(~values.any(axis=1))
    if len(rows) == len(values):
        yield Concern("zero-row", "warning", "every number is 0: nothing is learnt")
    elif rows.size:
        have = "are" if rows.size > 1 else "is"
        message = f"{_rows(rows)} {have} all 0: nothing is learnt from labels of that class"
        yield Concern("zero-row", "warning", message)


def _negative(values: Array) -> Iterator[Concern]:
    places = np.argwhere(values < 0)
    if len(places):
        row, column = (int(index) for index in places[0])
        count = "1 number is" if len(places) == 1 else f"{len(places)} numbers are"
        message = (
            f"{count} negative, first row {row}, column {column} (from 0),"
            f" {values[row, column]:g}: the loss falls as that class's probability goes to 0"
        )
        yield Concern("negative", "warning", message)


def _diagonal(values: Array) -> Iterator[Concern]:
    sizes = np.abs(values)
    own = sizes.diagonal()
    rest = sizes.sum(axis=1) - own
    # Sums of many numbers are not exact to the last bit.
    rows = np.flatnonzero(own < rest * (1 - 1e-9))
    if rows.size:
        row = int(rows[0])
        others = sizes[row].copy()
        others[row] = -1
        most = int(others.argmax())
        more = f"; column {most} alone has {others[most]:g}" if others[most] > own[row] else ""
        verb = "have" if rows.size > 1 else "has"
        message = (
            f"{_rows(rows)} {verb} less on the diagonal than in the rest: row {row} has"
            f" {own[row]:g} of {own[row] + rest[row]:g}{more}; that label teaches other classes"
            " more than its own"
        )
        yield Concern("diagonal", "warning", message)


def _transposed(values: Array) -> Iterator[Concern]:
    why = looks_transposed(values)
    if why:
        message = f"looks transposed: {why}; the row is the label, the column the predicted class"
        yield Concern("transposed", "warning", message)


def _narrowed(values: Array) -> Iterator[Concern]:
    lost = narrowing(values)
    if not lost.changed:
        return
    said = f"Caffe computes with float32: {lost}"
    if lost.zeros or lost.infinite:
        yield Concern("narrowed", "warning", said)
        return
    diagonal = values.diagonal()
    together = len(np.unique(diagonal)) - len(np.unique(narrowed(diagonal)))
    if together:
        said += f", and {together} of the diagonal's different numbers would be equal to others"
    yield Concern("narrowed", "warning" if together else "note", said)


def _scale(values: Array) -> Iterator[Concern]:
    sums = values.sum(axis=1)
    mean = float(sums.mean())
    if mean > 0 and not 1 / _FAR <= mean <= _FAR:
        message = (
            f"the rows sum to {mean:.3g} on average ({sums.min():.3g} to {sums.max():.3g}):"
            " with all classes equally frequent the gradients are as if the learning rate"
            f" were multiplied by {mean:.3g}"
        )
        yield Concern("scale", "note", message)


def _rows(rows: NDArray[np.intp]) -> str:
    """Name some rows: row 2; rows 2 and 5; rows 2, 5, 7 and 4 more."""
    numbers = [str(int(row)) for row in rows]
    if len(numbers) == 1:
        return f"row {numbers[0]} (from 0)"
    shown = numbers[:_NAMED] if len(numbers) > _NAMED else numbers[:-1]
    last = f"{len(numbers) - _NAMED} more" if len(numbers) > _NAMED else numbers[-1]
    return f"rows {', '.join(shown)} and {last} (from 0)"
