"""The layers between scores and loss as a picture in SVG, coloured by the page it stands in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from protofix.infogain.proof.results import DrawnLayer
from protofix.reports.terminal import printable

_EM, _WIDE_EM = 0.62, 1.24
"""Width of a character of a monospaced font, in its size."""

_SIZE = 12.0
_LINE = 16.0
_PAD = 9.0
_GAP, _ROW_GAP, _SIDE_GAP = 18.0, 34.0, 14.0
_MOST_WIDTH = 210.0  # of a text in a box
_LEAST_WIDTH = 76.0
_MOST_LINES = 4  # of a name
_MARGIN = 6.0

Marks = dict[str, str]
"""By layer name one of `MEANINGS`; the others stayed."""

MEANINGS = {
    "gone": "the new net has no such layer",
    "new": "the old net had no such layer",
    "changed": "other bottoms, tops or type",
    "aside": "in both nets, but in only one of them between scores and loss",
}


@dataclass(frozen=True)
class _Node:
    """A layer, or a blob that comes from outside (`mark` "given")."""

    name: str
    lines: tuple[str, ...]
    mark: str
    row: int

    @property
    def width(self) -> float:
        """Width of its box."""
        return max(_LEAST_WIDTH, max(map(_width, self.lines)) + 2 * _PAD)

    @property
    def height(self) -> float:
        """Height of its box."""
        return _LINE * len(self.lines) + 2 * _PAD


@dataclass(frozen=True)
class _Edge:
    source: int
    target: int
    blob: str


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """Of its width."""
        return self.x + self.width / 2


def marks_of(
    old: Sequence[DrawnLayer],
    new: Sequence[DrawnLayer],
    in_old: Collection[str],
    in_new: Collection[str],
) -> tuple[Marks, Marks]:
    """Which layers of the old net are gone or changed, and which of the new one new or changed.

    `in_old` and `in_new` are the names of all layers of both nets.
    """
    ours, theirs = ({step.name: step for step in steps} for steps in (old, new))
    return _marks(ours, theirs, in_new, "gone"), _marks(theirs, ours, in_old, "new")


def _marks(
    here: dict[str, DrawnLayer],
    there: dict[str, DrawnLayer],
    all_there: Collection[str],
    alone: str,
) -> Marks:
    return {
        name: "changed" if name in there else "aside" if name in all_there else alone
        for name, step in here.items()
        if there.get(name) != step
    }


def chain_svg(steps: Sequence[DrawnLayer], marks: Marks, title: str) -> str:
    """Draw the layers from top to bottom, each below all that it reads.

    The classes of boxes are "box" and the mark, or "given" for a blob that comes from outside.
    """
    nodes, edges = _graph(steps, marks)
    rows = [
        [n for n, it in enumerate(nodes) if it.row == row]
        for row in range(1 + max((it.row for it in nodes), default=0))
    ]
    detours = [edge for edge in edges if nodes[edge.target].row - nodes[edge.source].row > 1]
    inner = max((_row_width(nodes, row) for row in rows), default=0.0)
    boxes, height = _placed(nodes, rows, inner)
    # Edges past a row run beside all boxes, so that they cross none.
    width = inner + 2 * _MARGIN + _SIDE_GAP * len(detours)
    drawn = [
        *(_edge(edge, edges, boxes, detours, inner) for edge in edges),
        *(_drawn(node, boxes[number]) for number, node in enumerate(nodes)),
    ]
    return "\n".join(
        [
            f'<svg class="chain" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-size="{_SIZE:g}">',
            f"<title>{_text(title)}</title>",
            *drawn,
            "</svg>",
        ]
    )


def _graph(steps: Sequence[DrawnLayer], marks: Marks) -> tuple[list[_Node], list[_Edge]]:
    """Nodes in the order of the net, and who reads whom."""
    makers: dict[str, int] = {}
    sources: dict[str, int] = {}
    nodes: list[_Node] = []
    edges: list[_Edge] = []
    first_rows: dict[int, list[int]] = {}
    for step in steps:
        mine: list[_Edge] = []
        outside = [blob for blob in dict.fromkeys(step.bottoms) if blob not in makers]
        for blob in outside:
            if blob not in sources:
                sources[blob] = len(nodes)
                nodes.append(_Node(blob, tuple(_broken(blob)), "given", 0))
        number = len(nodes)
        for blob in dict.fromkeys(step.bottoms):
            mine.append(_Edge(makers.get(blob, sources.get(blob, 0)), number, blob))
        row = 1 + max((nodes[edge.source].row for edge in mine), default=-1)
        mark = marks.get(step.name, "")
        lines = [*_broken(step.name), *_broken(step.type), *([mark] if mark else [])]
        nodes.append(_Node(step.name, tuple(lines), mark, row))
        for edge in mine:
            first_rows.setdefault(edge.source, []).append(row)
        edges += mine
        makers |= dict.fromkeys(step.tops, number)
    # A blob from outside stands right above its first reader.
    placed = [
        _Node(it.name, it.lines, it.mark, min(first_rows[n]) - 1) if it.mark == "given" else it
        for n, it in enumerate(nodes)
    ]
    return placed, edges


def _row_width(nodes: Sequence[_Node], row: Sequence[int]) -> float:
    return sum(nodes[n].width for n in row) + _GAP * max(0, len(row) - 1)


def _placed(
    nodes: Sequence[_Node], rows: Sequence[Sequence[int]], inner: float
) -> tuple[dict[int, _Box], float]:
    """Where the boxes are, each row in the middle of the page, and how high the page is."""
    boxes: dict[int, _Box] = {}
    y = _MARGIN
    for row in rows:
        x = _MARGIN + (inner - _row_width(nodes, row)) / 2
        height = max((nodes[n].height for n in row), default=0.0)
        for n in row:
            node = nodes[n]
            boxes[n] = _Box(x, y + (height - node.height) / 2, node.width, node.height)
            x += node.width + _GAP
        y += height + _ROW_GAP
    return boxes, y - _ROW_GAP + _MARGIN


def _edge(
    edge: _Edge,
    edges: Sequence[_Edge],
    boxes: dict[int, _Box],
    detours: Sequence[_Edge],
    inner: float,
) -> str:
    source, target = boxes[edge.source], boxes[edge.target]
    entering = sorted(
        (one for one in edges if one.target == edge.target),
        key=lambda one: (one in detours, boxes[one.source].middle),
    )
    share = (entering.index(edge) + 1) / (len(entering) + 1)
    x, y = source.middle, source.y + source.height
    to_x, to_y = target.x + target.width * share, target.y - 1
    if edge in detours:
        side = _MARGIN + inner + _SIDE_GAP * (detours.index(edge) + 0.5)
        down, up = y + _ROW_GAP / 2, to_y - _ROW_GAP / 2
        path = f"V{down:.1f}H{side:.1f}V{up:.1f}H{to_x:.1f}V{to_y - 6:.1f}"
    else:
        bend = (y + to_y) / 2
        path = f"C{x:.1f} {bend:.1f} {to_x:.1f} {bend:.1f} {to_x:.1f} {to_y - 6:.1f}"
    return (
        f'<g class="edge"><title>{_text(edge.blob)}</title>'
        f'<path class="line" d="M{x:.1f} {y:.1f}{path}"/>'
        f'<path class="tip" d="M{to_x - 4:.1f} {to_y - 7:.1f}h8l-4 7z"/></g>'
    )


def _drawn(node: _Node, at: _Box) -> str:
    radius = at.height / 2 if node.mark == "given" else 5
    parts = [
        f'<g class="box {node.mark}"><title>{_text(node.name)}</title>',
        f'<rect x="{at.x:.1f}" y="{at.y:.1f}" width="{at.width:.1f}" height="{at.height:.1f}" '
        f'rx="{radius:.1f}"/>',
    ]
    for number, line in enumerate(node.lines):
        y = at.y + _PAD + _LINE * (number + 0.5)
        tag = ' class="tag"' if node.mark == line and number == len(node.lines) - 1 else ""
        parts.append(f'<text{tag} x="{at.middle:.1f}" y="{y:.1f}">{_text(line)}</text>')
    return "".join([*parts, "</g>"])


def _broken(text: str) -> list[str]:
    """A text in lines that fit into a box, cut if they are too many."""
    return list(_lines(printable(text), _MOST_LINES)) or [""]


def _lines(text: str, most: int) -> Iterator[str]:
    line = ""
    for character in text:
        if _width(line + character) > _MOST_WIDTH:
            most -= 1
            if not most:
                yield line[:-1] + "…"
                return
            yield line
            line = ""
        line += character
    if line:
        yield line


def _width(text: str) -> float:
    return _SIZE * sum(_WIDE_EM if east_asian_width(c) in "WF" else _EM for c in text)


def _text(text: str) -> str:
    return escape(printable(text))
