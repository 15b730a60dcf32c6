"""A line that is not indented as deep as it lies in messages.

Each level of messages is `indent` blanks, 2 if nothing is configured, whatever else stands on the
line; tabs, which every editor shows in its own width, are none. A comment with a line to itself
goes with what is below it, or with what a bracket closes. A value that goes on over several lines,
a list or strings side by side, stands under its beginning, or a level deeper where the first of it
has a line to itself. Where lines end stays as it is, so a layer on one line remains so.

Wrong:

    layer {
        name: "mean"
      # The means of the channels.
      transform_param {
      mean_value: [104,
        117]
      }
    }

Right:

    layer {
      name: "mean"
      # The means of the channels.
      transform_param {
        mean_value: [104,
                     117]
      }
    }
"""

from __future__ import annotations

from typing import NamedTuple

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, blanks_shown, in_runs
from protofix.textproto.edits import Edit
from protofix.textproto.source import BLANKS, Source
from protofix.textproto.tokens import CLOSERS, OPENERS, by_line, tokens_of
from protofix.textproto.tree import Document, Field, walk

CODE = "PF801"
NAME = "indentation"
SEVERITY = "info"
ON = False


class _Line(NamedTuple):
    """A line that is not blank: what it begins with, and what its brackets do."""

    blanks: str
    closing: int  # brackets that it begins with and that end a level
    deeper: int  # levels that it begins less those that it ends


class _Begun(NamedTuple):
    """A value that goes on over several lines: the rows of its name and its bracket, if it is a
    list, and the column of the first of it, if that stands with the name."""

    row: int
    bracket: int | None
    column: int | None


def _spots(context: Context) -> Spots:
    source, indent = context.document.source, context.preferences.indent
    begun = _begun(context.document)
    wanted: dict[int, int] = {}
    depth = base = 0
    for row, line in enumerate(source.lines):
        looked = _looked(line)
        if looked is not None:
            column = indent * (depth - looked.closing)
            value = begun.get(row)
            if value is not None and not looked.closing:
                column = _going_on(value, row, column, indent, wanted, source)
            wanted[row] = column
            if looked.blanks != " " * column:
                yield _spot(base, line, looked.blanks, column)
            elif column:
                yield None
            depth += looked.deeper
        base += len(line) + 1


@by_line
def _looked(line: str) -> _Line | None:
    content = line.lstrip(BLANKS)
    if not content:
        return None
    kinds = [token.kind for token in tokens_of(line)]
    closing = next((at for at, kind in enumerate(kinds) if kind not in CLOSERS), len(kinds))
    deeper = sum((kind in OPENERS) - (kind in CLOSERS) for kind in kinds)
    return _Line(line[: len(line) - len(content)], closing, deeper)


def _begun(document: Document) -> dict[int, _Begun]:
    """The values that go on over several lines, by the rows on which they go on."""
    text, source = document.text, document.source
    found: dict[int, _Begun] = {}
    for node in walk(document.fields):
        if isinstance(node, Field) and text.find("\n", node.start, node.end) >= 0:
            row = source.position(node.start).line - 1
            listed = node.shape.listed
            bracket = source.position(node.value_start).line - 1 if listed else None
            first = node.scalars[0].start if node.scalars else node.end
            beside = text.find("\n", node.start, first) < 0
            column = source.position(first).column - 1 if beside else None
            value = _Begun(row, bracket, column)
            found.update(dict.fromkeys(range(row + 1, source.position(node.end).line), value))
    return found


def _going_on(
    value: _Begun, row: int, column: int, indent: int, wanted: dict[int, int], source: Source
) -> int:
    """Where a line belongs on which a value goes on; `column` is that of its level."""
    if value.column is not None:
        looked = _looked(source.lines[value.row])
        assert looked is not None
        return wanted[value.row] + value.column - len(looked.blanks)
    # A list that was begun on a line before is a level of its own.
    return column if value.bracket is not None and row > value.bracket else column + indent


def _spot(base: int, line: str, blanks: str, column: int) -> Spot:
    belong = f"{column} blanks" if "\t" in blanks else str(column)
    wrong = f"{blanks_shown(blanks)} before it, where {belong if column else 'none'} belong"
    start = base + len(blanks)
    end = start + len(line[len(blanks) :].rstrip(BLANKS))
    return Spot(start, end, wrong, (Edit(base, start, " " * column),))


check = in_runs(_spots, "line", "indent it by its depth")
