"""Nets as a picture in SVG, dark on light, in any number of states and without any script."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import east_asian_width
from xml.sax.saxutils import escape, quoteattr

from protofix.reports.show.details import FAMILIES
from protofix.reports.show.drawing import ALWAYS, COLOURS, MEANING, SOME, TEST, TRAIN, Box, Drawing
from protofix.reports.show.layered import Point, Route, Size
from protofix.reports.show.layout import Page, Rectangle, lay_out

_FONT = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
_EM, _WIDE_EM = 0.62, 1.24
"""Width of a character of a monospaced font, in its size: all of the above have at most that."""

_TITLE, _TEXT, _SMALL, _HEAD = 12, 11, 10, 14  # font sizes
_LINE = 15.0
_PAD_X, _PAD_Y = 10.0, 7.0
_MARGIN = 24.0
_MOST_CHARACTERS = 36  # in a line of a box
_LEAST_WIDTH = 90.0
_LEAST_PAGE = 640.0

_INK, _PALE_INK, _LINE_INK = "#1f2328", "#4b5563", "#57606a"
# How boxes and edges are drawn that are not in all states: the colour, and the strokes.
_WHEN = {
    ALWAYS: ("", ""),
    TRAIN: (COLOURS[TRAIN], "7 3"),
    TEST: (COLOURS[TEST], "2 3"),
    SOME: (COLOURS[SOME], "8 3 2 3"),
}


@dataclass(frozen=True)
class _Shown:
    """A box with its lines broken to fit, and its size."""

    box: Box
    title: tuple[str, ...]
    lines: tuple[str, ...]
    size: Size


def svg(drawings: Sequence[Drawing]) -> str:
    """Draw nets below one another. Raises ImportError without igraph."""
    parts: list[str] = []
    top = _MARGIN
    pages = []
    for drawing in drawings:
        shown = [_fitted(box) for box in drawing.boxes]
        pages.append((drawing, shown, _page(drawing, shown)))
    width = max([_LEAST_PAGE, *(page.size.width + 2 * _MARGIN for _, _, page in pages)])
    for drawing, shown, page in pages:
        head, height = _head(drawing, width, top)
        parts += head
        left = (width - page.size.width) / 2
        parts.append(f'<g transform="translate({left:.1f} {top + height:.1f})">')
        parts += _body(drawing, shown, page)
        parts.append("</g>")
        top += height + page.size.height + 2 * _MARGIN
    title = escape("; ".join(drawing.title for drawing in drawings))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {top:.0f}" '
            f'width="{width:.0f}" height="{top:.0f}" font-family="{_FONT}" fill="{_INK}">',
            f"<title>{title}</title>",
            *_DEFINITIONS,
            f'<rect width="{width:.0f}" height="{top:.0f}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


_DEFINITIONS = (
    "<defs>",
    '<marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" '
    f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{_LINE_INK}"/></marker>',
    "</defs>",
)


def _fitted(box: Box) -> _Shown:
    title = tuple(_broken(box.title))
    said = [*box.lines, box.tag] if box.tag else box.lines
    lines = tuple(part for line in said for part in _broken(line))
    inner = max(
        max(_width(line, _TITLE) for line in title),
        max((_width(line, _TEXT) for line in lines), default=0.0),
    )
    height = 2 * _PAD_Y + _LINE * (len(title) + len(lines))
    return _Shown(box, title, lines, Size(max(_LEAST_WIDTH, inner + 2 * _PAD_X), height))


def _broken(line: str) -> list[str]:
    return textwrap.wrap(line, _MOST_CHARACTERS, break_on_hyphens=False) or [""]


def _wrapped(text: str, room: float, size: float) -> list[str]:
    """A text in lines that are no wider than there is room."""
    em = _EM if text.isascii() else _WIDE_EM
    return textwrap.wrap(text, int(room / em / size), break_on_hyphens=False)


def _width(text: str, size: float) -> float:
    """How wide a text is, in bold too."""
    ems = sum(_WIDE_EM if east_asian_width(c) in "WF" else _EM for c in text)
    return ems * size


def _page(drawing: Drawing, shown: Sequence[_Shown]) -> Page:
    groups = [
        (members, _width(name, _SMALL) + 2 * _PAD_X)
        for name, members in zip(drawing.groups, drawing.members(), strict=True)
    ]
    edges = [(edge.source, edge.target) for edge in drawing.edges]
    return lay_out([it.size for it in shown], edges, groups)


def _head(drawing: Drawing, width: float, top: float) -> tuple[list[str], float]:
    """Title and legend, and how high they are."""
    y = top + _HEAD
    parts: list[str] = []
    room = width - 2 * _MARGIN
    for line in _wrapped(drawing.title, room, _HEAD):
        parts.append(_text(line, _MARGIN, y, _HEAD, bold=True))
        y += 20
    states = f"states: {' | '.join(drawing.states)}"
    for line in _wrapped(states, room, _TEXT):
        parts.append(_text(line, _MARGIN, y, _TEXT, fill=_PALE_INK))
        y += _LINE
    x = _MARGIN
    for sample, said in _legend(drawing):
        entry = 26 + _width(said, _TEXT) + 18
        if x + entry > width - _MARGIN and x > _MARGIN:
            x, y = _MARGIN, y + 20
        parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{sample}</g>')
        parts.append(_text(said, x + 26, y + 10, _TEXT))
        x += entry
    return parts, y + 20 + _MARGIN - top


def _legend(drawing: Drawing) -> Iterator[tuple[str, str]]:
    """A sample of each way in which boxes are drawn, and what it means."""
    families = {box.family for box in drawing.boxes}
    for family in FAMILIES:
        if family in families:
            yield _sample(family.fill, family.border), family.title
    there = {box.when for box in drawing.boxes} | {edge.when for edge in drawing.edges}
    for when, meaning in MEANING.items():
        if when in there:
            colour, strokes = _WHEN[when]
            extra = f' stroke-dasharray="{strokes}" stroke-width="2"'
            yield _sample("#ffffff", colour, extra), meaning
    if any(box.ends for box in drawing.boxes):
        yield _sample("#ffffff", _INK, ' stroke-width="3"'), "loss or output"


def _sample(fill: str, stroke: str, extra: str = "") -> str:
    return f'<rect width="20" height="13" rx="3" fill="{fill}" stroke="{stroke}"{extra}/>'


def _body(drawing: Drawing, shown: Sequence[_Shown], page: Page) -> Iterator[str]:
    for rectangle in page.groups:
        yield (f'<rect class="group" {_at(rectangle)} rx="8" fill="#f6f8fa" stroke="#c4cad2"/>')
    drawn: set[tuple[int, str, Point, Point]] = set()
    for edge, route in zip(drawing.edges, page.routes, strict=True):
        # Edges from one box begin in one line, which is drawn once.
        pieces = [(edge.source, edge.when, *ends) for ends in pairwise(route)]
        begin = next((at for at, piece in enumerate(pieces) if piece not in drawn), 0)
        drawn.update(pieces)
        colour, strokes = _WHEN[edge.when]
        dashes = f' stroke-dasharray="{strokes}"' if strokes else ""
        yield (
            f'<path class="edge" d="{_path(route, begin)}" fill="none" '
            f'stroke="{colour or _LINE_INK}"{dashes} stroke-width="1.3" marker-end="url(#arrow)">'
            f"<title>{escape(', '.join(edge.blobs))}</title></path>"
        )
    for name, rectangle in zip(drawing.groups, page.groups, strict=True):
        # Edges may run below the name; it keeps its ground around it.
        yield (
            f'<text x="{rectangle.x + 8:.1f}" y="{rectangle.y + 14:.1f}" font-size="{_SMALL}" '
            f'fill="{_PALE_INK}" stroke="#f6f8fa" stroke-width="4" paint-order="stroke">'
            f"{escape(name)}</text>"
        )
    for it, rectangle in zip(shown, page.boxes, strict=True):
        yield from _box(it, rectangle)


def _box(shown: _Shown, at: Rectangle) -> Iterator[str]:
    box = shown.box
    colour, strokes = _WHEN[box.when]
    dashes = f' stroke-dasharray="{strokes}"' if strokes else ""
    thick = 3 if box.ends else 2 if strokes else 1.2
    yield f'<g class="box" data-name={quoteattr(box.title)}>'
    yield (
        f'<rect {_at(at)} rx="5" fill="{box.family.fill}" '
        f'stroke="{colour or box.family.border}"{dashes} stroke-width="{thick}"/>'
    )
    y = at.y + _PAD_Y + 11
    middle = at.x + at.width / 2
    for line in shown.title:
        yield _text(line, middle, y, _TITLE, bold=True, anchor="middle")
        y += _LINE
    for line in shown.lines:
        fill = colour if line == box.tag and colour else _INK
        yield _text(line, middle, y, _TEXT, anchor="middle", fill=fill)
        y += _LINE
    yield "</g>"


def _text(
    text: str,
    x: float,
    y: float,
    size: float,
    *,
    bold: bool = False,
    anchor: str = "",
    fill: str = "",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    anchored = f' text-anchor="{anchor}"' if anchor else ""
    filled = f' fill="{fill}"' if fill else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{weight}{anchored}{filled} '
        f'xml:space="preserve">{escape(text)}</text>'
    )


def _at(it: Rectangle) -> str:
    return f'x="{it.x:.1f}" y="{it.y:.1f}" width="{it.width:.1f}" height="{it.height:.1f}"'


def _path(route: Route, begin: int) -> str:
    """Straight down where the route passes a row, in a curve from one row to the next."""
    x, y = route[begin]
    parts = [f"M{x:.1f} {y:.1f}"]
    for number, point in enumerate(route[begin + 1 :], begin + 1):
        if abs(point.x - x) < 0.05:
            if point.y - y > 0.05:
                parts.append(f"V{point.y:.1f}")
        elif number % 2:
            parts.append(f"L{point.x:.1f} {point.y:.1f}")
        else:
            middle = (y + point.y) / 2
            parts.append(
                f"C{x:.1f} {middle:.1f} {point.x:.1f} {middle:.1f} {point.x:.1f} {point.y:.1f}"
            )
        x, y = point
    return "".join(parts)
