"""What a picture in SVG shows, read back: boxes with their texts, groups, and where edges run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"
_EM = 0.6  # of a monospaced font: the width of a character in its size
_SLACK = 0.2  # pixels, for coordinates are rounded
_COMMAND = re.compile(r"([MVLC])([^MVLC]*)")


class Area(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Area) -> bool:
        return (
            self.left < other.right - _SLACK
            and other.left < self.right - _SLACK
            and self.top < other.bottom - _SLACK
            and other.top < self.bottom - _SLACK
        )

    def holds(self, other: Area) -> bool:
        return (
            self.left - _SLACK <= other.left
            and self.top - _SLACK <= other.top
            and other.right <= self.right + _SLACK
            and other.bottom <= self.bottom + _SLACK
        )


@dataclass(frozen=True)
class PictureBox:
    name: str
    area: Area
    texts: tuple[str, ...]
    text_areas: tuple[Area, ...]
    strokes: str


@dataclass(frozen=True)
class Picture:
    """One net of a picture; `edges` are places along each edge."""

    boxes: tuple[PictureBox, ...]
    groups: tuple[Area, ...]
    edges: tuple[tuple[tuple[float, float], ...], ...]
    size: tuple[float, float]


def pictures(svg: str) -> list[Picture]:
    root = ElementTree.fromstring(svg)
    width, height = (float(it) for it in root.attrib["viewBox"].split()[2:])
    nets = [it for it in root.findall(f"{_SVG}g") if it.find(f"{_SVG}g[@class='box']") is not None]
    return [
        Picture(
            tuple(_box(it) for it in net.findall(f"{_SVG}g[@class='box']")),
            tuple(_area(it) for it in net.findall(f"{_SVG}rect[@class='group']")),
            tuple(
                tuple(_along(it.attrib["d"])) for it in net.findall(f"{_SVG}path[@class='edge']")
            ),
            (width, height),
        )
        for net in nets
    ]


def faults(picture: Picture) -> list[str]:
    """What overlaps, does not fit, or runs where it must not."""
    found = [
        f"{one.name} overlaps {other.name}"
        for one, other in combinations(picture.boxes, 2)
        if one.area.overlaps(other.area)
    ]
    for box in picture.boxes:
        found += [
            f"{box.name}: {text!r} does not fit"
            for text, area in zip(box.texts, box.text_areas, strict=True)
            if not box.area.holds(area)
        ]
        found += [
            f"{box.name} lies across a group's border"
            for group in picture.groups
            if group.overlaps(box.area) and not group.holds(box.area)
        ]
    for edge in picture.edges:
        found += [
            f"an edge runs through {box.name}"
            for box in picture.boxes
            if any(_inside(point, box.area) for point in edge)
        ]
    return found


def _inside(point: tuple[float, float], area: Area) -> bool:
    x, y = point
    return area.left + 1 < x < area.right - 1 and area.top + 1 < y < area.bottom - 1


def _box(group: ElementTree.Element) -> PictureBox:
    rect = group.find(f"{_SVG}rect")
    assert rect is not None
    texts = group.findall(f"{_SVG}text")
    return PictureBox(
        group.attrib["data-name"],
        _area(rect),
        tuple(text.text or "" for text in texts),
        tuple(map(_text_area, texts)),
        rect.attrib.get("stroke-dasharray", ""),
    )


def _area(rect: ElementTree.Element) -> Area:
    x, y, width, height = (float(rect.attrib[it]) for it in ("x", "y", "width", "height"))
    return Area(x, y, x + width, y + height)


def _text_area(text: ElementTree.Element) -> Area:
    x, y, size = (float(text.attrib[it]) for it in ("x", "y", "font-size"))
    half = len(text.text or "") * _EM * size / 2
    return Area(x - half, y - 0.75 * size, x + half, y + 0.25 * size)


def _along(path: str) -> Iterator[tuple[float, float]]:
    x = y = 0.0
    for command, numbers in _COMMAND.findall(path):
        values = [float(it) for it in numbers.split()]
        if command == "V":
            ends = [(x, values[0])]
        else:
            ends = list(zip(values[::2], values[1::2], strict=True))
        for step in range(1, 11):
            yield _at(step / 10, (x, y), ends) if command != "M" else ends[0]
        x, y = ends[-1]


def _at(
    t: float, start: tuple[float, float], ends: list[tuple[float, float]]
) -> tuple[float, float]:
    """A place on a line or a cubic curve."""
    points = [start, *ends]
    while len(points) > 1:
        points = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in pairwise(points)]
    return points[0]
