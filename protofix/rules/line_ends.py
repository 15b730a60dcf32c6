"""A line that ends otherwise than most lines of its file: in LF among CRLF, or the other way round.

Editors show nothing of it and diffs show lines that nobody changed. Which of both a file has is
left to it, and to git.
"""

from __future__ import annotations

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs
from protofix.textproto.edits import Edit
from protofix.textproto.source import newline_of

CODE = "PF810"
NAME = "line-ends"
SEVERITY = "info"
FIXES = ("safe",)
ON = False

_NAMES = {"\n": "LF", "\r\n": "CRLF"}


def _spots(context: Context) -> Spots:
    text = context.document.text
    newline = newline_of(text)
    if text.count("\r\n") in (0, text.count("\n")):
        return
    base = 0
    for line in context.document.source.lines[:-1]:
        end = base + len(line)
        start = end - line.endswith("\r")
        base = end + 1
        ends = text[start:base]
        if ends == newline:
            yield None
        else:
            wrong = f"the line ends in {_NAMES[ends]}, most of this file in {_NAMES[newline]}"
            yield Spot(start, start, wrong, (Edit(start, end, newline[:-1]),))


check = in_runs(_spots, "line", "end it as the others")
