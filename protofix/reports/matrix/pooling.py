"""A large matrix made small enough to be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pooled:
    """A square matrix in cells.

    Attributes:
        cells: square; each is the number farthest from 0 of those that it stands for, so that a
            diagonal stays what it is.
        step: each stands for step x step numbers; the last of a row or a column for fewer.

    """

    cells: Array
    step: int

    @property
    def said(self) -> str:
        """How it was made, in words; "" if it is the matrix itself."""
        if self.step == 1:
            return ""
        return f"a cell stands for {self.step} × {self.step} numbers, and shows the farthest from 0"


def pooled(values: Array, most: int) -> Pooled:
    """Make a square matrix of at most so many rows and columns."""
    step = -(-len(values) // max(most, 1))
    if step == 1:
        return Pooled(values, 1)
    starts = np.arange(0, len(values), step)
    above = np.maximum.reduceat(np.maximum.reduceat(values, starts, axis=0), starts, axis=1)
    below = np.minimum.reduceat(np.minimum.reduceat(values, starts, axis=0), starts, axis=1)
    return Pooled(np.where(above >= -below, above, below), step)
