"""Plots of a proof as SVG, coloured by the page that they stand in."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from protofix.infogain.proof.results import BatchProof, CurvePoint
from protofix.reports.proof.words import COLUMNS, tolerance_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = "#010203"
_SERIES = {"legacy": "#010204", "today": "#010205", "new": "#010206"}
_COLOURS = {_INK: "currentColor", **{colour: f"var(--{n})" for n, colour in _SERIES.items()}}
"""Colours that nobody would choose, each to be replaced by one of the page's."""

_STROKES: dict[str, dict[str, Any]] = {
    "new": {"linewidth": 4, "alpha": 0.55},
    "legacy": {"linewidth": 1.8, "linestyle": (0, (5, 2))},
    "today": {"linewidth": 1.8, "linestyle": (0, (1.2, 1.6))},
}
_NOTHING = -18.0  # the place of a difference of 0 among powers of 10
_INCHES = 5.2
_RC: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "sans-serif",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def differences_svg(batches: Sequence[BatchProof], name: str) -> str:
    """Draw the difference of each batch on a logarithmic scale; "" if none has one.

    `name` makes the ids in the picture its own. Raises ImportError without matplotlib.
    """
    known = [batch for batch in batches if batch.difference is not None]
    if not known:
        return ""

    tolerance = known[0].tolerance

    def draw(axes: Axes) -> None:
        for number, batch in enumerate(known):
            marker = "^" if batch.underflow else "o" if batch.equal else "X"
            at = _power(batch.difference or 0.0)
            axes.hlines(number, _NOTHING, at, colors=_INK, linewidth=0.6, alpha=0.35)
            axes.plot([at], [number], marker, color=_SERIES["new"], markersize=7, clip_on=False)
        axes.axvline(math.log10(tolerance), color=_INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_yticks(range(len(known)), [batch.about for batch in known], parse_math=False)
        axes.set_ylim(len(known) - 0.4, -0.6)
        marks = [-16, -12, -6, 0]
        words = ["1e-16", "1e-12", "1e-6", "1"]
        axes.set_xlim(_NOTHING, max(1.0, *(_power(batch.difference or 0.0) for batch in known)))
        axes.set_xticks([_NOTHING, *marks], ["0", *words])
        axes.set_xlabel(f"largest relative difference; dashed: {tolerance_text(tolerance)}")

    said = "The largest relative difference of each batch, on a logarithmic scale"
    return _drawn(draw, 1.0 + 0.24 * len(known), said, name)


def curve_svg(curve: Sequence[CurvePoint], name: str) -> str:
    """Draw gradients against how far a wrong class leads; "" for a curve without points.

    `name` makes the ids in the picture its own. Raises ImportError without matplotlib.
    """
    if not curve:
        return ""

    def draw(axes: Axes) -> None:
        for series, strokes in _STROKES.items():
            points = [(it.margin, getattr(it, series)) for it in curve]
            known = [point for point in points if point[1] is not None]
            if known:
                margins, sizes = zip(*known, strict=True)
                colour, title = _SERIES[series], COLUMNS[series]
                axes.plot(margins, sizes, color=colour, label=title, **strokes)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("lead of a wrong class over the right one, in scores")
        axes.set_ylabel("largest |gradient|")
        if axes.has_data():
            axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0))

    said = "The largest gradient against how far a wrong class leads the right one"
    return _drawn(draw, 3.4, said, name)


def _power(difference: float) -> float:
    """Where a difference is drawn."""
    if math.isnan(difference):
        return 1.0
    return min(1.0, max(_NOTHING, math.log10(difference))) if difference else _NOTHING


def _drawn(draw: Callable[[Axes], None], height: float, said: str, name: str) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    picture = io.StringIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        matplotlib.rcParams["svg.hashsalt"] = name
        warnings.simplefilter("ignore")  # of letters that the font lacks
        figure = Figure(figsize=(_INCHES, height), layout="constrained", facecolor="none")
        axes = figure.add_subplot(facecolor="none")
        draw(axes)
        figure.savefig(picture, format="svg", metadata={"Date": None})
    return _for_page(picture.getvalue(), said, name)


def _for_page(svg: str, said: str, name: str) -> str:
    """Take what only a file of its own needs from a picture, and give it the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, own in _COLOURS.items():
        svg = svg.replace(colour, own)
    view = re.search(r'viewBox="[^"]*"', svg)
    assert view is not None
    head = f'<svg class="plot" role="img" xmlns:xlink="http://www.w3.org/1999/xlink" {view[0]}>'
    return f"{head}<title>{escape(said)}</title>{svg[svg.index('>') + 1 :]}"
