"""Which brackets of a text are missing or too many, and where: told by its indentation.

What a text says itself is only that its brackets do not pair up, often at its end. People indent
what a bracket holds, so that a line which is not deeper than the bracket before it shows that this
should have been closed. Where indentation gives no answer that makes all brackets pair up, as in a
text on one line or without any order in it, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from protofix.textproto.edits import Edit, Mending
from protofix.textproto.source import Source

_TOKEN = re.compile(
    r"(?P<passed>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<comment>#.*)"
    r"|(?P<open>[{<])|(?P<close>[}>])|(?P<name>[A-Za-z_]\w*)|(?P<rest>\S)"
)
_TAB = 8


class Opened(NamedTuple):
    """A bracket: its name, the line of that, from 0, and how deep that line is indented."""

    row: int
    indent: int
    name: str
    bracket: str


class Gap(NamedTuple):
    """A place before which brackets have to be closed: the first token of a line.

    `behind` is the end of what they hold, and `opened` are those to be closed, the innermost first.
    """

    start: int
    end: int
    behind: int
    opened: tuple[Opened, ...]


class Braces(NamedTuple):
    """What makes the brackets of a text pair up.

    `gaps` are by their rows, `at_end` is the one at the end of the text, and `extra` are offsets of
    brackets that close nothing. It is `certain` if all of the text is indented as it says.
    """

    gaps: dict[int, Gap]
    extra: frozenset[int]
    at_end: Gap | None
    certain: bool


class _Bracket(NamedTuple):
    offset: int
    opens: bool
    opened: Opened
    first: bool


class _Line(NamedTuple):
    row: int
    indent: int
    start: int
    end: int
    stop: int
    begins_field: bool
    brackets: tuple[_Bracket, ...]


def braces_by_indentation(source: Source) -> Braces | None:
    """What makes the brackets pair up; None if indentation does not tell."""
    lines = list(_lines(source))
    tidy = _is_tidy(source)
    for way in (_by_depth, _by_name, _too_many):
        found = way(lines)
        if found is not None:
            return found._replace(certain=found.certain and tidy)
    return None


def _lines(source: Source) -> Iterator[_Line]:
    """The lines that say anything, with their brackets."""
    offset = 0
    name, named_at = "", (0, 0)
    for row, line in enumerate(source.lines):
        indent = len(line[: len(line) - len(line.lstrip())].expandtabs(_TAB))
        brackets: list[_Bracket] = []
        first: re.Match[str] | None = None
        for match in _TOKEN.finditer(line):
            kind = match.lastgroup
            if kind == "comment":
                break
            first = first or match
            if kind in ("open", "close"):
                opened = Opened(*(named_at if name else (row, indent)), name, match.group())
                at = offset + match.start()
                brackets.append(_Bracket(at, kind == "open", opened, match is first))
            if kind == "name":
                name, named_at = match.group(), (row, indent)
            elif match.group() != ":":
                name = ""
        if first is not None:
            start, end = offset + first.start(), offset + first.end()
            stop = offset + len(line.rstrip())
            begins_field = first.lastgroup == "name"
            yield _Line(row, indent, start, end, stop, begins_field, tuple(brackets))
        offset += len(line) + 1


def _is_tidy(source: Source) -> bool:
    """Whether a text is indented by blanks alone, or by tabs alone."""
    starts = {line[:1] for line in source.lines if line[:1] in (" ", "\t")}
    mixed = any("\t" in line[: len(line) - len(line.lstrip(" \t"))] for line in source.lines)
    return len(starts) < 2 and not (mixed and " " in starts)


def _by_depth(lines: Sequence[_Line]) -> Braces | None:
    """What is not deeper than a bracket is not in it."""

    def left(line: _Line, stack: Sequence[Opened]) -> int:
        if line.begins_field:
            return sum(opened.indent >= line.indent for opened in stack)
        closing = bool(line.brackets) and line.brackets[0].first and not line.brackets[0].opens
        if closing and any(opened.indent == line.indent for opened in stack):
            return sum(opened.indent > line.indent for opened in stack)
        return 0

    return _missing(lines, left, certain=True)


def _by_name(lines: Sequence[_Line]) -> Braces | None:
    """What stands at the top of a text by its name and its depth is in nothing of that name."""

    def left(line: _Line, stack: Sequence[Opened]) -> int:
        if not stack or not line.begins_field or not line.brackets:
            return 0
        opening, outermost = line.brackets[0], stack[0]
        again = opening.opens and opening.opened.name == outermost.name
        return len(stack) if again and line.indent <= outermost.indent else 0

    return _missing(lines, left, certain=False)


def _missing(
    lines: Sequence[_Line], left: Callable[[_Line, Sequence[Opened]], int], certain: bool
) -> Braces | None:
    """Close at each line what it has `left`; None if a bracket would then close nothing."""
    stack: list[Opened] = []
    gaps: dict[int, Gap] = {}
    behind = 0
    for line in lines:
        count = left(line, stack)
        if count:
            opened = tuple(stack[: -count - 1 : -1])
            gaps[line.row] = Gap(line.start, line.end, behind, opened)
            del stack[-count:]
        behind = line.stop
        for bracket in line.brackets:
            if bracket.opens:
                stack.append(bracket.opened)
            elif not stack:
                return None
            else:
                closed = stack.pop()
                certain = certain and not (bracket.first and closed.indent != line.indent)
    if not gaps and not stack:
        return None
    at_end = Gap(behind, behind, behind, tuple(reversed(stack))) if stack else None
    return Braces(gaps, frozenset(), at_end, certain)


def _too_many(lines: Sequence[_Line]) -> Braces | None:
    """A bracket that is deeper than the one it would close is one too many."""
    stack: list[Opened] = []
    extra: set[int] = set()
    certain = True
    for line in lines:
        certain = certain and not (line.begins_field and stack and line.indent <= stack[-1].indent)
        for bracket in line.brackets:
            if bracket.opens:
                stack.append(bracket.opened)
            elif not stack or (bracket.first and stack[-1].indent < line.indent):
                extra.add(bracket.offset)
            else:
                opened = stack.pop()
                certain = certain and not (bracket.first and opened.indent != line.indent)
    return None if stack or not extra else Braces({}, frozenset(extra), None, certain)


def closing(source: Source, gap: Gap, certain: bool) -> Mending:
    """Write the brackets that are missing, each indented like the line that opened it."""
    text, at = source.text, gap.behind
    newline = "\r\n" if "\r\n" in text else "\n"
    row = source.position(at).line - 1
    commented = "#" in text[text.rfind("\n", 0, at) + 1 : at]
    written = ""
    for one in gap.opened:
        right = "}" if one.bracket == "{" else ">"
        line = source.lines[one.row]
        indent = line[: len(line) - len(line.lstrip())]
        written += f" {right}" if one.row == row and not commented else f"{newline}{indent}{right}"
    first = gap.opened[0]
    title = f"close the `{first.bracket}` of line {first.row + 1}"
    return Mending(title, (Edit(at, at, written),), certain)


def taking_away(source: Source, start: int, end: int, certain: bool) -> Mending:
    """Take a bracket away, with its line where it has one for itself."""
    text = source.text
    line_start = text.rfind("\n", 0, start) + 1
    line_end = source.line_end(end)
    first, last = start, end
    if not text[line_start:start].strip() and not text[end:line_end].strip():
        first, last = line_start, min(line_end + 1, len(text))
    return Mending(f"take `{text[start:end]}` away", (Edit(first, last, ""),), certain)
