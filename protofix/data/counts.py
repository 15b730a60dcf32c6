"""How often each class occurs in a data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """How often each class occurs.

    Attributes:
        counts: L numbers, how many labels are of each class; L ends with the largest class seen,
            or where it was asked to end.
        among: L numbers, how many labels (ignored ones left out) the items hold in which a class
            occurs; an item is an image. Median frequency balancing divides by these. For one label
            an image they say nothing, and are the counts.
        items: images or records seen.
        ignored: labels that were left out, being the one to ignore.
        maps: whether an item is a map of labels, not one.

    """

    counts: IntArray
    among: IntArray
    items: int
    ignored: int = 0
    maps: bool = False

    @property
    def classes(self) -> int:
        """L, the number of classes."""
        return len(self.counts)

    @property
    def total(self) -> int:
        """All labels that were counted."""
        return int(self.counts.sum())

    @property
    def absent(self) -> tuple[int, ...]:
        """The classes that never occur."""
        return tuple(int(index) for index in np.flatnonzero(self.counts == 0))

    def __add__(self, other: LabelCounts) -> LabelCounts:
        """Counts of both data sets together."""
        classes = max(self.classes, other.classes)
        return LabelCounts(
            _padded(self.counts, classes) + _padded(other.counts, classes),
            _padded(self.among, classes) + _padded(other.among, classes),
            self.items + other.items,
            self.ignored + other.ignored,
            self.maps or other.maps,
        )

    def of_classes(self, classes: int) -> LabelCounts:
        """The same with so many classes, those that are new having no labels.

        Raises:
            ValueError: a label is beyond them.

        """
        if classes < self.classes and self.counts[classes:].any():
            largest = int(np.flatnonzero(self.counts)[-1])
            raise ValueError(
                f"label {largest} occurs, and {classes} classes end with label {classes - 1}: "
                "give the number of classes, or the label to ignore"
            )
        return LabelCounts(
            _padded(self.counts[:classes], classes),
            _padded(self.among[:classes], classes),
            self.items,
            self.ignored,
            self.maps,
        )


NOTHING = LabelCounts(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
"""The counts of no data at all."""


def _padded(numbers: IntArray, length: int) -> IntArray:
    return np.concatenate([numbers, np.zeros(length - len(numbers), np.int64)])
