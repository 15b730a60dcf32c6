"""Counting labels, a record or a map at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from protofix.data.bytes import UnreadableError
from protofix.data.counts import IntArray, LabelCounts

MOST_CLASSES = 1 << 20
"""Labels from here on are no classes of a net."""

_FEW = 1 << 15  # numbers below which numpy's own way is the fastest
_LONG_RUN = 16  # equal neighbours, on average, from which on counting runs is faster


class Tally:
    """Counts that grow, in memory that goes with the classes, not with the labels.

    With `classes` larger labels are refused.
    """

    def __init__(
        self, ignore_label: int | None = None, maps: bool = False, classes: int | None = None
    ) -> None:
        self.ignore_label = ignore_label
        self.maps = maps
        self.limit = MOST_CLASSES if classes is None else min(classes, MOST_CLASSES)
        self.items = 0
        self._ignored = 0
        self._counts: IntArray = np.zeros(0, np.int64)
        self._among: IntArray = np.zeros(0, np.int64)

    def first_refused(self, labels: IntArray) -> int | None:
        """The place of the first label that is none, if there is one."""
        refused = (labels < 0) | (labels >= self.limit)
        if self.ignore_label is not None:
            refused &= labels != self.ignore_label
        return int(refused.argmax()) if refused.any() else None

    def add_labels(self, labels: IntArray) -> None:
        """Count N labels, one an item. Raises `UnreadableError` for one that is none."""
        index = self.first_refused(labels)
        if index is not None:
            raise UnreadableError(self.refusal_of(int(labels[index])))
        self._add(self._kept(labels))
        self.items += len(labels)

    def add_map(self, values: NDArray[Any]) -> None:
        """Count an item's labels, of any shape. Raises `UnreadableError` if any is none."""
        labels = np.ascontiguousarray(values).reshape(-1)
        if labels.dtype.kind == "f":
            labels = _whole(labels)
        if labels.dtype not in (np.uint8, np.uint16):
            # Whatever whole numbers they are, in those of the machine.
            labels = labels.astype(np.int64, copy=False)
            index = self.first_refused(labels)
            if index is not None:
                raise UnreadableError(self.refusal_of(int(labels[index])))
            labels = self._kept(labels)
        self._add(labels)
        self.items += 1

    def refusal_of(self, label: int) -> str:
        """Why a number is no label, and what would be right."""
        if label < 0:
            return (
                f"label {label} is negative: labels count from 0; or give it as the one to ignore"
            )
        if self.limit < MOST_CLASSES:
            return (
                f"label {label}, and {self.limit:,} classes end with label {self.limit - 1:,}: "
                "give the number of classes, or the label to ignore"
            )
        return f"label {label} is no class: labels end below {MOST_CLASSES:,}"

    def counts(self) -> LabelCounts:
        """What was counted so far; it ends with the largest class seen."""
        seen = np.flatnonzero(self._counts)
        classes = int(seen[-1]) + 1 if len(seen) else 0
        counts = self._counts[:classes].copy()
        among = self._among[:classes].copy() if self.maps else counts.copy()
        return LabelCounts(counts, among, self.items, self._ignored, self.maps)

    def _kept(self, labels: IntArray) -> IntArray:
        """The labels that are not to be ignored; the others are counted."""
        if self.ignore_label is None:
            return labels
        kept: IntArray = labels[labels != self.ignore_label]
        self._ignored += len(labels) - len(kept)
        return kept

    def _add(self, labels: NDArray[Any]) -> None:
        found = occurrences(labels)
        ignored = self.ignore_label
        if ignored is not None and 0 <= ignored < len(found):
            self._ignored += int(found[ignored])
            found[ignored] = 0
        beyond = np.flatnonzero(found[self.limit :])
        if len(beyond):
            raise UnreadableError(self.refusal_of(self.limit + int(beyond[0])))
        if len(found) > len(self._counts):
            new = np.zeros(len(found) - len(self._counts), np.int64)
            self._counts = np.concatenate([self._counts, new])
            self._among = np.concatenate([self._among, new])
        self._counts[: len(found)] += found
        if self.maps:
            self._among[: len(found)][found > 0] += found.sum()


def occurrences(labels: NDArray[Any]) -> IntArray:
    """How often each number occurs among N whole ones that are not negative.

    Maps have long runs of one label, which are counted as such: for 2 million bytes that takes
    less than a millisecond. Bytes without runs are counted in pairs.
    """
    if len(labels) < _FEW:
        return np.bincount(labels)
    changes = labels[1:] != labels[:-1]
    if np.count_nonzero(changes) * _LONG_RUN < len(labels):
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        lengths = np.diff(starts, append=len(labels))
        # Sums of doubles are exact up to 2**53.
        return np.bincount(labels[starts], lengths).astype(np.int64)
    if labels.dtype != np.uint8:
        return np.bincount(labels)
    even = len(labels) & ~1
    pairs = np.bincount(labels[:even].view(np.uint16), minlength=1 << 16).reshape(256, 256)
    counts: IntArray = pairs.sum(0) + pairs.sum(1)
    if even < len(labels):
        counts[labels[even]] += 1
    return counts


def _whole(numbers: NDArray[Any]) -> IntArray:
    """Numbers with a point as whole ones. Raises `UnreadableError` if one is not whole."""
    odd = ~(np.isfinite(numbers) & (numbers == np.floor(numbers)))
    if odd.any():
        raise UnreadableError(f"label {numbers[odd.argmax()]:g} is no whole number")
    # What no class can be stays so.
    labels: IntArray = np.clip(numbers, -(2.0**40), 2.0**40).astype(np.int64)
    return labels
