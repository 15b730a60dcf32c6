"""The irregular parts of a text, read by the grammar's parser, and every diagnosis it makes.

A stretch begins where a field may begin and goes on, line by line, until a field may begin again.
After a mistake the reader goes on at the next field it can make out, so that each is said once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lark import Token, UnexpectedToken

from protofix.textproto.broken_strings import Slip, slip_in_string
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.grammar import scanner
from protofix.textproto.literals import clip
from protofix.textproto.parsing import end_of, make_token, parser, start_of
from protofix.textproto.slips import conflict_marker, decimal_comma, over_lines, slip_at
from protofix.textproto.source import BLANKS, indentation
from protofix.textproto.tree import (
    MAX_DEPTH,
    CloseShape,
    Diagnosis,
    OpenShape,
    Shape,
    TooDeepError,
)

if TYPE_CHECKING:
    from lark.parsers.lalr_interactive_parser import InteractiveParser

_OPENERS = {"LBRACE": "{", "LANGLE": "<"}
_CLOSERS = {"RBRACE": "}", "RANGLE": ">"}
_VALUES = {"STRING", "FLOAT", "INTEGER", "MINUS"}
_LISTED = _VALUES | {"NAME"}


class Stretch(NamedTuple):
    """What a stretch says: shapes relative to its start, mistakes, and how many lines it took."""

    shapes: tuple[Shape, ...]
    diagnoses: tuple[Diagnosis, ...]
    lines: int


def _slip(line: str, position: int, match: re.Match[str] | None, first: bool) -> Slip | None:
    """What is wrong with what stands at a place of a line, of which the grammar takes `match`."""
    marker = conflict_marker(line) if position == 0 else None
    if marker is not None:
        return marker
    if match is None:
        return slip_at(line, position, first)
    if match.lastgroup == "STRING":
        return slip_in_string(line, match)
    return decimal_comma(line, position) if match.lastgroup == "INTEGER" else None


def _begins_field(tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].type if at + 1 < len(tokens) else ""
    return tokens[at].type == "NAME" and following in ("COLON", *_OPENERS)


def _behind_list(tokens: Sequence[Token], at: int) -> int | None:
    """Index behind the first `]` from `at` on, or None."""
    return next((i + 1 for i in range(at, len(tokens)) if tokens[i].type == "RSQUARE"), None)


def _from(tokens: Sequence[Token], at: int) -> Iterator[Token]:
    """The tokens from `at` on; a slice of them, for each mistake of a long line, takes long."""
    return (tokens[i] for i in range(at, len(tokens)))


def _without(token: Token) -> Mending:
    return Mending(f"take `{token}` away", (Edit(start_of(token), end_of(token), ""),), True)


def _commas(before: Token, rest: Iterator[Token]) -> Mending | None:
    """The commas that a list lacks before the first token of `rest` and further on in it."""
    edits: list[Edit] = []
    for token in rest:
        # A minus belongs to the number behind it.
        if token.type in _LISTED and before.type in _LISTED - {"MINUS"}:
            edits.append(Edit(end_of(before), end_of(before), ","))
        elif token.type not in (*_LISTED, "COMMA"):
            break
        before = token
    return Mending("write a comma between the values", tuple(edits), True) if edits else None


def _colon(name: Token, found: Token, behind: Token | None) -> Mending | None:
    """The colon between a name and its value; a name as value might be another field's."""
    known = found.type in _VALUES
    if not known and (found.type != "NAME" or (behind is not None and behind.type != "NAME")):
        return None
    return Mending("write `:` behind the name", (Edit(end_of(name), end_of(name), ":"),), known)


def read_stretch(lines: Sequence[str], row: int, column: int, skip_lines: int) -> Stretch:
    """Read from `column` of the line at `row` to the end of a line where a field may begin.

    Offsets are relative to that place. The first `skip_lines` line ends are never the stretch's
    last: the caller knows that the stretch goes on behind them.
    """
    return _StretchReader(lines, row, column, skip_lines).read()


class _StretchReader:
    def __init__(self, lines: Sequence[str], row: int, column: int, skip_lines: int) -> None:
        self.lines = lines
        self.row = row
        self.column = column
        self.skip_lines = skip_lines
        self.shapes: list[Shape] = []
        self.diagnoses: list[Diagnosis] = []
        self.row_behind = row  # Of the lines taken; a slip may reach over some.
        self.surplus = 0  # Brackets that a line closes beyond those that it opens.
        self._restart()

    def _restart(self) -> None:
        self.parser: InteractiveParser = parser().parse_interactive(start="stretch")
        self.complete: list[Token] = []
        self.pending: list[Token] = []
        self.depth = 0
        self.in_broken_list = False

    def read(self) -> Stretch:
        base = -self.column
        row = self.row
        while row < len(self.lines):
            line = self.lines[row]
            self.row_behind = row + 1
            self._read_line(list(self._lex(line, self.column if row == self.row else 0, base)))
            base += sum(len(it) + 1 for it in self.lines[row : self.row_behind])
            row = self.row_behind
            resting = not self.pending and not self.in_broken_list and not self._goes_on(row)
            if resting and row - self.row > self.skip_lines:
                break
        if self.pending:
            self._fail([make_token("$END", "", base - 1, base - 1)], 0)
        self._take_complete()
        return Stretch(tuple(self.shapes), tuple(self.diagnoses), row - self.row)

    def _goes_on(self, row: int) -> bool:
        """Whether the next line that says anything adds a string to a string just read."""
        if not self.complete or self.complete[-1].type != "STRING":
            return False
        for ahead in range(row, len(self.lines)):
            stripped = self.lines[ahead].lstrip(BLANKS)
            if stripped and not stripped.startswith("#"):
                return stripped[0] in "\"'"
        return False

    def _read_line(self, tokens: list[Token]) -> None:
        kinds = [token.type for token in tokens]
        self.surplus = sum((kind in _CLOSERS) - (kind in _OPENERS) for kind in kinds)
        at = self._skip_broken_list(tokens) if self.in_broken_list else 0
        while at < len(tokens):
            token = tokens[at]
            try:
                self.parser.feed_token(token)
            except UnexpectedToken:
                at = self._recover(tokens, at)
                continue
            self.pending.append(token)
            self.depth += (token.type in _OPENERS) - (token.type in _CLOSERS)
            if self.depth > MAX_DEPTH:
                raise TooDeepError(start_of(token))
            self._complete()
            at += 1

    def _complete(self) -> None:
        """Take the tokens read for complete if the stretch could end behind them."""
        # The table's look-ahead is a quick but generous answer; inside a list it may be wrong.
        if "$END" in self.parser.choices() and "$END" in self.parser.accepts():
            self.complete += self.pending
            self.pending.clear()
            self.depth = 0

    def _recover(self, tokens: list[Token], at: int) -> int:
        """Say what is wrong with `tokens[at]` and find where on its line to go on."""
        unopened = self._opens_without_bracket(tokens, at)
        if unopened is not None:
            return unopened
        if self._opens_before_value(tokens, at) or self._leaves_list_open(tokens, at):
            return at
        if self._closes_with_square(tokens, at):
            return at + 1
        self._fail(tokens, at)
        if self._closes_before_value(tokens, at):
            return at + 1
        if self._is_doubled(tokens[at]):
            self._flush()
            return at + 1
        kinds = [token.type for token in self.pending]
        in_list = kinds.count("LSQUARE") > kinds.count("RSQUARE")
        behind_list = _behind_list(tokens, at) if in_list else None
        if in_list:
            resume = len(tokens) if behind_list is None else behind_list
        else:
            fields = (i for i in range(at or 1, len(tokens)) if _begins_field(tokens, i))
            resume = next(fields, len(tokens))
        broken = [*self.pending, *tokens[at:resume]]
        self._flush()
        self.in_broken_list = in_list and behind_list is None
        self._keep_count(broken)
        return resume

    def _opens_without_bracket(self, tokens: Sequence[Token], at: int) -> int | None:
        """Where to go on behind a name that is a message whose bracket was forgotten; None if none.

        What it holds is deeper below it, or its line closes it. It is said, and counts as open.
        """
        if len(self.pending) == 1 and _begins_field(tokens, at):
            head, inner = self.pending, at
        elif not self.pending and at and self.complete[-1:] == [tokens[at - 1]]:
            # `name: inner: 1`, of which `name: inner` was a field.
            head, inner = self.complete[-3:-1], at - 1
        else:
            return None
        kinds = [token.type for token in head]
        found = tokens[inner]
        if kinds not in (["NAME"], ["NAME", "COLON"]) or not _begins_field(tokens, inner):
            return None
        if self._indent(head[0]) >= self._indent(found) and self.surplus <= 0:
            return None
        if not self.pending:
            del self.complete[-3:]
        self._open(head, found)
        return inner

    def _open(self, head: Sequence[Token], found: Token) -> None:
        name, behind = head[0], end_of(head[-1])
        said = f"expected `{{` after `{clip(str(head[-1]))}`, found `{clip(str(found))}`"
        mending = Mending("write `{` behind the name", (Edit(behind, behind, " {"),), True)
        self.diagnoses.append(
            Diagnosis(start_of(found), end_of(found), "unexpected", said, mending)
        )
        self._flush()
        self.surplus -= 1
        self.shapes.append(
            OpenShape(str(name), start_of(name), end_of(name), "{", end_of(name), False)
        )

    def _closes_with_square(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a `]` closes a message that its line has opened, or the lines above."""
        found = tokens[at]
        closing = self.surplus < 0 or len(tokens) == 1
        if self.pending or found.type != "RSQUARE" or not closing:
            return False
        self._flush()
        self.shapes.append(CloseShape("]", start_of(found), end_of(found), False))
        self.surplus += 1
        return True

    def _leaves_list_open(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a list of plain values lacks its `]` here; it is said, and counts as closed.

        A field or a bracket that closes shows it, unless the line closes the list further on.
        """
        found = tokens[at]
        if found.type not in _CLOSERS and not _begins_field(tokens, at):
            return False
        before = self.pending[-1] if self.pending else None
        if before is None or self.pending[0].type != "NAME" or before.type not in _LISTED:
            return False
        squares = (it.type for it in _from(tokens, at) if it.type in ("LSQUARE", "RSQUARE"))
        if "RSQUARE" not in self.parser.accepts() or next(squares, "") == "RSQUARE":
            return False
        start, end = start_of(before), end_of(before)
        said = f"expected `]` after `{clip(str(before))}`, found `{clip(str(found))}`"
        # Where its last string is not closed either, that comes first.
        broken = bool(self.diagnoses) and self.diagnoses[-1].end >= end
        closed = Mending("close the list with `]`", (Edit(end, end, "]"),), True)
        mending = None if broken else closed
        self.diagnoses.append(Diagnosis(start, end, "unexpected", said, mending))
        closing = make_token("RSQUARE", "]", end, end)
        self.parser.feed_token(closing)
        self.pending.append(closing)
        self._complete()
        return True

    def _opens_before_value(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a bracket was opened within a plain field; it is said, and does not count."""
        opened = self.complete[-1:] if not self.pending and at > 1 else []
        if opened != [tokens[at - 1]] or opened[0].type not in _OPENERS or self.surplus >= 0:
            return False
        before, found = tokens[at - 2], tokens[at]
        if before.type == "COLON" and found.type in _VALUES:
            expected = "a value"
        elif before.type == "NAME" and found.type == "COLON":
            expected = "`:`"
        else:
            return False
        field = self.complete[-3:-1] if before.type == "COLON" else [before]
        del self.complete[-len(field) - 1 :]
        self._flush()
        for token in field:
            self.parser.feed_token(token)
        self.pending += field
        self.surplus += 1
        said = f"expected {expected} after `{clip(str(before))}`, found `{opened[0]}`"
        start, end = start_of(opened[0]), end_of(opened[0])
        self.diagnoses.append(Diagnosis(start, end, "unexpected", said, _without(opened[0])))
        return True

    def _closes_before_value(self, tokens: Sequence[Token], at: int) -> bool:
        """Whether a bracket closes something within a plain field, and so does not count."""
        if tokens[at].type not in _CLOSERS or at + 1 >= len(tokens):
            return False
        kinds = [token.type for token in self.pending]
        following = tokens[at + 1].type
        if kinds == ["NAME"]:
            return following == "COLON" or following in _OPENERS
        return kinds == ["NAME", "COLON"] and (
            following in _LISTED and not _begins_field(tokens, at + 1)
        )

    def _indent(self, token: Token) -> int:
        """How deep the line of a token is indented."""
        offset = start_of(token) + self.column
        for line in self.lines[self.row :]:
            if offset <= len(line):
                return indentation(line)
            offset -= len(line) + 1
        return 0

    def _is_doubled(self, found: Token) -> bool:
        """Whether a bracket follows one that was opened already; it counts once."""
        behind = self.complete[-1] if self.complete and not self.pending else None
        return behind is not None and found.type in _OPENERS and behind.type == found.type

    def _skip_broken_list(self, tokens: list[Token]) -> int:
        """Where on this line to go on after a mistake in a list that was begun further up."""
        if not tokens:
            return 0
        behind = _behind_list(tokens, 0)
        if tokens[0].type in _CLOSERS or _begins_field(tokens, 0):
            behind = 0
        self.in_broken_list = behind is None
        skipped = len(tokens) if behind is None else behind
        self._keep_count(tokens[:skipped])
        return skipped

    def _keep_count(self, broken: list[Token]) -> None:
        """Let what a broken part opened or closed count, or all that follows would be wrong."""
        for token in broken:
            start, end = start_of(token), end_of(token)
            if token.type in _OPENERS:
                self.shapes.append(OpenShape("", start, start, str(token), end, True))
            elif token.type in _CLOSERS:
                self.shapes.append(CloseShape(str(token), start, end, False))

    def _flush(self) -> None:
        """Take over the shapes of all that was complete, and begin anew."""
        self._take_complete()
        self._restart()

    def _take_complete(self) -> None:
        if self.complete:
            whole = parser().parse_interactive(start="stretch")
            for token in self.complete:
                whole.feed_token(token)
            self.shapes += whole.feed_eof()

    def _fail(self, tokens: Sequence[Token], at: int) -> None:
        """Say that `tokens[at]` is none of those expected."""
        found = tokens[at]
        begin = start_of(self.pending[0]) if self.pending else start_of(found)
        if self.diagnoses and self.diagnoses[-1].end >= begin:
            return  # It follows from the mistake said last.
        what = "the end of the file" if found.type == "$END" else f"`{clip(str(found))}`"
        said = self._expectation(found) + what
        start, end = start_of(found), max(end_of(found), start_of(found))
        mending = self._mending(tokens, at)
        self.diagnoses.append(Diagnosis(start, end, "unexpected", said, mending))

    def _mending(self, tokens: Sequence[Token], at: int) -> Mending | None:
        """What makes `tokens[at]` right."""
        found = tokens[at]
        before = self.pending[-1] if self.pending else None
        if found.type in ("COMMA", "SEMICOLON") and before is None:
            return _without(found)
        if self._is_doubled(found):
            return _without(found)._replace(certain=False)
        if self._closes_before_value(tokens, at):
            return _without(found)
        if before is None:
            return self._more_fields(tokens, at)
        if before.type == "COMMA" and found.type == "RSQUARE":
            return _without(before)
        if self.parser.accepts() >= {"COMMA", "RSQUARE"} and found.type in _LISTED:
            return _commas(before, _from(tokens, at))
        if before.type == "NAME" and "COLON" in self.parser.accepts():
            return _colon(before, found, next(_from(tokens, at + 1), None))
        return None

    def _more_fields(self, tokens: Sequence[Token], at: int) -> Mending | None:
        """A field for each value behind a comma, where a plain field of one value was read."""
        found, behind = tokens[at], self.complete[-4:]
        kinds = [token.type for token in behind]
        if found.type not in _LISTED or kinds != ["NAME", "COLON", found.type, "COMMA"]:
            return None
        if found.type == "NAME" and _begins_field(tokens, at):
            return None
        name, comma = str(behind[0]), behind[-1]
        edits = [Edit(start_of(comma), start_of(found), f" {name}: ")]
        for i in range(at + 1, len(tokens) - 1, 2):
            one, other = tokens[i : i + 2]
            if one.type != "COMMA" or other.type != found.type:
                break
            edits.append(Edit(start_of(one), start_of(other), f" {name}: "))
        return Mending(f"write another `{name}`", tuple(edits), False)

    def _expectation(self, found: Token) -> str:
        before = self.pending[-1] if self.pending else None
        if before is None:
            return "expected a field name, found "
        expected = self.parser.accepts()
        if "COLON" in expected and found.type in _VALUES:
            return f"expected `:` between `{clip(str(before))}` and its value, found "
        if "RSQUARE" in expected and "STRING" not in expected and "LBRACE" not in expected:
            closing = "`.` or `]`" if "DOT" in expected else "`,` or `]`"
            return f"expected {closing} after `{clip(str(before))}`, found "
        if "COLON" in expected:
            return f"expected `:` or `{{` after `{clip(str(before))}`, found "
        if expected <= {"FLOAT", "INTEGER", "NAME"}:
            return f"expected a number after `{clip(str(before))}`, found "
        if "STRING" in expected:
            return f"expected a value after `{clip(str(before))}`, found "
        if "LBRACE" in expected:
            return f"expected `{{` after `{clip(str(before))}`, found "
        return "expected a field name, found "

    def _lex(self, line: str, position: int, base: int) -> Iterator[Token]:
        """Tokens of a line. What is no token is diagnosed and, where its kind is clear, mended."""
        while position < len(line):
            match = scanner().match(line, position)
            slip = _slip(line, position, match, self.row == 0 and base == 0)
            if slip is not None:
                slip, taken = over_lines(slip, self.lines, self.row_behind - 1)
                self.row_behind += taken - 1
                self.diagnoses.append(slip.diagnosis.moved(base))
                end, kind, text = slip.end, slip.token, slip.text
            else:
                assert match is not None
                end, kind, text = match.end(), match.lastgroup or "", match.group()
            if kind not in ("", "BLANK", "COMMENT"):
                yield make_token(kind, text, base + position, base + end)
            position = end
