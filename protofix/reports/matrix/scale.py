"""What the colours of a drawn matrix stand for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_WIDE = 20.0  # largest over smallest number, from which on a scale is logarithmic
_MOST_DECADES = 4
_APART = 1.6  # of two marks on a logarithmic scale
_FIRST = 0.1  # of a logarithmic scale, the place of its first number; 0 alone is below it


@dataclass(frozen=True)
class Scale:
    """A scale from 0 to 1 for numbers from 0, or about 0 where some are negative.

    Attributes:
        most: the largest number, and its negative the smallest if the scale is symmetric.
        least: where the logarithmic scale begins, numbers nearer to 0 looking alike; None if the
            scale is linear.
        symmetric: whether 0 is in the middle.

    """

    most: float
    least: float | None
    symmetric: bool

    def place(self, numbers: ArrayLike) -> Array:
        """Where numbers are on the scale, from 0 to 1; the shape of `numbers`."""
        signed = np.asarray(numbers, np.float64)
        sizes = np.clip(np.abs(signed) / self.most, 0, 1)
        if self.least is not None:
            start = self.least / self.most
            risen = 1 - np.log(np.maximum(sizes, start)) / np.log(start)
            sizes = np.where(sizes > 0, _FIRST + (1 - _FIRST) * risen, 0.0)
        return 0.5 + np.sign(signed) * sizes / 2 if self.symmetric else sizes

    def number(self, place: float) -> float:
        """The number at a place of the scale."""
        size = abs(2 * place - 1) if self.symmetric else place
        if self.least is not None and size:
            risen = max(0.0, (size - _FIRST) / (1 - _FIRST))
            size = float((self.least / self.most) ** (1 - risen))
        return -self.most * size if self.symmetric and place < 0.5 else self.most * size

    @property
    def marks(self) -> list[float]:
        """Numbers to write beside the scale, rising: its ends and those between that are round."""
        if self.least is None:
            return [self.number(place) for place in (0, 0.25, 0.5, 0.75, 1)]
        powers = range(math.ceil(math.log10(self.least)), math.floor(math.log10(self.most)) + 1)
        # One beside the end would stand in its place.
        rising = [10.0**power for power in powers if 10.0**power * _APART < self.most]
        rising.append(self.most)
        falling = [-number for number in reversed(rising)] if self.symmetric else []
        return [*falling, 0.0, *rising]

    @property
    def said(self) -> str:
        """What is to be known of it, in words; "" if it is linear."""
        if self.least is None:
            return ""
        return f"logarithmic scale from {self.least:.2g} on"


def scale_of(values: Array) -> Scale:
    """The scale for a matrix: logarithmic if its numbers other than 0 are of very unlike size."""
    sizes = np.abs(values)
    most = float(sizes.max())
    if most == 0:
        return Scale(1.0, None, False)
    smallest = float(sizes[sizes > 0].min())
    least = max(smallest, most * 10.0**-_MOST_DECADES) if smallest * _WIDE < most else None
    return Scale(most, least, bool(values.min() < 0))
