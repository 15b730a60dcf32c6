"""Findings for people: each with the line that it is about and a caret below the place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from protofix.reports.findings.concise import COLOURS, text_line
from protofix.reports.terminal import Line, cells, folded, printable
from protofix.rulebook.findings import Checked, Finding
from protofix.textproto.source import Source

_IN_A_FILE = 100  # columns, where there is no terminal to tell
_TAB = 4
_LEAST = 20  # columns of a source line that are shown however narrow a terminal is


def lines(checked: Checked, width: int | None = None) -> Iterator[Line]:
    """The findings of a file, each above its source line; a blank line behind each.

    For a terminal of so many columns long lines are folded between words; without, none is.
    """
    for finding in checked.findings:
        yield from folded(text_line(checked.source, finding), width)
        yield from _excerpt(checked.source, finding, width)
        yield [("", "")]


def _excerpt(source: Source, finding: Finding, width: int | None) -> Iterator[Line]:
    """The line on which a finding begins, and a caret below each of its characters there."""
    row, column = source.position(finding.start)
    last = source.position(finding.end)
    written = _written(source, row)
    blanks = " " * len(str(row))
    room = max(_LEAST, (width or _IN_A_FILE) - len(blanks) - len("   | ……"))
    end = len(written) if last.line > row else last.column - 1
    shown = _shown(written, column - 1, end, room)
    further = f" … to line {last.line}" if last.line > row else ""
    if not written.strip():  # Such as the end of the text: what stands above tells more.
        above = next((it for it in range(row - 1, 0, -1) if _written(source, it).strip()), None)
        if above is not None:
            context = _shown(_written(source, above), 0, 0, room).text
            yield [(f"  {above:>{len(blanks)}} | ", "dim"), (context, "dim")]
    yield [(f"  {row} | ", "dim"), (shown.text, "")]
    carets = " " * shown.before + "^" * shown.carets
    yield [(f"  {blanks} | ", "dim"), (carets + further, COLOURS[finding.severity])]
    if finding.fix is not None:
        mended: Line = [(f"  {blanks} = ", "dim"), (f"fix: {finding.fix.title}", "green")]
        yield from folded(mended, width, len(f"  {blanks} = "))


def _written(source: Source, row: int) -> str:
    return source.lines[row - 1].rstrip("\r")


class _Shown(NamedTuple):
    """What is shown of a line, and how many columns stand before its carets, and of them."""

    text: str
    before: int
    carets: int


def _shown(written: str, start: int, end: int, room: int) -> _Shown:
    """So many columns of a line, around the characters from `start` to `end`."""
    pieces, columns = _drawn(written)
    place = columns[min(start, len(pieces))]
    behind = max(place + 1, columns[min(max(end, start), len(pieces))])
    first, last = 0, len(pieces)
    if columns[-1] > room:
        first = bisect_left(columns, max(0, min(place - room * 2 // 5, columns[-1] - room)))
        last = bisect_right(columns, columns[first] + room) - 1
    ahead = "…" if first else ""
    text = "".join([ahead, *pieces[first:last], "…" if last < len(pieces) else ""])
    carets = max(1, min(behind, columns[last]) - place)
    return _Shown(text, len(ahead) + place - columns[first], carets)


@lru_cache(maxsize=16)  # There may be many findings on a long line, and lines that are alike.
def _drawn(written: str) -> tuple[Sequence[str], Sequence[int]]:
    """What is shown of each character of a line, and the columns where each begins, and the last
    ends.

    Tabs are as wide as they look, and what no terminal shows is spelled out.
    """
    pieces: list[str] = []
    at = 0
    for character in written:
        tab = " " * (_TAB - at % _TAB)
        pieces.append(tab if character == "\t" else printable(character))
        at += cells(pieces[-1])
    return pieces, [0, *accumulate(map(cells, pieces))]
