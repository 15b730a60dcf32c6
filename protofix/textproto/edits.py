"""Edits: the one way in which a text ever changes.

An edit replaces `text[start:end]`. Every rewrite hands over a list of them against the text as it
was read, so a byte that no edit names stays what it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace the characters from `start` up to `end` by `replacement`."""

    start: int
    end: int
    replacement: str


class Mending(NamedTuple):
    """How a mistake can be mended: what the edits do, in a few words, and whether it is certain.

    It is certain where there is one thing alone that can have been meant.
    """

    title: str
    edits: tuple[Edit, ...]
    certain: bool

    def moved(self, by: int) -> Mending:
        """The same of a text that stands `by` characters further on."""
        edits = tuple(Edit(edit.start + by, edit.end + by, edit.replacement) for edit in self.edits)
        return self._replace(edits=edits)


class OverlapError(ValueError):
    """Two edits want the same characters: applying both would depend on their order."""


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Apply all edits at once. Edits at the same empty place are put in the order given.

    Raises `OverlapError` if two edits overlap, `ValueError` if one lies outside the text.
    """
    parts: list[str] = []
    position = 0
    for start, end, replacement in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not 0 <= start <= end <= len(text):
            raise ValueError(f"the edit {start}..{end} lies outside a text of {len(text)}")
        if start < position:
            raise OverlapError(f"two edits overlap at offset {start}")
        parts += (text[position:start], replacement)
        position = end
    parts.append(text[position:])
    return "".join(parts)


def merge_removals(edits: Sequence[Edit]) -> list[Edit]:
    """Make one removal of removals that overlap, as those of neighbours on one line may.

    Edits that bring new text stay as they are.
    """
    merged: list[Edit] = []
    removals = sorted(edit for edit in edits if not edit.replacement)
    for edit in removals:
        if merged and edit.start < merged[-1].end:
            last = merged.pop()
            edit = Edit(last.start, max(last.end, edit.end), "")
        merged.append(edit)
    return [*merged, *(edit for edit in edits if edit.replacement)]
