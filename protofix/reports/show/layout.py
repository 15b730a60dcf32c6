"""Boxes and groups of boxes placed on a page.

Each group is placed by itself, with a port on its upper side for each box outside that leads into
it, and one on its lower side for each of its boxes that leads out; then the groups are placed as
if they were boxes. So no box of another group lies in a group, and no edge runs past a box.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from protofix.reports.show.layered import Link, Point, Route, Size, place

GROUP_TITLE = 22.0
"""Height of a group's title, in pixels."""

_PAD = 14.0

Ends = tuple[int, int]


class Rectangle(NamedTuple):
    """Left, top, width and height, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Page:
    """Where the boxes, the groups and the edges are, in their order, and the whole page's size."""

    boxes: tuple[Rectangle, ...]
    groups: tuple[Rectangle, ...]
    routes: tuple[Route, ...]
    size: Size


@dataclass(frozen=True)
class _Group:
    """A group placed by itself; everything is told from its upper left corner.

    `into` and `out_of` are the routes between its boxes and its ports, by the edges' ends.
    """

    size: Size
    boxes: Mapping[int, Rectangle]
    within: Mapping[Ends, Route]
    into: Mapping[Ends, Route]
    out_of: Mapping[int, Route]

    def entry(self, ends: Ends) -> float:
        """How far right of its middle an edge from outside enters it."""
        return self.into[ends][0].x - self.size.width / 2

    def exit(self, box: int) -> float:
        """How far right of its middle what leads out of a box leaves it."""
        return self.out_of[box][-1].x - self.size.width / 2


def lay_out(
    sizes: Sequence[Size], edges: Sequence[Ends], groups: Sequence[tuple[Sequence[int], float]]
) -> Page:
    """Place boxes of these sizes, the edges between them, and groups of them.

    A group is its boxes and the width that it needs at least for its title. The edges must not
    lead in a circle, nor would they if each group were one box. Raises ImportError without igraph.
    """
    group_of = {box: number for number, (boxes, _) in enumerate(groups) for box in boxes}
    edges_of: list[list[Ends]] = [[] for _ in groups]
    for ends in edges:
        for number in {group_of[box] for box in ends if box in group_of}:
            edges_of[number].append(ends)
    placed = [
        _group(boxes, width, sizes, inner)
        for (boxes, width), inner in zip(groups, edges_of, strict=True)
    ]
    item_of = {box: len(sizes) + group for box, group in group_of.items()}
    items = [
        *(box for box in range(len(sizes)) if box not in item_of),
        *sorted({*item_of.values()}),
    ]
    at = {item: number for number, item in enumerate(items)}
    item_sizes = [sizes[it] if it < len(sizes) else placed[it - len(sizes)].size for it in items]

    links: dict[Link, int] = {}
    link_of: dict[Ends, int] = {}
    for ends in edges:
        source, target = (item_of.get(box, box) for box in ends)
        if source == target:
            continue
        leaves = placed[group_of[ends[0]]].exit(ends[0]) if ends[0] in group_of else 0.0
        enters = placed[group_of[ends[1]]].entry(ends) if ends[1] in group_of else 0.0
        link = Link(at[source], at[target], leaves, enters)
        link_of[ends] = links.setdefault(link, len(links))
    outer = place(item_sizes, list(links))

    corner_of = {
        item: Point(place.x - size.width / 2, place.y)
        for item, place, size in zip(items, outer.boxes, item_sizes, strict=True)
    }
    boxes = []
    for box, size in enumerate(sizes):
        corner = corner_of[item_of.get(box, box)]
        within = placed[group_of[box]].boxes[box] if box in group_of else (0.0, 0.0)
        boxes.append(Rectangle(corner.x + within[0], corner.y + within[1], *size))
    rectangles = [
        Rectangle(*corner_of[len(sizes) + number], *group.size)
        for number, group in enumerate(placed)
    ]
    routes = []
    for ends in edges:
        route: Route = ()
        first, last = (group_of.get(box) for box in ends)
        if first is not None:
            group, corner = placed[first], corner_of[len(sizes) + first]
            inner_route = group.within[ends] if first == last else group.out_of[ends[0]]
            route += _moved(inner_route, corner)
        if ends in link_of:
            route += outer.routes[link_of[ends]]
        if last is not None and first != last:
            route += _moved(placed[last].into[ends], corner_of[len(sizes) + last])
        routes.append(route)
    return Page(tuple(boxes), tuple(rectangles), tuple(routes), outer.size)


def _group(
    boxes: Sequence[int], least_width: float, sizes: Sequence[Size], edges: Iterable[Ends]
) -> _Group:
    """Place a group by itself, with all the edges that begin or end in it."""
    number_of = {box: number for number, box in enumerate(boxes)}
    entries: dict[int, int] = {}
    exits: dict[int, int] = {}
    for source, target in edges:
        if source not in number_of:
            entries.setdefault(source, len(boxes) + len(entries) + len(exits))
        elif target not in number_of:
            exits.setdefault(source, len(boxes) + len(entries) + len(exits))
    links: dict[Link, int] = {}
    within: dict[Ends, int] = {}
    into: dict[Ends, int] = {}
    out_of: dict[int, int] = {}
    for ends in edges:
        source, target = ends
        if target not in number_of:
            link = Link(number_of[source], exits[source])
            out_of[source] = links.setdefault(link, len(links))
        elif source in number_of:
            link = Link(number_of[source], number_of[target])
            within[ends] = links.setdefault(link, len(links))
        else:
            link = Link(entries[source], number_of[target])
            into[ends] = links.setdefault(link, len(links))
    port = Size(0.0, 0.0)
    all_sizes = [sizes[box] for box in boxes] + [port] * (len(entries) + len(exits))
    inner = place(all_sizes, list(links), entries.values(), exits.values())
    width = max(inner.size.width + 2 * _PAD, least_width)
    # Ports lie on the group's sides; without them the title and the border need room.
    above, below = (0.0 if entries else GROUP_TITLE), (0.0 if exits else _PAD)
    corner = Point((width - inner.size.width) / 2, above)
    return _Group(
        Size(width, above + inner.size.height + below),
        {
            box: Rectangle(
                corner.x + inner.boxes[number].x - sizes[box].width / 2,
                corner.y + inner.boxes[number].y,
                *sizes[box],
            )
            for box, number in number_of.items()
        },
        {ends: _moved(inner.routes[link], corner) for ends, link in within.items()},
        {ends: _moved(inner.routes[link], corner) for ends, link in into.items()},
        {box: _moved(inner.routes[link], corner) for box, link in out_of.items()},
    )


def _moved(route: Route, by: Point) -> Route:
    return tuple(Point(point.x + by.x, point.y + by.y) for point in route)
