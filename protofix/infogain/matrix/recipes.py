"""Class weights from counts of labels: the diagonal of H, by recipes as the literature names them.

In all formulas n_i is how many labels are of class i, total their sum, and L the number of classes
that occur.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from protofix.data.counts import LabelCounts

Array = NDArray[np.float64]

BETA = 0.9999
"""`effective-number` without a beta of its own: the largest that Cui et al. (2019) tried."""

_ENET_OFFSET = 1.02
_MOST_NAMED = 8  # classes in an error


class Absent(str, Enum):
    """What becomes of a class that never occurs.

    ERROR refuses to weigh the classes. ZERO and ONE weigh those that occur as though the others did
    not exist (L, totals, medians and scales are of those that occur), and give the others exactly
    that weight, which no scale changes. CLAMP takes each of the others to occur once: one label
    more in the total, and of label maps one more in an image of average size.
    """

    ERROR = "error"
    ZERO = "zero"
    ONE = "one"
    CLAMP = "clamp"


@dataclass(frozen=True)
class Recipe:
    """A way to weigh classes.

    Attributes:
        name: as `class_weights` takes it.
        summary: what it does, in a line.
        formula: the weight of class i.
        source: where it is from.

    """

    name: str
    summary: str
    formula: str
    source: str


_ALL = (
    Recipe(
        "balanced",
        "all classes count the same in the loss, and the mean weight of a label is 1",
        "total / (L n_i)",
        'King & Zeng, "Logistic Regression in Rare Events Data", 2001; '
        'class_weight="balanced" of scikit-learn',
    ),
    Recipe(
        "inverse",
        "all classes count the same in the loss, and the mean weight of a label is L",
        "total / n_i",
        "inverse class frequency",
    ),
    Recipe(
        "compute-h",
        "all classes count the same in the loss, and the weights sum to 1",
        "(max n / n_i) / sum_k (max n / n_k)",
        "the Python layer ComputeH, over all of the data in place of a batch",
    ),
    Recipe(
        "median-frequency",
        "1 for the class of median frequency, frequent where it occurs or not",
        "median(f) / f_i, f_i = n_i / (labels in the images where i occurs)",
        'Eigen & Fergus, "Predicting Depth, Surface Normals and Semantic Labels with a Common '
        'Multi-Scale Convolutional Architecture", ICCV 2015',
    ),
    Recipe(
        "one-minus-frequency",
        "nearly 1 for all but frequent classes: the mildest",
        "1 - n_i / total",
        "the share of labels that are of other classes",
    ),
    Recipe(
        "effective-number",
        "1 / n_i for rare classes, levelling off where more labels tell nothing new",
        "(1 - beta) / (1 - beta^n_i), scaled to sum L",
        'Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019',
    ),
    Recipe(
        "log",
        "between 1.4 for a class that is everything and 50.5 for one that is next to nothing",
        "1 / ln(1.02 + n_i / total)",
        'Paszke et al., "ENet: A Deep Neural Network Architecture for Real-Time Semantic '
        'Segmentation", 2016',
    ),
    Recipe(
        "identity",
        "1 for each class: what SoftmaxWithLoss computes",
        "1",
        "H as it is without any weighing",
    ),
)

RECIPES: Mapping[str, Recipe] = MappingProxyType({recipe.name: recipe for recipe in _ALL})
"""The recipes by name."""


def class_weights(
    counts: LabelCounts, recipe: str, *, absent: Absent = Absent.ERROR, beta: float = BETA
) -> Array:
    """Weigh classes by how often they occur.

    The formulas and their sources are in `RECIPES`. `identity` reads no counts: a class that never
    occurs is no error there, and weighs 1 unless `absent` is ZERO.

    Args:
        counts: how often each class occurs.
        recipe: a name in `RECIPES`.
        absent: what becomes of a class that never occurs.
        beta: of `effective-number`: at least 0 (all classes alike) and below 1 (towards 1 / n_i).

    Returns:
        L weights, float64, finite and at least 0.

    Raises:
        ValueError: there is no such recipe, beta is out of its range, there are no labels, some
            class never occurs and `absent` is ERROR, or the counts contradict each other; one line.

    """
    if recipe not in RECIPES:
        raise ValueError(f"recipe {recipe!a} is unknown, give one of: {', '.join(RECIPES)}")
    if not 0 <= beta < 1:
        raise ValueError(f"beta {beta:g}: give a number from 0 to below 1, such as {BETA}")
    _check_counts(counts)
    if recipe == "identity":
        weights = np.ones(counts.classes)
        if absent is Absent.ZERO:
            weights[counts.counts == 0] = 0
        return weights
    _check_all_there(counts, absent)
    if absent is Absent.CLAMP:
        counts = _clamped(counts)
    there = counts.counts > 0
    weights = np.full(counts.classes, float(absent is Absent.ONE))
    weights[there] = _FORMULAS[recipe](_only(counts, there), beta)
    return weights


def mean_weight(weights: Array, counts: LabelCounts) -> float:
    """The weight of a label on average: the factor by which they change the size of the loss.

    Args:
        weights: L numbers: of each class, its weight or the sum of its row of H.
        counts: how often each class occurs, L of them.

    Raises:
        ValueError: there are no labels.

    """
    _check_counts(counts)
    return float(np.average(weights, weights=counts.counts))


def _check_counts(counts: LabelCounts) -> None:
    if counts.total < 1 and not counts.ignored:
        raise ValueError("there are no labels to weigh classes by: what was counted is empty")
    if counts.total < 1:
        raise ValueError("there are no labels to weigh classes by: all of them are ignored")
    if (counts.counts < 0).any():
        raise ValueError("a class has a negative number of labels: give counts of 0 and more")


def _check_all_there(counts: LabelCounts, absent: Absent) -> None:
    if absent is not Absent.ERROR or not counts.absent:
        return
    named = [str(index) for index in counts.absent[:_MOST_NAMED]]
    if len(counts.absent) > _MOST_NAMED:
        named[-1] += f" and {len(counts.absent) - _MOST_NAMED} more"
    several = len(counts.absent) > 1
    raise ValueError(
        f"{'classes' if several else 'class'} {', '.join(named)} (of {counts.classes}) never "
        f"{'occur' if several else 'occurs'}: say what absent classes weigh, zero, one, "
        "or clamp (as though each occurred once)"
    )


def _clamped(counts: LabelCounts) -> LabelCounts:
    """The same with a label of each class that has none."""
    there = counts.counts > 0
    per_item = max(1, round(counts.total / counts.items)) if counts.items else 1
    return replace(
        counts,
        counts=np.where(there, counts.counts, 1),
        among=np.where(there, counts.among, per_item if counts.maps else 1),
    )


def _only(counts: LabelCounts, there: NDArray[np.bool_]) -> LabelCounts:
    """The same of some classes alone."""
    return replace(counts, counts=counts.counts[there], among=counts.among[there])


def _balanced(counts: LabelCounts, beta: float) -> Array:
    return _inverse(counts, beta) / counts.classes


def _inverse(counts: LabelCounts, beta: float) -> Array:
    return counts.total / counts.counts.astype(np.float64)


def _compute_h(counts: LabelCounts, beta: float) -> Array:
    shares = 1 / counts.counts.astype(np.float64)
    return np.asarray(shares / shares.sum(), np.float64)


def _median_frequency(counts: LabelCounts, beta: float) -> Array:
    among = counts.among.astype(np.float64) if counts.maps else np.float64(counts.total)
    frequencies = counts.counts / among
    if (frequencies > 1).any():
        raise ValueError(
            "a class has more labels than the images in which it occurs: "
            "count the labels of those images"
        )
    return np.asarray(np.median(frequencies) / frequencies, np.float64)


def _one_minus_frequency(counts: LabelCounts, beta: float) -> Array:
    return (counts.total - counts.counts) / np.float64(counts.total)


def _effective_number(counts: LabelCounts, beta: float) -> Array:
    """Weigh by 1 / (1 - beta^n); 1 - beta is the same for all and gone after the scaling.

    1 - beta^n = -expm1(n log1p(-(1 - beta))), which keeps its digits where beta^n is next to 1.
    """
    if beta == 0:
        return np.ones(counts.classes)
    weights = -1 / np.expm1(counts.counts * np.log1p(-(1 - beta)))
    return np.asarray(weights * (counts.classes / weights.sum()), np.float64)


def _log(counts: LabelCounts, beta: float) -> Array:
    return np.asarray(1 / np.log(_ENET_OFFSET + counts.counts / counts.total), np.float64)


_FORMULAS: Mapping[str, Callable[[LabelCounts, float], Array]] = MappingProxyType(
    {
        "balanced": _balanced,
        "inverse": _inverse,
        "compute-h": _compute_h,
        "median-frequency": _median_frequency,
        "one-minus-frequency": _one_minus_frequency,
        "effective-number": _effective_number,
        "log": _log,
    }
)
