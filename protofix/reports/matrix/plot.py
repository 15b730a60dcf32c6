"""A matrix drawn by matplotlib, as PNG or SVG, the same bytes for the same matrix."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from protofix.reports.matrix.numbers import cut, short
from protofix.reports.matrix.pooling import Pooled, pooled
from protofix.reports.matrix.scale import Scale, scale_of
from protofix.reports.terminal import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

FORMATS = (".png", ".svg")
"""Endings of the files that can be drawn."""

_MOST_CELLS = 400
_MOST_NUMBERED, _MOST_TICKED = 16, 32  # classes
_MOST_NAME = 24  # characters
_EM = 0.68  # the width of a digit and what is around it, in the size of its font
_FOR_CELLS = 0.65  # of the side of a picture, where names are long
_DOTS = 150  # an inch
_METADATA: dict[str, dict[str, Any]] = {".png": {"Software": None}, ".svg": {"Date": None}}


def plot(values: Array, suffix: str, title: str, names: Sequence[str] | None = None) -> bytes:
    """Draw a matrix as a picture.

    No display is needed, and a matplotlibrc does not matter.

    Args:
        values: L x L; row = the label, column = the predicted class.
        suffix: one of `FORMATS`.
        title: what stands above it.
        names: of the L classes; their numbers stand at the sides if not given.

    Raises:
        ImportError: matplotlib is missing.

    """
    import matplotlib
    from matplotlib.figure import Figure

    small = pooled(values, _MOST_CELLS)
    scale = scale_of(small.cells)
    picture = io.BytesIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = "protofix"
        warnings.simplefilter("ignore")  # of letters that the font lacks
        side = 6.0 if len(values) <= 5 else 8.0
        figure = Figure(figsize=(side + 1, side), dpi=_DOTS, layout="constrained")
        axes = figure.add_subplot()
        image = axes.imshow(
            scale.place(small.cells),
            cmap="RdBu_r" if scale.symmetric else "viridis",
            vmin=0,
            vmax=1,
            extent=_extent(small),
            interpolation="nearest",
        )
        _say(axes, small, title, len(values))
        _tick(axes, len(values), names)
        if len(values) <= _MOST_NUMBERED:
            _write_numbers(axes, values, scale, side * 72 * _FOR_CELLS / len(values))
        bar = figure.colorbar(image, ax=axes, shrink=0.85)
        places = scale.place(scale.marks).tolist()
        bar.set_ticks(places, labels=[short(mark) for mark in scale.marks])
        bar.set_label(scale.said)
        figure.savefig(picture, format=suffix[1:], dpi=_DOTS, metadata=_METADATA[suffix])
    return picture.getvalue()


def _extent(small: Pooled) -> tuple[float, float, float, float]:
    """Where the cells are, in class numbers: left, right, bottom, top."""
    end = len(small.cells) * small.step - 0.5
    return -0.5, end, end, -0.5


def _say(axes: Axes, small: Pooled, title: str, classes: int) -> None:
    axes.set_title(printable(title), parse_math=False)
    said = f"\n{small.said}" if small.said else ""
    axes.set_xlabel(f"predicted class{said}")
    axes.set_ylabel("label")
    axes.set_xlim(-0.5, classes - 0.5)
    axes.set_ylim(classes - 0.5, -0.5)


def _tick(axes: Axes, classes: int, names: Sequence[str] | None) -> None:
    """Write the classes at the sides: all of a few, some of many."""
    if classes > _MOST_TICKED:
        from matplotlib.ticker import MaxNLocator

        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(10, integer=True))
        return
    words = [cut(printable(name), _MOST_NAME) for name in names or map(str, range(classes))]
    size = 10 if classes <= 20 else 7
    slanted: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if names else {}
    )
    axes.set_xticks(range(classes), words, fontsize=size, parse_math=False, **slanted)
    axes.set_yticks(range(classes), words, fontsize=size, parse_math=False)


def _write_numbers(axes: Axes, values: Array, scale: Scale, room: float) -> None:
    """Write each number into its cell, so many points wide, dark on light and light on dark."""
    longest = max(len(_brief(number)) for number in values.flat)
    size = min(11.0, room / (longest * _EM))
    for (row, column), number in np.ndenumerate(values):
        place = float(scale.place(number))
        is_dark = abs(place - 0.5) > 0.3 if scale.symmetric else place < 0.6
        axes.text(
            column,
            row,
            _brief(number),
            ha="center",
            va="center",
            fontsize=size,
            color="white" if is_dark else "black",
        )


def _brief(number: float) -> str:
    return short(number) if abs(number) >= 10 else f"{number + 0.0:.2g}"
