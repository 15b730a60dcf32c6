"""Whether H was written with labels as columns.

Nothing in a matrix says which axis the label is, but how people make H does: each row is the row of
its label's similarities times the label's weight. So in a right matrix one of these holds, which
its transpose lacks as soon as the weights differ:

- the rows sum to the same (similarities that sum to 1, no weights);
- each row's rest is the same share of its diagonal (smoothed labels, weighted);
- the rows divided by their diagonal are symmetric (similarities both ways alike, as of a class
  tree, weighted or normalised).

A matrix for whose columns one of these holds, and for whose rows none does even nearly, looks
transposed. Where none holds either way, as with costs that differ both ways and weights on top,
there is nothing to tell by.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.matrix.values import Array

_ALIKE = 1e-3  # spread of numbers that are the same, written with few digits
_APART = 1e-2  # spread of numbers that are surely not


def looks_transposed(values: Array) -> str:
    """Say by what a square, finite H looks transposed; "" if by nothing.

    Diagonal and symmetric matrices, and ones with negative numbers, never do.
    """
    if (values < 0).any() or _is_symmetric(values, _APART):
        return ""
    if any(True for _ in _signs(values, _APART)):
        return ""
    return next(_signs(values.T, _ALIKE), "")


def _signs(values: Array, tolerance: float) -> Iterator[str]:
    """What says that the rows are the labels', in words about the columns of the transpose."""
    classes = len(values)
    sums, own = values.sum(axis=1), values.diagonal()
    # Two rows, or numbers picked by hand, sum to the same by chance; to 1 they do not.
    to_one = bool(np.abs(sums - 1).max() <= tolerance)
    if to_one or (classes > 2 and _spread(sums) <= tolerance):
        yield f"the columns all sum to {sums.mean():.3g}, the rows do not"
    if not own.all():
        return
    rest = (sums - own) / own
    if classes > 2 and rest.all() and _spread(rest) <= tolerance:
        yield "the rest of each column goes with its diagonal, that of the rows does not"
    scaled = values / own[:, None]
    pairs = np.triu((values != 0) & ~np.isclose(own[:, None], own, rtol=_APART), k=1)
    # One pair may be so by chance.
    if pairs.sum() > 1 and _is_symmetric(scaled, tolerance):
        yield "the columns divided by their diagonal are symmetric, the rows are not"


def _spread(numbers: NDArray[np.float64]) -> float:
    """How far numbers of one sign lie apart, as a share of the largest."""
    largest = float(numbers.max())
    return (largest - float(numbers.min())) / largest if largest > 0 else np.inf


def _is_symmetric(values: Array, tolerance: float) -> bool:
    return bool(np.allclose(values, values.T, rtol=tolerance, atol=0))
