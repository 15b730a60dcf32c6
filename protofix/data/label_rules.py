"""What a number must be to be a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]

MOST_CLASSES = 1 << 20
"""Labels from here on are no classes of a net."""


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

    @property
    def limit(self) -> int:
        """The number from which on there are no labels."""
        return MOST_CLASSES if self.classes is None else min(self.classes, MOST_CLASSES)

    def first_wrong(self, labels: Labels) -> tuple[int, ...] | None:
        """Where in an array the first number is that is no label; None if all are."""
        wrong = ~((labels >= 0) & (labels < self.limit))
        if labels.dtype.kind == "f":
            wrong |= labels != np.floor(labels)
        if self.ignore_label is not None:
            wrong &= labels != self.ignore_label
        if not wrong.any():
            return None
        return tuple(int(at) for at in np.unravel_index(wrong.argmax(), wrong.shape))
