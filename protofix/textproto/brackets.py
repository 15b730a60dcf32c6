"""Which brackets of a text are missing or too many, and where: told by its indentation.

What a text says itself is only that its brackets do not pair up, often at its end. People indent
what a bracket holds, so that a line which is not deeper than the bracket before it shows that this
should have been closed, and a closing bracket deeper than the one it would close is one too many.

A text is taken in parts, from one field at its top to the next: the brackets of each pair up by
themselves, so that a mistake stays in its part, and so does what is indented otherwise than it
says. In a text without any order in it, what a part lacks is missing at its end.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from itertools import pairwise
from typing import NamedTuple

from protofix.textproto.source import Source, indentation

_TOKEN = re.compile(
    r"(?P<passed>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<comment>#.*)"
    r"|(?P<open>[{<])|(?P<close>[}>])|(?P<name>[A-Za-z_]\w*)|(?P<rest>\S)"
)
# How wide a tab may be meant in a text that is indented by tabs and blanks.
_TABS = (8, 4, 2)


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


class Brackets(NamedTuple):
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
    ends_open: bool
    brackets: tuple[_Bracket, ...]


class _Part(NamedTuple):
    """Lines whose brackets pair up by themselves if none is missing, and the line behind them."""

    lines: Sequence[_Line]
    behind: _Line


class _Repair(NamedTuple):
    """What makes the brackets of a part pair up; `strain` counts lines that speak against it.

    `lopsided` counts lines that open something and close something else as well: where all else is
    equal, such a line has the bracket too many.
    """

    gaps: dict[int, Gap]
    extra: tuple[int, ...]
    strain: int
    lopsided: int

    @property
    def cost(self) -> tuple[int, int, int]:
        """The brackets that are written or taken away, then what speaks against: the less, the
        likelier."""
        brackets = len(self.extra) + sum(len(gap.opened) for gap in self.gaps.values())
        return brackets, self.strain, self.lopsided


def brackets_by_indentation(
    source: Source, unopened: Set[int], stray: Set[int], doubtful: Iterable[int]
) -> Brackets | None:
    """What makes the brackets pair up; None if they do.

    `unopened` are the ends of names whose opening bracket was forgotten: it counts as there.
    `stray` are offsets of brackets that are slips and do not count.
    `doubtful` are offsets at which a text makes no sense though its brackets pair up: around them
    it is taken to be meant as it is indented, if it is indented in any order.
    """
    tidy = _is_tidy(source)
    found: list[list[_Repair]] = []
    rows = sorted({source.position(offset).line - 1 for offset in doubtful})
    for tab in _TABS[:1] if tidy else _TABS:
        lines = list(_lines(source, tab, unopened, stray))
        if lines:
            end = lines[-1].stop
            behind = _Line(len(source.lines), 0, end, end, end, False, False, ())
            for parted in (_by_depth,) if rows else (_by_depth, _by_name):
                parts = _parts(lines, parted(lines), behind)
                found.append([_repair_of(part, rows) for part in parts])
    if not found:
        return None
    best = min(found, key=_cost)
    brackets, strain, _ = _cost(best)
    disorderly = any(repair.cost[0] and repair.strain for repair in best)
    if not brackets or (rows and disorderly):
        return None
    gaps = {row: gap for repair in best for row, gap in repair.gaps.items()}
    extra = frozenset(offset for repair in best for offset in repair.extra)
    return Brackets(gaps, extra, gaps.pop(len(source.lines), None), tidy and not strain)


def _cost(repairs: Sequence[_Repair]) -> tuple[int, int, int]:
    brackets, strain, lopsided = (
        sum(it) for it in zip(*(one.cost for one in repairs), strict=True)
    )
    return brackets, strain, lopsided


def _lines(source: Source, tab: int, unopened: Set[int], stray: Set[int]) -> Iterator[_Line]:
    """The lines that say anything, with their brackets."""
    offset = 0
    name, named_at = "", (0, 0)
    for row, line in enumerate(source.lines):
        indent = indentation(line, tab)
        brackets: list[_Bracket] = []
        first = before = None
        for match in _TOKEN.finditer(line):
            kind = match.lastgroup
            if kind == "comment":
                break
            first = first or match
            at = offset + match.start()
            if at in stray:
                continue
            if kind in ("open", "close"):
                opened = Opened(*(named_at if name else (row, indent)), name, match.group())
                brackets.append(_Bracket(at, kind == "open", opened, match is first))
            if kind == "name":
                name, named_at = match.group(), (row, indent)
                if offset + match.end() in unopened:
                    opened = Opened(row, indent, name, "{")
                    brackets.append(_Bracket(offset + match.end(), True, opened, False))
            elif match.group() != ":":
                name = ""
            before = kind
        if first is not None:
            start, end = offset + first.start(), offset + first.end()
            stop = offset + len(line.rstrip())
            begins_field = first.lastgroup == "name"
            yield _Line(
                row, indent, start, end, stop, begins_field, before == "open", tuple(brackets)
            )
        offset += len(line) + 1


def _is_tidy(source: Source) -> bool:
    """Whether a text is indented by blanks alone, or by tabs alone."""
    starts = {line[:1] for line in source.lines if line[:1] in (" ", "\t")}
    mixed = any("\t" in line[: len(line) - len(line.lstrip(" \t"))] for line in source.lines)
    return len(starts) < 2 and not (mixed and " " in starts)


def _by_depth(lines: Sequence[_Line]) -> list[int]:
    """Where parts begin if no field at the top of a text is indented deeper than another."""
    top = min((line.indent for line in lines if line.begins_field), default=0)
    return [at for at, line in enumerate(lines) if line.begins_field and line.indent <= top]


def _by_name(lines: Sequence[_Line]) -> list[int]:
    """Where parts begin if what is at the top of a text is in nothing of its own name."""
    starts: list[int] = []
    stack: list[Opened] = []
    for at, line in enumerate(lines):
        if line.begins_field and (not stack or _is_again(line, stack[0])):
            starts.append(at)
            stack.clear()
        for bracket in line.brackets:
            if bracket.opens:
                stack.append(bracket.opened)
            elif stack:
                stack.pop()
    return starts


def _is_again(line: _Line, outermost: Opened) -> bool:
    """Whether a line opens what has the name of the outermost bracket, and is not deeper."""
    opening = line.brackets[0] if line.brackets else None
    again = opening is not None and opening.opens and opening.opened.name == outermost.name
    return again and line.indent <= outermost.indent


def _parts(lines: Sequence[_Line], starts: list[int], behind: _Line) -> Iterator[_Part]:
    bounds = [0, *(at for at in starts if at), len(lines)]
    for start, end in pairwise(bounds):
        yield _Part(lines[start:end], lines[end] if end < len(lines) else behind)


def _repair_of(part: _Part, doubtful: Sequence[int]) -> _Repair:
    """The likeliest repair of a part; none if its brackets pair up, unless a row is doubtful."""
    plain = _repaired(part, _closes_nothing, _takes_nothing)
    if plain.cost[:2] == (0, 0) or (not plain.cost[0] and not _is_any_in(doubtful, part)):
        return plain
    if plain.cost == (abs(_surplus(part)), 0, 0):
        return plain  # None can do with less.
    others = [
        _repaired(part, _closes_shallower, _takes_nothing),
        _repaired(part, _closes_nothing, _takes_deeper_lines),
        _repaired(part, _closes_nothing, _takes_deeper),
        _repaired(part, _closes_shallower, _takes_deeper_lines),
        _repaired(part, _closes_shallower, _takes_deeper),
    ]
    if plain.cost[0]:
        return min([plain, *others], key=lambda repair: repair.cost)
    orderly = [repair for repair in others if repair.cost[0] and not repair.strain]
    return min(orderly, key=lambda repair: repair.cost, default=plain)


def _surplus(part: _Part) -> int:
    """How many more brackets a part opens than it closes."""
    return sum(1 if bracket.opens else -1 for line in part.lines for bracket in line.brackets)


def _is_any_in(rows: Sequence[int], part: _Part) -> bool:
    """Whether any of some rows, in their order, is one of a part."""
    at = bisect_left(rows, part.lines[0].row)
    return at < len(rows) and rows[at] <= part.lines[-1].row


def _repaired(
    part: _Part,
    closes: Callable[[_Line, Sequence[Opened]], int],
    takes: Callable[[_Bracket, _Line, Opened], bool],
) -> _Repair:
    """Close at each line as many brackets as it `closes`, and take away those that it `takes`."""
    stack: list[Opened] = []
    gaps: dict[int, Gap] = {}
    extra: list[int] = []
    strain = lopsided = behind = 0
    before = part.behind
    for line in (*part.lines, part.behind):
        count = len(stack) if line is part.behind else closes(line, stack)
        if count:
            strain += before.ends_open  # Hardly anybody opens what is to hold nothing.
            gaps[line.row] = Gap(line.start, line.end, behind, tuple(stack[: -count - 1 : -1]))
            del stack[-count:]
        if line is part.behind:
            break
        before, behind = line, line.stop
        if line.begins_field:
            strain += line.indent <= stack[-1].indent if stack else line is not part.lines[0]
        for bracket in line.brackets:
            if bracket.opens:
                stack.append(bracket.opened)
            elif not stack or takes(bracket, line, stack[-1]):
                extra.append(bracket.offset)
            else:
                strain += bracket.first and stack[-1].indent != line.indent
                around = stack[-1].row != line.row and line.brackets[0].opens
                lopsided += around and stack[-1].indent < line.indent
                stack.pop()
    return _Repair(gaps, tuple(extra), strain, lopsided)


def _closes_nothing(line: _Line, stack: Sequence[Opened]) -> int:
    return 0


def _closes_shallower(line: _Line, stack: Sequence[Opened]) -> int:
    """How many brackets a line closes: what is not deeper than a bracket is not in it."""
    if line.begins_field:
        return _deeper(stack, line.indent)
    closing = bool(line.brackets) and line.brackets[0].first and not line.brackets[0].opens
    count = _deeper(stack, line.indent + 1) if closing else 0
    partner = stack[-count - 1] if count < len(stack) else None
    return count if partner is not None and partner.indent == line.indent else 0


def _deeper(stack: Sequence[Opened], indent: int) -> int:
    """How many of the innermost brackets are indented that deep or deeper."""
    count = 0
    while count < len(stack) and stack[-count - 1].indent >= indent:
        count += 1
    return count


def _takes_nothing(bracket: _Bracket, line: _Line, opened: Opened) -> bool:
    return False


def _takes_deeper_lines(bracket: _Bracket, line: _Line, opened: Opened) -> bool:
    """Whether a bracket that begins a line is deeper than the one it would close."""
    return bracket.first and opened.indent < line.indent


def _takes_deeper(bracket: _Bracket, line: _Line, opened: Opened) -> bool:
    """Whether a bracket, wherever on its line, is deeper than the one it would close."""
    return opened.row != line.row and opened.indent < line.indent
