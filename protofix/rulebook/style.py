"""What the rules of style share: places, and one finding for a run of them.

Most lines of a file that is written in another style differ from what is wanted, and a finding for
each would bury all others. So places that follow each other, with none in between that is as
wanted, make one finding: a slip in a tidy file is said by itself, another style once. A run ends
where a comment begins or ceases to ask that findings be ignored, which so holds for its own lines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from protofix.net.names import counted
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit


class Spot(NamedTuple):
    """A place that is not in the style wanted: where, what is wrong there, and what mends it."""

    start: int
    end: int
    wrong: str
    edits: tuple[Edit, ...]

    def moved(self, by: int) -> Spot:
        """The same further down the text."""
        edits = tuple(Edit(edit.start + by, edit.end + by, edit.replacement) for edit in self.edits)
        return Spot(self.start + by, self.end + by, self.wrong, edits)


Spots = Iterator[Spot | None]
"""Places in the order of the text; None for one that is as wanted."""


def in_runs(
    look: Callable[[Context], Spots], noun: str, title: str
) -> Callable[[Context], Iterator[Hit]]:
    """A check that makes a finding of each run of places, which are called by `noun`.

    A text with mistakes is left alone: nobody knows what belongs where in it.
    """

    def check(context: Context) -> Iterator[Hit]:
        if not context.document.diagnoses:
            for run in _runs(look(context), context):
                yield _hit(run, noun, title, context)

    return check


def _runs(spots: Spots, context: Context) -> Iterator[list[Spot]]:
    edges = sorted({edge for it in context.ignores for edge in (it.first, it.last + 1)})

    def part(spot: Spot | None) -> int:
        return -1 if spot is None else bisect_right(edges, spot.start)

    for _, run in groupby(spots, part):
        found = [spot for spot in run if spot is not None]
        if found:
            yield found


def _hit(run: list[Spot], noun: str, title: str, context: Context) -> Hit:
    first, last = run[0], run[-1]
    message = first.wrong
    if len(run) > 1:
        line = context.document.source.position(last.start).line
        message += f"; {counted(len(run) - 1, f'more such {noun}')} up to line {line}"
    edits = tuple(edit for spot in run for edit in spot.edits)
    return Hit(first.start, first.end, message, Fix(title, edits))


def on_lines(look: Callable[[str], Iterable[Spot | None]]) -> Callable[[Context], Spots]:
    """The places of a text, of a function that finds those of a line by itself."""

    def spots(context: Context) -> Spots:
        base = 0
        for line in context.document.source.lines:
            for spot in look(line):
                yield spot and spot.moved(base)
            base += len(line) + 1

    return spots


def blanks_shown(blanks: str) -> str:
    """Blanks in words: "no blanks", "2 blanks", "1 tab"."""
    tabs = blanks.count("\t")
    if 0 < tabs < len(blanks):
        return "tabs and blanks"
    return counted(tabs, "tab") if tabs else counted(len(blanks), "blank", "no")
