"""Blanks at the end of a line, be it an empty one.

Nobody sees them, but every diff does, since many editors take them out of what they save.
"""

from __future__ import annotations

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs
from protofix.textproto.edits import Edit
from protofix.textproto.source import BLANKS

CODE = "PF804"
NAME = "trailing-blanks"
SEVERITY = "info"
FIXES = ("safe",)
ON = False


def _spots(context: Context) -> Spots:
    *ended, last = context.document.source.lines
    base = 0
    for line in ended:
        # A carriage return is the half of a line end.
        yield from _on_line(base, line.removesuffix("\r"))
        base += len(line) + 1
    yield from _on_line(base, last)


def _on_line(base: int, line: str) -> Spots:
    kept = len(line.rstrip(BLANKS))
    start, end = base + kept, base + len(line)
    if start < end:
        yield Spot(start, end, "blanks at the end of the line", (Edit(start, end, ""),))
    elif line:
        yield None


check = in_runs(_spots, "line", "take the blanks out")
