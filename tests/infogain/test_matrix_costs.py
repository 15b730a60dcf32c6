"""Costs of confusing classes, from tables and trees, and the rows of H made of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from shared_data import ROOT

from protofix.infogain.matrix.costs import (
    CostsError,
    read_costs,
    read_tree,
    soft_labels,
    weighted,
)
from protofix.infogain.matrix.values import MatrixError

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def outline(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tree.txt"
    path.write_text(text, encoding="utf-8")
    return path


# --- trees ---------------------------------------------------------------------------------------

SMALL = """\
# what looks alike
animal
    cat 0
    dog 1
vehicle
    car 2
    fire engine 3
"""
SMALL_DISTANCES = [[0, 0.5, 1, 1], [0.5, 0, 1, 1], [1, 1, 0, 0.5], [1, 1, 0.5, 0]]

TREES = {
    "the example": (SMALL, SMALL_DISTANCES),
    "its root written": (
        "thing\n animal\n  cat 0\n  dog 1\n vehicle\n  car 2\n  bus 3\n",
        SMALL_DISTANCES,
    ),
    "tabs, CRLF, BOM, empty lines": (
        "\ufeffanimal\r\n\tcat 0 # tom\r\n\r\n\tdog\t1\r\nvehicle\r\n\t \tcar 2\r\n\t \tbus 3",
        SMALL_DISTANCES,
    ),
    "numbers in another order": ("a\n x 3\n y 0\nb\n z 2\n w 1\n",
                                 [[0, 1, 1, .5], [1, 0, .5, 1], [1, .5, 0, 1], [.5, 1, 1, 0]]),
    "flat": ("a 0\nb 1\nc 2\n", [[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    "one class": ("only 0\n", [[0]]),
    "a class beside a deep branch": ("far 0\nbranch\n  twig\n    a 1\n    b 2\n  c 3\n",
                                     [[0, 1, 1, 1], [1, 0, 1 / 3, 2 / 3], [1, 1 / 3, 0, 2 / 3],
                                      [1, 2 / 3, 2 / 3, 0]]),
    "names with numbers and signs": ("n02084071 0\nC# 1\n3 D 2\n",
                                     [[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
}  # fmt: skip


@pytest.mark.parametrize("case", TREES)
def test_the_distances_in_a_tree_are_those_worked_out_by_hand(case: str, tmp_path: Path) -> None:
    text, distances = TREES[case]
    assert read_tree(outline(tmp_path, text)) == pytest.approx(np.array(distances, float))


def test_the_tree_of_the_page_has_the_distances_that_it_says(tmp_path: Path) -> None:
    assert "\n".join(f"    {line}" for line in SMALL.splitlines()) in PAGE
    distances = read_tree(outline(tmp_path, SMALL))
    assert f"here {distances[0, 1]:g} for cat and dog, {distances[0, 2]:g} for cat and car" in (
        " ".join(PAGE.split())
    )
    assert f"the costliest mistake is {math.exp(10):,.0f} times" in " ".join(PAGE.split())


BROKEN = {
    "no number": ("a 0\nb\n", ":2: 'b' is a leaf without a class number, write `name number`"),
    "twice": ("a 0\nb 1\nc 0\n", ":3: 'c' is class 0, as line 1 is; give each class one leaf"),
    "a gap": ("a 0\nb 3\nc 1\n",
              ":2: class 3, and class 2 is nowhere: number the 3 classes from 0 to 2"),
    "from one": ("a 1\nb 2\n",
                 ":2: class 2, and class 0 is nowhere: number the 2 classes from 0 to 1"),
    "a number above": ("a 0\n  b 1\n",
                       ":1: 'a' has classes below it and a number, 0, as only leaves have"),
    "no name": ("a 0\n  1\n", ":2: '1' has no name, write `name number`"),
    "too large": ("a 99999999999\n", ":1: 'a 99999999999' has too large a class number"),
    "half out": ("a\n    b 0\n  c 1\n", ":3: 'c' is indented as no line above it is: "
                 "write what belongs together alike, with blanks or with tabs"),
    "a tab among blanks": ("a\n    b 0\n\tc 1\n", ":3: 'c' is indented as no line above it is: "
                           "write what belongs together alike, with blanks or with tabs"),
    "out of the first": ("  a 0\nb 1\n", ":2: 'b' is indented as no line above it is: "
                         "write what belongs together alike, with blanks or with tabs"),
    "empty": ("# nothing\n\n", ": no classes, write an outline whose leaves are `name number`"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_outline_is_one_line_that_names_its_line(case: str, tmp_path: Path) -> None:
    text, said = BROKEN[case]
    path = outline(tmp_path, text)
    with pytest.raises(CostsError) as caught:
        read_tree(path)
    assert str(caught.value) == f"{path}{said}"


def test_a_tree_that_is_no_text_or_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "tree.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CostsError, match="not text in UTF-8"):
        read_tree(path)
    with pytest.raises(OSError, match=r"none\.txt: cannot be read"):
        read_tree(tmp_path / "none.txt")


def test_a_deep_tree_and_a_wide_one_are_read(tmp_path: Path) -> None:
    depth = 1200
    text = "".join(f"{' ' * at}n{at}x\n{' ' * (at + 1)}leaf {at}\n" for at in range(depth))
    deep = read_tree(outline(tmp_path, text))
    assert deep[0, 1:].tolist() == [1] * (depth - 1)
    assert deep[depth - 2, depth - 1] == 2 / depth
    wide = read_tree(outline(tmp_path, "".join(f"c {at}\n" for at in range(1500))))
    assert wide.sum() == 1500 * 1499


@st.composite
def nested(draw: st.DrawFn) -> str:
    """An outline of 1 to 12 leaves at random depths, numbered at random."""
    depths = draw(st.lists(st.integers(0, 4), min_size=1, max_size=12))
    numbers = draw(st.permutations(range(len(depths))))
    lines = []
    for depth, number in zip(depths, numbers, strict=True):
        lines += [f"{'  ' * level}over{number}x" for level in range(depth)]
        lines.append(f"{'  ' * depth}leaf {number}")
    return "\n".join(lines)


@given(text=nested())
def test_distances_are_an_ultrametric(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    distances = read_tree(outline(tmp_path_factory.mktemp("tree"), text))
    apart = ~np.eye(len(distances), dtype=bool)
    assert (distances == distances.T).all()
    assert (distances.diagonal() == 0).all() and (distances[apart] > 0).all()
    assert distances.max(initial=0) <= 1
    # What three classes say of each other: the two largest of the distances are the same.
    by_way = np.maximum(distances[:, :, None], distances[None, :, :]).min(axis=1)
    assert (distances <= by_way).all()


# --- tables --------------------------------------------------------------------------------------

TABLES = {
    "not square": ("0,1,2\n1,0,2\n", "2 rows of 3 numbers are not square"),
    "negative": ("0,1\n-1,0\n", "row 1, column 0 (from 0) is -1, a cost is 0 or more"),
    "a diagonal": ("1,0\n0,1\n", "row 0, column 0 (from 0) is 1, what is right costs 0"),
    "all alike": ("0,0\n0,0\n", "all costs are 0, give what is worse a larger one"),
    "names": ("cat,dog\n0,1\n1,0\n", "'cat' is not a number"),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_is_not_of_costs_is_refused(case: str, tmp_path: Path) -> None:
    text, said = TABLES[case]
    path = tmp_path / "costs.csv"
    path.write_text(text)
    with pytest.raises(MatrixError) as caught:
        read_costs(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and said in message and "\n" not in message


def test_a_table_of_costs_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("0, 1, 4\n0.5, 0, 2\n1, 1, 0\n")
    assert read_costs(path).tolist() == [[0, 1, 4], [0.5, 0, 2], [1, 1, 0]]


# --- soft labels ---------------------------------------------------------------------------------

Array = NDArray[np.float64]


@st.composite
def tables(draw: st.DrawFn) -> Array:
    size = draw(st.integers(1, 6))
    cost = st.floats(0, 1e300) | st.sampled_from([0.0, 1.0, 5e-324, 1.7e308])
    numbers = draw(st.lists(cost, min_size=size * size, max_size=size * size))
    costs = np.array(numbers).reshape(size, size)
    np.fill_diagonal(costs, 0)
    return costs


@given(costs=tables(), sharpness=st.floats(0, 1e6) | st.just(math.inf))
def test_each_row_sums_to_one_and_falls_as_costs_rise(costs: Array, sharpness: float) -> None:
    rows = soft_labels(costs, sharpness)
    assert rows.sum(axis=1) == pytest.approx(1)
    assert (rows >= 0).all() and (rows.diagonal() == rows.max(axis=1)).all()
    for cost, row in zip(costs, rows, strict=True):
        assert (np.diff(row[np.argsort(cost, kind="stable")]) <= 0).all()


def test_soft_labels_by_hand() -> None:
    third = math.exp(-2)
    rows = soft_labels([[0, 1, 4], [2, 0, 4], [4, 4, 0]], 2)
    assert rows[0] == pytest.approx(np.array([1, math.exp(-0.5), third]) / (
        1 + math.exp(-0.5) + third))  # fmt: skip
    assert rows[2] == pytest.approx(np.array([third, third, 1]) / (1 + 2 * third))


@given(costs=tables())
def test_the_ends_are_all_alike_and_the_identity(costs: Array) -> None:
    size = len(costs)
    assert soft_labels(costs, 0) == pytest.approx(np.full((size, size), 1 / size))
    told_apart = costs + (1 - np.eye(size))  # no cost of 0 but for what is right
    assert soft_labels(told_apart, math.inf).tolist() == np.eye(size).tolist()


def test_classes_that_cost_nothing_to_confuse_share_at_any_sharpness() -> None:
    costs = [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert soft_labels(costs, math.inf).tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]
    assert soft_labels(costs, 1e5).tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]


@pytest.mark.parametrize("sharpness", [-1, math.nan, -math.inf])
def test_sharpness_is_not_negative(sharpness: float) -> None:
    with pytest.raises(CostsError, match=f"^sharpness {sharpness:g}: give 0 or more$"):
        soft_labels([[0, 1], [1, 0]], sharpness)


@given(costs=tables(), data=st.data())
def test_rows_of_weighted_soft_labels_sum_to_the_weights(costs: Array, data: st.DataObject) -> None:
    size = len(costs)
    weights = data.draw(st.lists(st.floats(0, 1e6), min_size=size, max_size=size))
    matrix = weighted(weights, soft_labels(costs, 3))
    assert matrix.sum(axis=1) == pytest.approx(np.array(weights))
    assert weighted(weights, np.eye(size)).tolist() == np.diag(weights).tolist()


def test_weights_of_other_classes_are_refused() -> None:
    with pytest.raises(CostsError, match=r"^3 class weights for rows of shape \(2, 2\)"):
        weighted([1, 2, 3], np.eye(2))
