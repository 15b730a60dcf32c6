"""What is found in an H, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from protofix.infogain.matrix.checks import concerns
from protofix.infogain.matrix.orientation import looks_transposed
from protofix.infogain.matrix.values import InfogainMatrix

Array = NDArray[np.float64]
many = settings(max_examples=200, deadline=None)


def found(values: Any, classes: int | None = None) -> list[tuple[str, str]]:
    values = np.array(values, dtype=np.float64)
    return [(concern.kind, concern.severity) for concern in concerns(values, classes)]


NEXT = np.nextafter(1.0, 2.0)


@pytest.mark.parametrize(
    ("values", "classes", "wanted"),
    [
        (np.eye(3), 3, []),
        (np.diag([0.5, 1.0, 2.0]), None, []),
        ([[0.75, 0.25], [0.25, 0.75]], 2, []),
        (np.zeros((2, 3)), None, [("size", "error")]),
        ([], None, [("size", "error")]),
        (np.eye(3), 4, [("size", "error")]),
        ([[np.nan]], None, [("finite", "error")]),
        ([[1, 0], [0, np.inf]], 3, [("size", "error"), ("finite", "error")]),
        ([[1, 0], [0, 0]], None, [("zero-row", "warning")]),
        ([[0]], None, [("zero-row", "warning")]),
        ([[1, -0.5], [-0.5, 1]], None, [("negative", "warning")]),
        ([[0.5, 1], [0, 1]], None, [("diagonal", "warning")]),
        ([[0.5, 0.5], [0.5, 0.5]], None, []),
        (np.full((3, 3), 1 / 4), None, [("diagonal", "warning")]),
        ([[0.1, 0], [0, 1]], None, [("narrowed", "note")]),
        ([[1, 1e-50], [0, 1]], None, [("narrowed", "warning")]),
        ([[1e39, 0], [0, 1]], None, [("narrowed", "warning"), ("scale", "note")]),
        ([[1, 0], [0, NEXT]], None, [("narrowed", "warning")]),
        (np.diag([8.0, 16.0]), None, [("scale", "note")]),
        (np.eye(2) / 64, None, [("scale", "note")]),
    ],
)
def test_what_is_found(values: Any, classes: int | None, wanted: list[tuple[str, str]]) -> None:
    assert found(values, classes) == wanted


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((2, 2)), "every number is 0: nothing is learnt"),
        (np.diag([1.0, 0, 0, 1]), "rows 1 and 2 (from 0) are all 0"),
        (np.diag([0.0, 0, 0, 0, 5]), "rows 0, 1, 2 and 1 more (from 0) are all 0"),
        ([[1, 0], [-2, 4]], "1 number is negative, first row 1, column 0 (from 0), -2"),
        ([[0.25, 0.5, 0], [0, 1, 0], [0, 0, 1]], "row 0 has 0.25 of 0.75; column 1 alone has 0.5"),
        ([[0.1, 0], [0, 1]], "1 of 4 numbers is no float32: changed by up to 1e-08 of itself"),
        ([[1, 0], [0, NEXT]], "1 of the diagonal's different numbers would be equal to others"),
        (np.eye(2) / 64, "the rows sum to 0.0156 on average"),
    ],
)
def test_how_it_is_said(values: Any, words: str) -> None:
    (message,) = (concern.message for concern in concerns(np.array(values, dtype=np.float64)))
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("shape", "format", "wanted"),
    [
        ((1, 1, 2, 2), "binaryproto", []),
        ((2, 2), "binaryproto", [("shape", "note")]),
        ((4,), "binaryproto", [("shape", "warning")]),
        ((2, 2, 1, 1), "binaryproto", [("shape", "warning")]),
        ((2, 2), "npy", []),
        ((1, 4), "npy", [("shape", "warning")]),
    ],
)
def test_the_shape_of_the_file(
    shape: tuple[int, ...], format: Any, wanted: list[tuple[str, str]]
) -> None:
    matrix = InfogainMatrix(np.eye(2), shape, format, Path("H"))
    assert [(concern.kind, concern.severity) for concern in concerns(matrix)] == wanted


# --- labels as columns --------------------------------------------------------------------------

SOFT = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.3, 0.1, 0.6]])
SMOOTH = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
# A class tree: 0 and 1 are siblings.
TREE = np.exp(-np.array([[0, 0.5, 1], [0.5, 0, 1], [1, 1, 0]]))
WEIGHTS = np.diag([0.5, 1.0, 4.0])
NORMALISED = TREE / TREE.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "right",
    [SOFT, WEIGHTS @ SMOOTH, WEIGHTS @ TREE, WEIGHTS @ NORMALISED, NORMALISED],
    ids=["soft labels", "smoothed", "tree", "normalised", "no weights"],
)
def test_labels_as_columns(right: Array) -> None:
    assert looks_transposed(right) == ""
    assert looks_transposed(right.T) != ""
    assert "transposed" in [concern.kind for concern in concerns(right.T)]


@pytest.mark.parametrize(
    "values",
    [np.eye(3), WEIGHTS, SMOOTH, TREE, np.ones((3, 3)), np.zeros((3, 3)), WEIGHTS @ SOFT,
     [[2, 0.3], [0.6, 1]], [[1, 0.3, 0], [0, 1, 0], [0, 0, 1]], np.diag([1, 0, 2]),
     [[1, -1], [0, 2]], [[5]]],
)  # fmt: skip
def test_no_alarm(values: Any) -> None:
    assert looks_transposed(np.array(values, dtype=np.float64)) == ""


@st.composite
def parts(draw: st.DrawFn) -> tuple[Array, Array]:
    """Weights that differ, and similarities between 0 and 1, drawn at random."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    classes = draw(st.integers(3, 12))
    weights = 2.0 ** random.permutation(np.arange(classes))
    return weights, random.uniform(0.05, 0.9, (classes, classes))


@many
@given(parts=parts())
def test_no_weighted_soft_labels_alarm(parts: tuple[Array, Array]) -> None:
    weights, rows = parts
    np.fill_diagonal(rows, rows.sum(axis=1))
    rows /= rows.sum(axis=1, keepdims=True)
    assert looks_transposed(rows) == ""
    assert looks_transposed(weights[:, None] * rows) == ""
    assert looks_transposed(np.diag(weights)) == ""


@many
@given(parts=parts())
def test_weighted_similarities_are_known_by_their_columns(parts: tuple[Array, Array]) -> None:
    weights, values = parts
    similar = np.triu(values, k=1)
    similar += similar.T + np.eye(len(values))
    right = weights[:, None] * similar
    assert looks_transposed(similar) == ""
    assert looks_transposed(right) == ""
    assert looks_transposed(right.T) != ""
