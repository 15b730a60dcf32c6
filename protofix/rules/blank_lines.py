"""Blank lines that set nothing apart: a second one in a row, and those at an edge.

One blank line sets things apart, a second one adds nothing, and at the beginning and the end of a
message or of the file there is nothing to be set apart from.

Wrong:

    layer {

      name: "data"
      type: "Input"


      top: "data"

    }

Right:

    layer {
      name: "data"
      type: "Input"

      top: "data"
    }
"""

from __future__ import annotations

from itertools import groupby

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs
from protofix.textproto.edits import Edit
from protofix.textproto.source import BLANKS
from protofix.textproto.tokens import CLOSERS, OPENERS, by_line, tokens_of

CODE = "PF805"
NAME = "blank-lines"
SEVERITY = "info"
ON = False


def _spots(context: Context) -> Spots:
    lines = context.document.source.lines
    base = row = 0
    above: str | None = None
    # What stands behind the last line end is no line, even if blanks do.
    for blank, group in groupby(lines[:-1], _is_blank):
        found = list(group)
        if blank:
            below = lines[row + len(found)] if row + len(found) < len(lines) else ""
            yield _spot(base, found, above, None if _is_blank(below) else below)
        above = found[-1]
        base += sum(len(line) + 1 for line in found)
        row += len(found)


@by_line
def _is_blank(line: str) -> bool:
    return not line.strip(BLANKS)


def _spot(base: int, blanks: list[str], above: str | None, below: str | None) -> Spot | None:
    """The lines of some blank ones that are too many; no line above or below is the file's edge."""
    edge = _edge(above, below)
    many = len(blanks) if edge else len(blanks) - 1
    if not many:
        return None
    wrong = f"a blank line {edge}" if edge else f"{len(blanks)} blank lines, where one is enough"
    end = base + sum(len(line) + 1 for line in blanks[:many])
    return Spot(base, base, wrong, (Edit(base, end, ""),))


def _edge(above: str | None, below: str | None) -> str:
    """At which edge a blank line stands between two others; none if there is nothing to say."""
    if above is None:
        return "at the beginning of the file"
    if below is None:
        return "at the end of the file"
    before = [token for token in tokens_of(above) if token.kind != "COMMENT"]
    if before and before[-1].kind in OPENERS:
        return "at the beginning of a message"
    behind = tokens_of(below)
    return "at the end of a message" if behind[0].kind in CLOSERS else ""


check = in_runs(_spots, "place", "take the blank lines out")
