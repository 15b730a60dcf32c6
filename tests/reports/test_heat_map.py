"""Matrices drawn in characters and by matplotlib: what is seen, and that it fits."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protofix.reports.matrix.heat_map import heat_map
from protofix.reports.matrix.numbers import cut, padded, short, text_width
from protofix.reports.matrix.plot import plot
from protofix.reports.matrix.pooling import pooled
from protofix.reports.matrix.scale import Scale, scale_of
from protofix.reports.terminal import Line

Array = NDArray[np.float64]


def plain(values: Array, width: int) -> str:
    lines = heat_map(values, width, colour=False)
    return "\n".join("".join(part for part, _ in line).rstrip() for line in lines)


def matrix(size: int, sign: float = 1.0) -> Array:
    """Weights that rise along the diagonal, and a block beside it."""
    values = np.diag(np.linspace(0.1, 3, size))
    values[size // 2 :, : size // 4] = sign * 0.7
    return values


DIAGONAL = """\
row: label, column: predicted class
   0       1       2
0 |%%%%%%%%                |
  |%%%%%%%%                |
  |%%%%%%%%                |
  |%%%%%%%%                |
1 |        @@@@@@@@        |
  |        @@@@@@@@        |
  |        @@@@@@@@        |
  |        @@@@@@@@        |
2 |                ========|
  |                ========|
  |                ========|
  |                ========|

|  ..::;;==++**##%%@@|
0        2.5         5"""

NEGATIVE = """\
row: label, column: predicted class
   0       1
0 |@@@@@@@@-=-=-=-=|
  |@@@@@@@@-=-=-=-=|
  |@@@@@@@@-=-=-=-=|
  |@@@@@@@@-=-=-=-=|
1 |        ++++++++|
  |        ++++++++|
  |        ++++++++|
  |        ++++++++|

|-@-%-#-*-+-=-;-:-.  ..::;;==++**##%%@@|
-4                  0                  4"""


def test_a_diagonal_in_ascii() -> None:
    assert plain(np.diag([4.4, 5.0, 2.0]), 80) == DIAGONAL


def test_what_is_below_zero_has_a_minus_and_the_scale_is_about_zero() -> None:
    drawn = plain(np.array([[4.0, -1.6], [0, 2.1]]), 80)
    assert drawn == NEGATIVE


def test_a_large_matrix_is_pooled_and_says_so() -> None:
    drawn = plain(np.eye(16), 14)
    assert "@@      |" in drawn
    assert "a cell stands\nfor 4 × 4\nnumbers, and\nshows the\nfarthest from\n0" in drawn


def cells(line: Line) -> list[str]:
    """The style of each half block of a line."""
    return [style for part, style in line if set(part) == {"▀"} for _ in part]


def test_in_colour_a_line_is_two_rows_of_cells() -> None:
    lines = list(heat_map(matrix(80), 100, colour=True))
    drawn = [cells(line) for line in lines if cells(line)]
    assert [len(row) for row in drawn] == [80] * 40
    dark, light = "#440154", "#fde725"
    assert drawn[39][79] == f"{dark} on {light}"
    assert drawn[39][78].endswith(f" on {dark}") and not drawn[39][78].startswith(dark)


def test_an_odd_number_of_rows_ends_with_half_a_line() -> None:
    drawn = [cells(line) for line in heat_map(np.eye(77), 100, colour=True) if cells(line)]
    assert len(drawn) == 39
    assert drawn[-1] == ["#440154"] * 76 + ["#fde725"]


def test_colours_about_zero_are_blue_white_and_red() -> None:
    lines = list(heat_map(np.array([[2.0, -2.0], [0.0, 2.0]]), 60, colour=True))
    styles = {style for line in lines for style in cells(line)}
    assert styles == {f"{it} on {it}" for it in ("#2166ac", "#f7f7f7", "#b2182b")}


@pytest.mark.parametrize("colour", [False, True], ids=["ascii", "colour"])
@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 33, 100, 1000])
@pytest.mark.parametrize("sign", [1, -1])
def test_every_line_fits_and_the_map_fits_a_screen(
    size: int, width: int, colour: bool, sign: float
) -> None:
    lines = ["".join(part for part, _ in line) for line in
             heat_map(matrix(size, sign), width, colour)]  # fmt: skip
    assert max(map(text_width, lines)) <= width
    assert 5 <= len(lines) <= 52
    assert any("a cell stands" in line for line in lines) == (
        size > min(80 if colour else 40, (width - len(str(size - 1)) - 3) // (1 if colour else 2))
    )


@pytest.mark.parametrize("values", [
    np.zeros((3, 3)), np.full((3, 3), 5e-324), np.array([[1.7e308, -1.7e308], [0, 5e-324]]),
], ids=["zeros", "tiny", "huge"])  # fmt: skip
@pytest.mark.filterwarnings("error")
def test_extreme_numbers_are_drawn_without_a_warning(values: Array) -> None:
    for colour in (False, True):
        lines = list(heat_map(values, 80, colour))
        assert len(lines) > 5
        assert "nan" not in str(lines)
    assert plot(values, ".png", "H").startswith(b"\x89PNG")


# --- pooling and scales --------------------------------------------------------------------------


def test_a_cell_is_the_number_farthest_from_zero() -> None:
    values = np.array([[1, -2, 0], [0.5, 0, 0], [0, -3, 4.0]])
    small = pooled(values, 2)
    assert (small.step, small.cells.tolist()) == (2, [[-2, 0], [-3, 4]])
    assert pooled(values, 3).cells is values


@given(size=st.integers(1, 60), most=st.integers(1, 60))
def test_pooling_keeps_to_its_size_and_keeps_the_extremes(size: int, most: int) -> None:
    values = matrix(size, -1)
    small = pooled(values, most)
    assert len(small.cells) <= most or len(small.cells) == 1
    assert np.abs(small.cells).max() == np.abs(values).max()
    assert len(small.cells) == -(-size // small.step)


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=20))
def test_larger_numbers_are_never_lower_on_the_scale(numbers: list[float]) -> None:
    rising = np.sort(np.array(numbers))
    scale = scale_of(rising)
    places = scale.place(rising)
    assert (np.diff(places) >= 0).all()
    assert places.min() >= 0 and places.max() <= 1
    assert scale.place(0.0) == (0.5 if scale.symmetric else 0)
    assert scale.place(scale.most) == 1


@pytest.mark.parametrize(("scale", "marks"), [
    (Scale(8, None, False), [0, 2, 4, 6, 8]),
    (Scale(8, None, True), [-8, -4, 0, 4, 8]),
    (Scale(33, 0.02, False), [0, 0.1, 1, 10, 33]),
    (Scale(1, 0.01, True), [-1, -0.1, -0.01, 0, 0.01, 0.1, 1]),
])  # fmt: skip
def test_the_marks_of_a_scale_are_its_ends_and_round_numbers(
    scale: Scale, marks: list[float]
) -> None:
    assert scale.marks == pytest.approx(marks)
    back = [scale.number(float(scale.place(mark))) for mark in marks]
    assert back == pytest.approx(marks)


def test_a_scale_is_logarithmic_where_numbers_are_of_very_unlike_size() -> None:
    assert scale_of(np.array([0, 1, 20.0])).least is None
    assert scale_of(np.array([0, 1, 21.0])).least == 1
    assert scale_of(np.array([1e-30, 1.0])).least == pytest.approx(1e-4)


# --- pictures ------------------------------------------------------------------------------------

NAMES = ["cat", "fire $engine$", "a\tb", "x" * 100]


def test_a_png_is_as_large_as_it_should_be_and_always_the_same() -> None:
    picture = plot(matrix(4), ".png", "H.npy", NAMES)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1050, 900)
    assert picture == plot(matrix(4), ".png", "H.npy", NAMES)


def test_an_svg_is_well_formed_has_no_date_and_is_always_the_same() -> None:
    picture = plot(matrix(4, -1), ".svg", "H <1> $x$.npy", NAMES)
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert b"dc:date" not in picture
    assert picture == plot(matrix(4, -1), ".svg", "H <1> $x$.npy", NAMES)


@pytest.mark.parametrize("size", [1, 2, 12, 20, 33, 450])
def test_a_plot_of_any_size_has_its_words(size: int) -> None:
    # Letters are drawn as paths, and matplotlib says in a comment which text they are.
    picture = plot(matrix(size), ".svg", "H.npy").decode()
    said = picture.count("<!-- ")
    for words in ("H.npy", "label", "predicted class"):
        assert f"<!-- {words}" in picture
    assert ("a cell stands for 2 × 2 numbers" in picture) == (size == 450)
    numbered = size * size if size <= 16 else 0
    ticked = 2 * size if size <= 32 else 0
    assert said >= numbered + ticked + 3


def test_a_users_settings_of_matplotlib_do_not_matter() -> None:
    import matplotlib

    usual = plot(matrix(3), ".svg", "H")
    with matplotlib.rc_context({"image.cmap": "gray", "font.size": 30, "axes.facecolor": "red"}):
        assert plot(matrix(3), ".svg", "H") == usual
        assert matplotlib.rcParams["font.size"] == 30


# --- numbers and names ---------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "text"), [
    (0.0, "0"), (-0.0, "0"), (1 / 27, "0.03704"), (100 / 3, "33.33"), (1000.0, "1000"),
    (1.25e-5, "1.25e-05"), (123456.0, "1.235e+05"),
])  # fmt: skip
def test_numbers_have_four_digits(number: float, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(("name", "width", "text"), [
    ("cat", 3, "cat"), ("cats", 3, "ca…"), ("船船", 4, "船船"), ("船船", 3, "船…"),
    ("船船", 2, "…"), ("e\u0301te", 3, "e\u0301te"),
])  # fmt: skip
def test_names_are_cut_to_columns(name: str, width: int, text: str) -> None:
    assert cut(name, width) == text
    assert text_width(padded(text, width)) == width
