"""What becomes of H in float32, with which Caffe computes and which some forms can only hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.matrix.values import Array


@dataclass(frozen=True)
class Narrowing:
    """What would change if each number became the nearest float32.

    Attributes:
        numbers: how many there are.
        changed: how many are no float32; the next two are among them.
        zeros: how many would become 0.
        infinite: how many are beyond float32's largest, 3.4e38.
        largest: the largest change of the others, as a share of the number.

    """

    numbers: int
    changed: int
    zeros: int
    infinite: int
    largest: float

    def __str__(self) -> str:
        """Say it in words: 4 of 9 numbers are no float32: changed by up to 3e-08 of themselves."""
        are, they = ("is", "itself") if self.changed == 1 else ("are", "themselves")
        parts = []
        if self.changed > self.zeros + self.infinite:
            parts.append(f"changed by up to {self.largest:.1g} of {they}")
        if self.zeros:
            parts.append(f"{self.zeros} to 0")
        if self.infinite:
            parts.append(f"{self.infinite} to infinity")
        return f"{self.changed} of {self.numbers} numbers {are} no float32: {', '.join(parts)}"


def narrowed(values: Array) -> NDArray[np.float32]:
    """The nearest float32 to each number (ties to even); infinite beyond the largest."""
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(np.float32)


def narrowing(values: Array) -> Narrowing:
    """What float32 would change of finite numbers."""
    narrow = narrowed(values).astype(np.float64)
    changed = narrow != values
    infinite = ~np.isfinite(narrow)
    zeros = changed & (narrow == 0)
    others = changed & ~zeros & ~infinite
    shares = np.abs((narrow[others] - values[others]) / values[others])
    return Narrowing(
        numbers=values.size,
        changed=int(changed.sum()),
        zeros=int(zeros.sum()),
        infinite=int(infinite.sum()),
        largest=float(shares.max(initial=0.0)),
    )
