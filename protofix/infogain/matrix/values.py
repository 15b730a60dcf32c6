"""The infogain matrix H itself: what it must be, and the error that says it is not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from protofix.infogain.matrix.names import DType, Format

Array = NDArray[np.float64]
PathLike = str | os.PathLike[str]


class MatrixError(ValueError):
    """One line about a matrix: where, what is wrong, what would be right."""


@dataclass(frozen=True, eq=False)
class InfogainMatrix:
    """H as a file gives it.

    Attributes:
        values: L x L, float64, read-only; row = the label, column = the predicted class.
        shape: as the file declares it. Old Caffe wants exactly 1 x 1 x L x L, today's any.
        format: "binaryproto", "npy", "csv", "hdf5", "lmdb" or "leveldb"; a layer's `source` can
            only be the first.
        path: the file, or the folder of a database.
        dtype: what the file holds its numbers in. Text, whole numbers and wider ones count as
            float64, narrower ones as float32.
        dataset: its name in an HDF5 file.

    """

    values: Array
    shape: tuple[int, ...]
    format: Format
    path: Path
    dtype: DType = "float64"
    dataset: str | None = None

    @property
    def classes(self) -> int:
        """L, the number of classes."""
        return len(self.values)


class NotFiniteError(MatrixError):
    """A number of a matrix is infinite, or none at all."""


class SeveralError(MatrixError):
    """There are several matrices where one is meant."""


def check_matrix(
    values: ArrayLike, classes: int | None = None, where: str = "infogain matrix H"
) -> None:
    """Check that `values` is L x L, finite, and of the net's number of classes.

    Args:
        values: the matrix.
        classes: the number of classes of the net; None where it is not known.
        where: what the error names as the place, for instance a path.

    Raises:
        MatrixError: it is not; one line. `NotFiniteError` if a number is not finite.

    """
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise MatrixError(f"{where}: not numbers in equal rows, give L rows of L numbers") from None
    size = "L x L" if classes is None else f"{classes} x {classes}"
    if matrix.size == 0:
        raise MatrixError(f"{where}: no numbers, it must be {size}")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise MatrixError(f"{where}: {shape_text(matrix.shape)} is not square, it must be {size}")
    if classes is not None and matrix.shape[0] != classes:
        raise MatrixError(
            f"{where}: {shape_text(matrix.shape)} for a net of {classes} classes, it must be {size}"
        )
    finite = np.isfinite(matrix)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise NotFiniteError(
            f"{where}: row {row}, column {column} (from 0) is {matrix[row, column]},"
            f" every number must be finite"
        )


def path_text(path: PathLike) -> str:
    """Write a path so that it stays on one line."""
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape as the field does: 1 x 1 x 3 x 3."""
    return " x ".join(map(str, shape)) if shape else "a single number"
