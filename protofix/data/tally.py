"""Counting labels: a record or a map at a time, or an array of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protofix.data.bytes import UnreadableError
from protofix.data.counts import IntArray, LabelCounts
from protofix.data.label_rules import LabelFault, LabelRules, Labels

_FEW = 1 << 15  # numbers below which numpy's own way is the fastest
_LONG_RUN = 16  # equal neighbours, on average, from which on counting runs is faster


class Tally:
    """Counts that grow, in memory that goes with the classes, not with the labels.

    What the `rules` say is no label is refused.
    """

    def __init__(self, rules: LabelRules, maps: bool = False) -> None:
        self.rules = rules
        self.maps = maps
        self.items = 0
        self._ignored = 0
        self._counts: IntArray = np.zeros(0, np.int64)
        self._among: IntArray = np.zeros(0, np.int64)

    def add_labels(self, labels: IntArray) -> None:
        """Count N labels, one an item. Raises `UnreadableError` for one that is none."""
        self._refuse(labels)
        self._add(self._kept(labels))
        self.items += len(labels)

    def add_map(self, values: NDArray[Any]) -> None:
        """Count an item's labels, of any shape. Raises `UnreadableError` if any is none."""
        labels = np.ascontiguousarray(values).reshape(-1)
        if labels.dtype not in (np.uint8, np.uint16):
            self._refuse(labels)
            # Whatever whole numbers they are, in those of the machine.
            labels = self._kept(labels.astype(np.int64, copy=False))
        self._add(labels)
        self.items += 1

    def refusal_of(self, label: float) -> UnreadableError:
        """The error that a number is which is no label."""
        return UnreadableError(f"has the label {self.rules.wrong_with(label)}")

    def _refuse(self, labels: Labels) -> None:
        index = self.rules.first_wrong(labels)
        if index is not None:
            raise self.refusal_of(labels[index].item())

    def counts(self) -> LabelCounts:
        """What was counted so far; it ends with the largest class seen."""
        seen = np.flatnonzero(self._counts)
        classes = int(seen[-1]) + 1 if len(seen) else 0
        counts = self._counts[:classes].copy()
        among = self._among[:classes].copy() if self.maps else counts.copy()
        return LabelCounts(counts, among, self.items, self._ignored, self.maps)

    def _kept(self, labels: IntArray) -> IntArray:
        """The labels that are not to be ignored; the others are counted."""
        if self.rules.ignore_label is None:
            return labels
        kept: IntArray = labels[labels != self.rules.ignore_label]
        self._ignored += len(labels) - len(kept)
        return kept

    def _add(self, labels: NDArray[Any]) -> None:
        found = occurrences(labels)
        ignored, limit = self.rules.ignore_label, self.rules.limit
        if ignored is not None and 0 <= ignored < len(found):
            self._ignored += int(found[ignored])
            found[ignored] = 0
        beyond = np.flatnonzero(found[limit:])
        if len(beyond):
            raise self.refusal_of(limit + int(beyond[0]))
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


def count_map(labels: Labels, rules: LabelRules) -> LabelCounts:
    """Count the labels of an item that is a map, of any shape. Raises `LabelFault`."""
    return _counted([labels], rules, labels, "", maps=True)


def count_maps(labels: Labels, rules: LabelRules, first: int = 0) -> LabelCounts:
    """Count those of N items that are maps, the first being item `first`. Raises `LabelFault`."""
    return _counted(labels, rules, labels, "item", first, maps=True)


def count_items(labels: Labels, rules: LabelRules, first: int = 0) -> LabelCounts:
    """Count those of N items of one label each. Raises `LabelFault`."""
    flat = labels.reshape(-1)
    return _counted([flat], rules, flat, "item", first)


def count_times(times: Mapping[int, int], rules: LabelRules) -> LabelCounts:
    """Count items of one label each, of how often each label occurs. Raises `LabelFault`."""
    for label in times:
        wrong = rules.wrong_with(label)
        if wrong:
            raise LabelFault(f"has the label {wrong}")
    kept = {label: count for label, count in times.items() if label != rules.ignore_label}
    counts = np.zeros(max(kept, default=-1) + 1, np.int64)
    for label, count in kept.items():
        counts[label] = count
    items = sum(times.values())
    return LabelCounts(counts, counts, items, items - sum(kept.values()))


def _counted(
    parts: Iterable[Labels],
    rules: LabelRules,
    labels: Labels,
    each: str,
    first: int = 0,
    *,
    maps: bool = False,
) -> LabelCounts:
    """Count parts of an array; if that fails, find where in the whole of it a number is wrong."""
    if labels.dtype.kind not in "biuf":
        held = "records" if labels.dtype.names is not None else f"values of kind {labels.dtype}"
        raise LabelFault(f"holds {held}, where labels are whole numbers")
    tally = Tally(rules, maps)
    try:
        for part in parts:
            # One label an item is counted as a map of them all is.
            tally.add_map(part)
    except ValueError:
        index = rules.first_wrong(labels)
        if index is None:
            raise
        wrong = rules.wrong_with(labels[index].item())
        raise LabelFault(f"{_place(index, each, first)} has the label {wrong}") from None
    counts = tally.counts()
    if maps:
        return counts
    return LabelCounts(counts.counts, counts.counts, labels.size, counts.ignored)


def _place(index: tuple[int, ...], each: str, first: int) -> str:
    if each and len(index) > 2:
        return f"item {first + index[0]:,}, row {index[-2]:,}, column {index[-1]:,} (from 0)"
    if each:
        at = f", number {index[1]:,}" if len(index) > 1 else ""
        return f"item {first + index[0]:,}{at} (from 0)"
    if len(index) > 1:
        return f"row {index[-2]:,}, column {index[-1]:,} (from 0)"
    return f"number {index[0]:,} (from 0)" if index else "its one number"
