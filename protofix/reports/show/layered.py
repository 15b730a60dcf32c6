"""Boxes placed in rows from top to bottom, so that every edge leads down and past no box.

In the manner of Sugiyama: rows by the longest way to each box; where an edge passes a row, a bend
takes a place there; the order within the rows is igraph's, which keeps crossings few; then each
row is shifted, in that order, to where its neighbours are (igraph takes boxes for points).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import NamedTuple

GAP, BEND_GAP = 26.0, 14.0
"""Least distance between two boxes, and between a bend and whatever is beside it, in pixels."""

_ROW_GAP, _MOST_ROW_GAP = 34.0, 90.0
_SWEEPS = 30
# The straightness of long edges goes before that of short ones (Gansner and others, 1993).
_WEIGHTS = (1.0, 2.0, 8.0)  # by how many of an edge's ends are bends


class Size(NamedTuple):
    """Of a box, in pixels."""

    width: float
    height: float


class Point(NamedTuple):
    """A place, in pixels from the top left corner."""

    x: float
    y: float


class Link(NamedTuple):
    """An edge between two boxes; it leaves and enters them so far right of their middles."""

    source: int
    target: int
    source_offset: float = 0.0
    target_offset: float = 0.0


Route = tuple[Point, ...]
"""Where an edge runs: straight down from each point of even place to the next, else in a curve."""


@dataclass(frozen=True)
class Placement:
    """Where everything is: the middles of the boxes' upper sides, the edges' routes, the size."""

    boxes: tuple[Point, ...]
    routes: tuple[Route, ...]
    size: Size


class _Pull(NamedTuple):
    """A place that another is to be near to: so far right of it, and how much that counts."""

    place: int
    right: float
    weight: float


@dataclass(frozen=True)
class _Step:
    """Part of an edge, from a place in one row to one in the next."""

    upper: int
    lower: int
    upper_offset: float
    lower_offset: float


def place(
    sizes: Sequence[Size],
    links: Sequence[Link],
    top: Iterable[int] = (),
    bottom: Iterable[int] = (),
) -> Placement:
    """Place boxes; those in `top` get the first row for themselves, those in `bottom` the last.

    The links must not lead in a circle. Raises ImportError without igraph.
    """
    if not sizes:
        return Placement((), (), Size(0.0, 0.0))
    return _Layout(sizes, links, frozenset(top), frozenset(bottom)).placement()


class _Layout:
    """The work on one placement: boxes come first among the places, then the bends."""

    def __init__(
        self,
        sizes: Sequence[Size],
        links: Sequence[Link],
        top: frozenset[int],
        bottom: frozenset[int],
    ) -> None:
        self._sizes = list(sizes)
        self._links = links
        self._boxes = len(sizes)
        self._rows_of = _rows(len(sizes), links, top, bottom)
        self._steps: list[_Step] = []
        self._ways: list[list[int]] = []  # the steps of each link
        self._bend()
        self._rows = self._ordered()
        self._x = self._shifted()

    def placement(self) -> Placement:
        """Everything's place."""
        left = min(x - size.width / 2 for x, size in zip(self._x, self._sizes, strict=True))
        right = max(x + size.width / 2 for x, size in zip(self._x, self._sizes, strict=True))
        self._x = [x - left for x in self._x]
        tops, heights = self._heights()
        boxes = tuple(Point(self._x[box], tops[self._rows_of[box]]) for box in range(self._boxes))
        routes = tuple(self._route(way, tops, heights) for way in self._ways)
        return Placement(boxes, routes, Size(right - left, tops[-1] + heights[-1]))

    def _bend(self) -> None:
        """Lay each link through the rows; those that leave a box at one place share the way."""
        bends: dict[tuple[int, float, int], int] = {}
        steps: dict[_Step, int] = {}
        for link in self._links:
            way = []
            at, offset = link.source, link.source_offset
            for row in range(self._rows_of[link.source] + 1, self._rows_of[link.target] + 1):
                last = row == self._rows_of[link.target]
                key = (link.source, link.source_offset, row)
                if last:
                    after = link.target
                elif key in bends:
                    after = bends[key]
                else:
                    after = bends[key] = len(self._sizes)
                    self._sizes.append(Size(0.0, 0.0))
                    self._rows_of.append(row)
                step = _Step(at, after, offset, link.target_offset if last else 0.0)
                if step not in steps:
                    steps[step] = len(self._steps)
                    self._steps.append(step)
                way.append(steps[step])
                at, offset = after, 0.0
            self._ways.append(way)

    def _ordered(self) -> list[list[int]]:
        """The places of each row from left to right."""
        from igraph import Graph

        edges = [(step.upper, step.lower) for step in self._steps]
        graph = Graph(n=len(self._sizes), edges=edges, directed=True)
        found = graph.layout_sugiyama(layers=self._rows_of, maxiter=100)
        rows: list[list[int]] = [[] for _ in range(max(self._rows_of) + 1)]
        for number, row in enumerate(self._rows_of):
            rows[row].append(number)
        for places in rows:
            places.sort(key=lambda number: found[number][0])
        self._columns = {number: at for places in rows for at, number in enumerate(places)}
        return rows

    def _shifted(self) -> list[float]:
        """How far right each place is: near to those it is joined with, in its row's order."""
        x = [0.0] * len(self._sizes)
        apart = [self._apart(row) for row in self._rows]
        for row, gaps in zip(self._rows, apart, strict=True):
            middle = gaps[-1] / 2
            for number, gap in zip(row, gaps, strict=True):
                x[number] = gap - middle
        above: list[list[_Pull]] = [[] for _ in self._sizes]
        below: list[list[_Pull]] = [[] for _ in self._sizes]
        for step in self._steps:
            weight = _WEIGHTS[(step.upper >= self._boxes) + (step.lower >= self._boxes)]
            right = step.upper_offset - step.lower_offset
            above[step.lower].append(_Pull(step.upper, right, weight))
            below[step.upper].append(_Pull(step.lower, -right, weight))
        both = [[*up, *down] for up, down in zip(above, below, strict=True)]
        count = len(self._rows)
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            near = both if sweep >= _SWEEPS // 2 else above if down else below
            for at in range(count) if down else range(count - 1, -1, -1):
                _shift_row(self._rows[at], apart[at], near, x)
        for way in self._lines(above, below):
            self._straighten(way, apart, x)
        return x

    def _lines(self, above: list[list[_Pull]], below: list[list[_Pull]]) -> list[list[_Pull]]:
        """Rows of places, each the only one to follow the one before, that look best in a line.

        Each is given with how far right of the line its middle is to be.
        """
        lines = []
        begun: set[int] = set()
        for row in self._rows:
            for first in row:
                if first in begun:
                    continue
                line = [_Pull(first, 0.0, 1.0)]
                begun.add(first)
                while len(below[line[-1].place]) == 1:
                    (next_,) = below[line[-1].place]
                    if len(above[next_.place]) != 1 or next_.place in begun:
                        break
                    begun.add(next_.place)
                    line.append(_Pull(next_.place, line[-1].right - next_.right, 1.0))
                if len(line) > 1:
                    lines.append(line)
        # Long ones first: they take room from the short ones.
        return sorted(lines, key=len, reverse=True)

    def _straighten(self, line: list[_Pull], apart: list[list[float]], x: list[float]) -> None:
        """Bring a line's places below one another, as far as their neighbours leave room."""
        stretch: list[_Pull] = []
        least, most = -inf, inf
        for it in line:
            left, right = self._room(it.place, apart, x)
            if max(least, left - it.right) > min(most, right - it.right):
                _align(stretch, least, most, x)
                stretch, least, most = [], -inf, inf
            stretch.append(it)
            least, most = max(least, left - it.right), min(most, right - it.right)
        _align(stretch, least, most, x)

    def _room(self, place: int, apart: list[list[float]], x: list[float]) -> tuple[float, float]:
        """Between where a place may be moved without coming too close to those beside it."""
        number = self._rows_of[place]
        row, gaps = self._rows[number], apart[number]
        at = self._columns[place]
        left = x[row[at - 1]] + gaps[at] - gaps[at - 1] if at else -inf
        right = x[row[at + 1]] - gaps[at + 1] + gaps[at] if at + 1 < len(row) else inf
        return left, max(left, right)

    def _apart(self, row: list[int]) -> list[float]:
        """How far right of the first each place of a row must be at least."""
        total, gaps = 0.0, [0.0]
        for left, right in pairwise(row):
            bends = left >= self._boxes or right >= self._boxes
            half = (self._sizes[left].width + self._sizes[right].width) / 2
            total += half + (BEND_GAP if bends else GAP)
            gaps.append(total)
        return gaps

    def _heights(self) -> tuple[list[float], list[float]]:
        """Where each row begins, and how high it is; edges that run far aside get more room."""
        heights = [max(self._sizes[number].height for number in row) for row in self._rows]
        widest = [0.0] * len(self._rows)
        for step in self._steps:
            run = abs(
                self._end(step.upper, step.upper_offset) - self._end(step.lower, step.lower_offset)
            )
            row = self._rows_of[step.upper]
            widest[row] = max(widest[row], run)
        tops = [0.0]
        for height, run in zip(heights[:-1], widest, strict=False):
            tops.append(tops[-1] + height + min(_ROW_GAP + run * 0.06, _MOST_ROW_GAP))
        return tops, heights

    def _end(self, number: int, offset: float) -> float:
        return self._x[number] + offset

    def _route(self, way: list[int], tops: list[float], heights: list[float]) -> Route:
        """Down through each row, and between two rows in a curve."""
        points: list[Point] = []
        for number in way:
            step = self._steps[number]
            row = self._rows_of[step.upper]
            x = self._end(step.upper, step.upper_offset)
            points.append(Point(x, tops[row] + self._sizes[step.upper].height))
            points.append(Point(x, tops[row] + heights[row]))
        last = self._steps[way[-1]]
        x = self._end(last.lower, last.lower_offset)
        end = Point(x, tops[self._rows_of[last.lower]])
        return (*points, end, end)


def _rows(
    count: int, links: Sequence[Link], top: frozenset[int], bottom: frozenset[int]
) -> list[int]:
    """The row of each box: below all that lead to it, but near to what it leads to."""
    after: list[list[int]] = [[] for _ in range(count)]
    before = [0] * count
    for link in links:
        after[link.source].append(link.target)
        before[link.target] += 1
    waits = list(before)
    rows = [0 if box in top or not top else 1 for box in range(count)]
    order = [box for box in range(count) if waits[box] == 0]
    for box in order:
        for other in after[box]:
            rows[other] = max(rows[other], rows[box] + 1)
            waits[other] -= 1
            if waits[other] == 0:
                order.append(other)
    if bottom:
        last = max((rows[box] for box in range(count) if box not in bottom), default=-1) + 1
        for box in bottom:
            rows[box] = last
    for box in reversed(order):
        # What has more edges out than in makes them shorter by moving down.
        if box not in top and box not in bottom and len(set(after[box])) > before[box]:
            rows[box] = max(rows[box], min(rows[other] for other in after[box]) - 1)
    numbers = {row: number for number, row in enumerate(sorted(set(rows)))}
    return [numbers[row] for row in rows]


def _align(stretch: list[_Pull], least: float, most: float, x: list[float]) -> None:
    """Bring places below one another, between bounds, near to where they are."""
    mean = sum(x[it.place] - it.right for it in stretch) / len(stretch)
    at = min(max(mean, least), most)
    for it in stretch:
        x[it.place] = at + it.right


def _shift_row(
    row: list[int],
    apart: list[float],
    near: list[list[_Pull]],
    x: list[float],
) -> None:
    """Shift a row to where its neighbours want it, in its order, with the least squared error.

    Places that would be too close to each other move together (pool adjacent violators).
    """
    blocks: list[tuple[float, float, int]] = []  # place of the first, weight, how many
    for number, gap in zip(row, apart, strict=True):
        joined = near[number]
        weight = sum(it.weight for it in joined)
        if weight:
            wish = sum((x[it.place] + it.right) * it.weight for it in joined) / weight
        else:
            wish, weight = x[number], 0.01
        block = (wish - gap, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            at, heavy, members = blocks.pop()
            together = heavy + block[1]
            block = ((at * heavy + block[0] * block[1]) / together, together, members + block[2])
        blocks.append(block)
    done = 0
    for at, _, members in blocks:
        for place in range(done, done + members):
            x[row[place]] = at + apart[place]
        done += members
