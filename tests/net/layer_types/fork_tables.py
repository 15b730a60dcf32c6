"""What the tables of forks' layers are held against."""

from __future__ import annotations

from building import built

from protofix.net.shapes import shape_text

Makes = tuple[str, list[str | None], list[str]]
"""A layer, its bottoms, and the shapes of its tops: "4 ? 9 9", "a single value"."""

Refuses = tuple[str, list[str | None], int, str]
"""A layer, its bottoms, how many tops it has, and a piece of what is said of it."""


def tops_of(layer: str, bottoms: list[str | None], tops: int) -> list[str]:
    """The shapes that a layer makes, of which nothing must be said."""
    outcome = built(layer, *bottoms, tops=tops)
    assert outcome.said == []
    return [shape_text(shape).replace(" ×", "") for shape in outcome.tops]


def said_of(layer: str, bottoms: list[str | None], tops: int) -> list[str]:
    """What is said of a layer: sentences of one line that begin with its name."""
    said = built(layer, *bottoms, tops=tops).said
    assert all(message.startswith("`x` ") and "\n" not in message for message in said)
    return said
