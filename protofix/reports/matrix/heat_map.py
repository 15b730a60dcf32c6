"""A matrix drawn in characters: in colours with half blocks, or in shades of ASCII."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from protofix.reports.matrix.numbers import short
from protofix.reports.matrix.pooling import pooled
from protofix.reports.matrix.scale import Scale, scale_of
from protofix.reports.terminal import Line

Array = NDArray[np.float64]

_HALF = "▀"
_SHADES = " .:;=+*#%@"
_MOST_LINES = 40
_ROOMY_LINES = 24  # what a small matrix is enlarged to
_LARGEST_CELL = 8  # columns
_BAR = 32  # columns

# From dark to light (0 upwards), and from blue by white to red (about 0); legible to colour-blind
# people and in print.
_UPWARDS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_ABOUT_ZERO = ((33, 102, 172), (146, 197, 222), (247, 247, 247), (244, 165, 130), (178, 24, 43))


def heat_map(values: Array, width: int, colour: bool) -> Iterator[Line]:
    """Draw a matrix so that it fits a width, with numbers at its sides and a scale below.

    Args:
        values: L x L; row = the label, column = the predicted class.
        width: columns that there are.
        colour: whether the terminal takes 256 colours and half blocks; else it is drawn in ASCII,
            where a minus stands in front of what is below 0.

    """
    margin = len(str(len(values) - 1)) + 2
    room = max(width - margin - 1, 2)
    # In colour, half a line is as high as a column is wide; in ASCII a line is as two columns.
    across = 1 if colour else 2
    lines_of_two = 2 if colour else 1
    small = pooled(values, min(room // across, _MOST_LINES * lines_of_two))
    count = len(small.cells)
    largest = _LARGEST_CELL // across
    size = max(1, min(room // across // count, _ROOMY_LINES * lines_of_two // count, largest))
    scale = scale_of(small.cells)
    yield [("row: label, column: predicted class", "bold")]
    yield from _across(count, small.step, size * across, margin)
    draw = _coloured if colour else _shaded
    pixels = np.repeat(np.repeat(small.cells, size, axis=0), size, axis=1)
    rows = list(draw(pixels, scale))
    numbers = _down(count, small.step, size, lines_of_two)
    for number, row in enumerate(rows):
        side = "" if colour else "|"
        yield [(f"{numbers.get(number, ''):>{margin - 2}} ", "dim"), (side or " ", ""), *row,
               (side, "")]  # fmt: skip
    for part in textwrap.wrap(small.said, width):
        yield [(part, "dim")]
    yield from _legend(scale, colour)


def _across(count: int, step: int, size: int, margin: int) -> Iterator[Line]:
    """The numbers above the columns: those of as many cells as there is room for."""
    digits = len(str((count - 1) * step))
    every = _nice(-(-(digits + 1) // size))
    line = " " * margin
    for cell in range(0, count, every):
        line = line.ljust(margin + cell * size) + str(cell * step)
    yield [(line, "dim")]


def _down(count: int, step: int, size: int, rows_a_line: int) -> dict[int, str]:
    """The numbers beside the lines, by line: one for a cell, or for every few."""
    every = 1 if size >= rows_a_line else _nice(4 * rows_a_line)
    every = 1 if count <= 2 * rows_a_line else every
    return {cell * size // rows_a_line: str(cell * step) for cell in range(0, count, every)}


def _nice(least: int) -> int:
    """The first of 1, 2, 5, 10, 20, 50... that is not below a number."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10


def _coloured(pixels: Array, scale: Scale) -> Iterator[Line]:
    """Two rows of pixels a line: the upper is the block's colour, the lower its ground's."""
    styles = [[_colour(place, scale) for place in row] for row in scale.place(pixels).tolist()]
    for at in range(0, len(styles), 2):
        if at + 1 == len(styles):
            yield _runs(_HALF, styles[at])
        else:
            pairs = zip(styles[at], styles[at + 1], strict=True)
            yield _runs(_HALF, [f"{upper} on {lower}" for upper, lower in pairs])


def _shaded(pixels: Array, scale: Scale) -> Iterator[Line]:
    for row in scale.place(pixels).tolist():
        yield [("".join(_shade(place, scale) for place in row), "")]


def _shade(place: float, scale: Scale) -> str:
    """Two characters: blanks for 0 alone."""
    size = abs(2 * place - 1) if scale.symmetric else place
    level = round(size * (len(_SHADES) - 1))
    shade = _SHADES[max(level, 1) if size else 0]
    return ("-" if scale.symmetric and place < 0.5 else shade) + shade


def _legend(scale: Scale, colour: bool) -> Iterator[Line]:
    low, middle, high = (short(scale.number(place)) for place in (0, 0.5, 1))
    yield [("", "")]
    if colour:
        size = _BAR
        yield _runs(" ", [f"on {_colour(at / (_BAR - 1), scale)}" for at in range(_BAR)])
    else:
        steps = (len(_SHADES) - 1) * (2 if scale.symmetric else 1)
        bar = "".join(_shade(step / steps, scale) for step in range(steps + 1))
        size = len(bar) + 2
        yield [(f"|{bar}|", "")]
    yield [(low + middle.center(size - len(low) - len(high)) + high, "")]
    if scale.said:
        yield [(scale.said, "dim")]


def _runs(character: str, styles: Sequence[str]) -> Line:
    """A character in each style, neighbours of one style together."""
    return [(character * len(list(alike)), style) for style, alike in groupby(styles)]


def _colour(place: float, scale: Scale) -> str:
    """The colour at a place of a scale, in the words that rich knows."""
    stops = _ABOUT_ZERO if scale.symmetric else _UPWARDS
    first = min(int(place * (len(stops) - 1)), len(stops) - 2)
    part = place * (len(stops) - 1) - first
    pairs = zip(stops[first], stops[first + 1], strict=True)
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in pairs)
