"""What a number must be to be a label, and counting numbers that must."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protofix.data.counts import LabelCounts
from protofix.data.tally import MOST_CLASSES, Tally

Labels = NDArray[Any]


class LabelFault(ValueError):
    """A number that is no label: words that continue the name of a file."""


@dataclass(frozen=True)
class LabelRules:
    """Which numbers are labels: whole ones from 0.

    Attributes:
        ignore_label: labels that are this are left out, and counted apart.
        classes: L; larger labels are refused. None where it is not known.

    """

    ignore_label: int | None = None
    classes: int | None = None

    def wrong_with(self, label: float) -> str:
        """What is wrong with a label, in words behind "the label"; "" if nothing is."""
        if label == self.ignore_label:
            return ""
        if not float(label).is_integer():
            return f"{label:g}, which is no class: classes are whole numbers from 0"
        number = int(label)
        if number < 0:
            return (
                f"{number}, and classes count from 0: give it as the label to ignore if it marks "
                "what has no class"
            )
        if self.classes is not None and number >= self.classes:
            return (
                f"{number}, and {self.classes:,} classes end with label {self.classes - 1:,}: "
                "give the number of classes, or the label to ignore"
            )
        if number >= MOST_CLASSES:
            return f"{number:,}, which is beyond {MOST_CLASSES:,} classes"
        return ""

    def first_wrong(self, labels: Labels) -> tuple[int, ...] | None:
        """Where in an array the first number is that is no label; None if all are."""
        limit = MOST_CLASSES if self.classes is None else min(self.classes, MOST_CLASSES)
        wrong = ~((labels >= 0) & (labels < limit))
        if labels.dtype.kind == "f":
            wrong |= labels != np.floor(labels)
        if self.ignore_label is not None:
            wrong &= labels != self.ignore_label
        found = np.argwhere(wrong)
        return tuple(int(at) for at in found[0]) if len(found) else None


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
    tally = Tally(rules.ignore_label, maps)
    try:
        for part in parts:
            # One label an item is counted as a map of them all is.
            tally.add_map(part)
        counts = tally.counts()
        if rules.classes is not None:
            counts.of_classes(rules.classes)
    except ValueError:
        index = rules.first_wrong(labels)
        if index is None:
            raise
        wrong = rules.wrong_with(labels[index].item())
        raise LabelFault(f"{_place(index, each, first)} has the label {wrong}") from None
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
