"""Where what is in a text now was in the text as it was first read, before rounds of edits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from protofix.textproto.edits import Edit


class Span(NamedTuple):
    """The places of a text from the first to the last of them."""

    first: int
    last: int


class _Replaced(NamedTuple):
    """What an edit replaced, and what stands there now."""

    now: Span
    before: Span


@dataclass(frozen=True)
class Origins:
    """The rounds of edits that a text went through; without any, all is where it was."""

    _rounds: tuple[tuple[_Replaced, ...], ...] = ()

    def after(self, edits: Iterable[Edit]) -> Origins:
        """The same after another round, of edits that were made at once."""
        replaced: list[_Replaced] = []
        longer = 0
        for start, end, replacement in sorted(edits, key=lambda edit: (edit.start, edit.end)):
            first = start + longer
            new = _Replaced(Span(first, first + len(replacement)), Span(start, end))
            if replaced and replaced[-1].before.last == start:  # They are as one.
                last = replaced.pop()
                new = _Replaced(
                    Span(last.now.first, new.now.last), Span(last.before.first, new.before.last)
                )
            replaced.append(new)
            longer += len(replacement) - (end - start)
        return Origins((*self._rounds, tuple(replaced)))

    def of(self, place: int) -> Span:
        """Where a place came from: all that was replaced, if an edit touches it."""
        first = last = place
        for replaced in reversed(self._rounds):
            first, last = _before(replaced, first).first, _before(replaced, last).last
        return Span(first, last)


def _before(replaced: tuple[_Replaced, ...], place: int) -> Span:
    at = bisect_right(replaced, place, key=lambda it: it.now.first)
    if at == 0:
        return Span(place, place)
    now, before = replaced[at - 1]
    if place <= now.last:
        return before
    moved = place - now.last + before.last
    return Span(moved, moved)
