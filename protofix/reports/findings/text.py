"""Findings for people: each with the line that it is about and a caret below the place."""

from __future__ import annotations

from collections.abc import Iterator

from protofix.reports.findings.concise import text_line
from protofix.reports.terminal import Line
from protofix.rules.rule import Checked, Finding
from protofix.textproto.source import Source

_WIDEST = 100  # columns of a source line; of a longer one the part around the place is shown
_BEFORE = 40


def lines(checked: Checked) -> Iterator[Line]:
    """The findings of a file, each above its source line; a blank line behind each."""
    for finding in checked.findings:
        yield text_line(checked.source, finding)
        yield from _excerpt(checked.source, finding)
        yield [("", "")]


def _excerpt(source: Source, finding: Finding) -> Iterator[Line]:
    """The line on which a finding begins, and a caret below each of its characters there."""
    row, column = source.position(finding.start)
    written = source.lines[row - 1].rstrip("\r")
    end = min(column - 1 + max(finding.end - finding.start, 1), max(len(written), column))
    first = 0
    if len(written) > _WIDEST:
        first = max(0, min(column - 1 - _BEFORE, len(written) - _WIDEST))
    shown = written[first : first + _WIDEST].replace("\t", " ")
    ahead, behind = "…" if first else "", "…" if first + _WIDEST < len(written) else ""
    margin = " " * len(str(row))
    carets = "^" * max(1, min(end - first, len(shown)) - (column - 1 - first))
    blanks = " " * (column - 1 - first + len(ahead))
    colour = {"error": "red", "warning": "yellow", "info": "cyan"}[finding.severity]
    yield [(f"  {row} | ", "dim"), (f"{ahead}{shown}{behind}", "")]
    yield [(f"  {margin} | ", "dim"), (f"{blanks}{carets}", colour)]
    if finding.fix is not None:
        yield [(f"  {margin} = ", "dim"), (f"fix: {finding.fix.title}", "green")]
