"""What there is to show of a matrix H: its classes, and how large it makes the loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from protofix.data.counts import LabelCounts
from protofix.infogain.matrix.checks import Concern
from protofix.infogain.matrix.recipes import mean_weight
from protofix.infogain.matrix.values import InfogainMatrix

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MatrixFacts:
    """A matrix, and what else is known of its classes.

    Attributes:
        matrix: H as it was read.
        counts: how often each class occurs, of as many classes as H has; None if not known.
        names: of the classes; None if not known.
        concerns: what may be wrong with it.

    """

    matrix: InfogainMatrix
    counts: LabelCounts | None = None
    names: Sequence[str] | None = None
    concerns: tuple[Concern, ...] = ()

    @property
    def values(self) -> Array:
        """H, L x L."""
        return self.matrix.values

    @cached_property
    def diagonal(self) -> Array:
        """What a class weighs itself; L numbers."""
        return self.values.diagonal()

    @cached_property
    def rest(self) -> Array:
        """What each row holds beside the diagonal; L numbers."""
        beside = self.values.copy()
        np.fill_diagonal(beside, 0)
        with np.errstate(over="ignore"):
            return np.asarray(beside.sum(axis=1), np.float64)

    @cached_property
    def sums(self) -> Array:
        """The sum of each row, which is what a label of that class weighs; L numbers."""
        with np.errstate(over="ignore"):
            return np.asarray(self.values.sum(axis=1), np.float64)

    @cached_property
    def trace(self) -> float:
        """The sum of the diagonal."""
        with np.errstate(over="ignore"):
            return float(self.diagonal.sum())

    @cached_property
    def label_shares(self) -> Array | None:
        """The part of all labels that is of each class; None if they were not counted."""
        if self.counts is None:
            return None
        return np.asarray(self.counts.counts / max(self.counts.total, 1), np.float64)

    @cached_property
    def loss_shares(self) -> Array | None:
        """The part of the weight of all labels that each class has.

        Without counts all classes are taken to occur alike. None if the weights are not all at
        least 0, or sum to 0: there are no parts then.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            weights = self.sums if self.counts is None else self.sums * self.counts.counts
            total = weights.sum()
        if (weights < 0).any() or not 0 < total < np.inf:
            return None
        return np.asarray(weights / total, np.float64)

    @cached_property
    def mean_weight(self) -> float:
        """What a label weighs on average; without counts, the mean of the classes' row sums."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self.counts is None or not self.counts.total:
                return float(self.sums.mean())
            return mean_weight(self.sums, self.counts)

    @cached_property
    def ratio(self) -> float | None:
        """The largest row sum above 0 over the smallest; None if none is above 0."""
        above = self.sums[self.sums > 0]
        return float(above.max() / above.min()) if above.size else None

    def name(self, index: int) -> str:
        """The name of a class; "" if it has none."""
        return "" if self.names is None else self.names[index]
