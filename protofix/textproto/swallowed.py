"""Brackets in strings that are not closed: those may not be meant to be in them.

Such a string is said to be wrong, and what seems amiss for what it swallowed need not be said too.
"""

from __future__ import annotations

from collections.abc import Sequence

from protofix.textproto.source import Source, indentation
from protofix.textproto.tree import Diagnosis, Node


class Swallowed:
    """The brackets that the wrong strings of a text took in without their partners."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # Where the string begins that holds each, in the order of the text.
        self._opening: list[int] = []
        self._closing: list[int] = []

    def take(self, string: Diagnosis) -> None:
        """Note what a wrong string took in."""
        taken = self._source.text[string.start : string.end]
        more = sum(map(taken.count, "{<")) - sum(map(taken.count, "}>"))
        self._opening += [string.start] * more
        self._closing += [string.start] * -more

    def closing(self, count: int, since: int) -> bool:
        """Whether strings behind an offset hold so many closing brackets; they are then used up."""
        return _use(self._closing, count, since)

    def any_opening(self) -> bool:
        """Whether a string holds an opening bracket that is not used up."""
        return bool(self._opening)

    def opening_within(self, since: int) -> bool:
        """Whether a string behind an offset holds an opening bracket, which is then used up."""
        return _use(self._opening, 1, since)

    def opening_at_top(self, fields: Sequence[Node]) -> bool:
        """The same of a string behind the last field at the top that is not in what it opened.

        Fields that the swallowed bracket would hold are at the top for want of it: they are deeper
        than its line.
        """
        if not self._opening:
            return False
        string = self._opening[-1]
        for field in reversed(fields):
            if field.start < string:
                break
            if self._indent(field.start) <= self._indent(string):
                self._opening.pop()  # Nothing further on can have to do with it.
                return False
        return _use(self._opening, 1, 0)

    def _indent(self, offset: int) -> int:
        """How deep the line of an offset is indented."""
        return indentation(self._source.lines[self._source.position(offset).line - 1])


def _use(swallowed: list[int], count: int, since: int) -> bool:
    if len(swallowed) < count or swallowed[-count] < since:
        return False
    del swallowed[-count:]
    return True
