"""From text to tree, a line at a time.

What a line's tokens are depends on that line alone, and nets repeat their lines: each distinct
line that is whole (one or more of `name: value`, `name {` and `}`) is understood once and kept.
Everything else is a stretch for the grammar's parser (`stretch.py`).
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from protofix.textproto.grammar import terminals
from protofix.textproto.literals import decode_string
from protofix.textproto.source import BLANKS, Source
from protofix.textproto.tree import (
    MAX_DEPTH,
    CloseShape,
    Diagnosis,
    Document,
    Field,
    FieldShape,
    Message,
    Node,
    OpenShape,
    ScalarShape,
    SeparatorShape,
    Shape,
    TooDeepError,
)

_KEPT_LINES = 200_000
_KEPT_LENGTH = 200


class _Patterns:
    """The regular lines, put together from the grammar's terminals."""

    def __init__(self) -> None:
        t = terminals()
        blank = f"(?:{t['BLANK']})?"
        separator = f"(?:{t['COMMA']}|{t['SEMICOLON']})"
        number = f"{t['MINUS']}?(?:(?P<float>{t['FLOAT']})|(?P<integer>{t['INTEGER']}))"
        value = f"(?P<value>(?P<string>{t['STRING']})|{number}|{t['NAME']})"
        self.item = re.compile(
            f"{blank}(?:"
            f"(?P<name>{t['NAME']}){blank}(?:"
            f"{t['COLON']}{blank}{value}(?:{blank}(?P<separator>{separator}))?"
            f"|(?:{t['COLON']}{blank})?(?P<open>{t['LBRACE']}|{t['LANGLE']}))"
            f"|(?P<close>{t['RBRACE']}|{t['RANGLE']})(?:{blank}(?P<close_separator>{separator}))?)"
        )
        self.rest = re.compile(f"{blank}(?:{t['COMMENT']})?")


@cache
def _patterns() -> _Patterns:
    return _Patterns()


# Shared by all texts read in this process: files of one project repeat each other's lines.
_known_lines: dict[str, tuple[Shape, ...]] = {}


def read(source: Source) -> Document:
    """Read a text. Mistakes are in the document's `diagnoses`, in the order of the text.

    Whatever can be made out around a mistake is in the tree. The cost grows with the length of
    the text alone.
    """
    with _no_garbage_collection():
        return _Reader(source).read()


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hold the collector back: a tree has no cycles, and looking for them took two thirds of the
    time of reading the test corpus."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnoses: list[Diagnosis] = []
        self.last_separator = -1

    def read(self) -> Document:
        known = _known_lines
        # What Field(shape, base) comes down to, without a call through Python for every line.
        new = tuple.__new__
        fields: list[Node] = []
        stack: list[tuple[OpenShape, int, list[Node]]] = []
        offset = 0
        lines = enumerate(self.source.lines)
        for row, line in lines:
            base = offset
            offset += len(line) + 1
            shapes = known.get(line)
            if shapes is None:
                shapes = _learn(line)
            if shapes is None:
                try:
                    shapes, base, taken = self._irregular(row, line, base, fields)
                except TooDeepError as error:
                    return self._too_deep(error.start)
                for _ in range(taken - 1):
                    offset += len(next(lines)[1]) + 1
            for shape in shapes:
                if type(shape) is FieldShape:
                    fields.append(new(Field, (shape, base)))
                elif type(shape) is OpenShape:
                    stack.append((shape, base, fields))
                    fields = []
                    if len(stack) > MAX_DEPTH:
                        return self._too_deep(base + shape.end - 1)
                elif type(shape) is CloseShape:
                    if not stack:
                        self._extra_close(shape, base)
                        continue
                    opened, opened_base, outer = stack.pop()
                    if (opened.bracket == "{") != (shape.bracket == "}"):
                        self._wrong_close(opened, opened_base, shape, base)
                    start, end = base + shape.start, base + shape.end
                    outer.append(Message(opened, opened_base, tuple(fields), start, end))
                    fields = outer
                elif type(shape) is SeparatorShape:
                    self._lone_separator(base + shape.start, fields)
        end = len(self.source.text)
        if stack:
            self._never_closed(stack[-1][0], stack[-1][1], len(stack))
        while stack:
            opened, opened_base, outer = stack.pop()
            outer.append(Message(opened, opened_base, tuple(fields), end, end))
            fields = outer
        self.diagnoses.sort(key=lambda diagnosis: diagnosis.start)
        return Document(self.source, tuple(fields), tuple(self.diagnoses))

    def _irregular(
        self, row: int, line: str, base: int, fields: list[Node]
    ) -> tuple[tuple[Shape, ...], int, int]:
        """Read a stretch; give its shapes, where they stand, and the lines taken from `row` on."""
        # Only an irregular line needs Lark, and importing it takes longer than reading most nets.
        from protofix.textproto.stretch import read_stretch

        first_row, column, start = row, 0, base
        last = fields[-1] if fields else None
        if line.lstrip(BLANKS)[:1] in ("'", '"') and type(last) is Field and _may_go_on(last):
            # A string under a string: both are one value, so the field is read again with it.
            fields.pop()
            start = last.start
            first_row = self.source.position(start).line - 1
            column = self.source.position(start).column - 1
        try:
            stretch = read_stretch(self.source.lines, first_row, column, row - first_row)
        except TooDeepError as error:
            raise TooDeepError(start + error.start) from None
        taken = stretch.lines - (row - first_row)
        for found in stretch.diagnoses:
            self._say(start + found.start, start + found.end, found.kind, found.message)
        if stretch.lines == 1 and not column and not stretch.diagnoses:
            _keep(line, stretch.shapes)
        return stretch.shapes, start, taken

    def _say(self, start: int, end: int, kind: str, message: str) -> None:
        self.diagnoses.append(Diagnosis(start, end, kind, message))

    def _said_at(self, start: int) -> bool:
        return any(diagnosis.start == start for diagnosis in self.diagnoses[-8:])

    def _too_deep(self, start: int) -> Document:
        message = f"messages are nested more than {MAX_DEPTH} deep"
        self._say(start, start + 1, "depth", message)
        return Document(self.source, (), tuple(self.diagnoses))

    def _extra_close(self, shape: CloseShape, base: int) -> None:
        start, end = base + shape.start, base + shape.end
        if not self._said_at(start):
            message = f"expected a field name, found `{shape.bracket}`: nothing is open here"
            self._say(start, end, "bracket", message)

    def _wrong_close(
        self, opened: OpenShape, opened_base: int, shape: CloseShape, base: int
    ) -> None:
        right = "}" if opened.bracket == "{" else ">"
        message = f"expected `{right}` {self._opened(opened, opened_base)}, found `{shape.bracket}`"
        self._say(base + shape.start, base + shape.end, "bracket", message)

    def _never_closed(self, opened: OpenShape, opened_base: int, count: int) -> None:
        end = len(self.source.text)
        if not self._said_at(end):
            more = f" (and {count - 1} around it)" if count > 1 else ""
            right = "}" if opened.bracket == "{" else ">"
            where = self._opened(opened, opened_base)
            message = f"expected `{right}` {where}{more}, found the end of the file"
            self._say(end, end, "bracket", message)

    def _opened(self, opened: OpenShape, opened_base: int) -> str:
        line = self.source.position(opened_base + opened.start).line
        name = f"{opened.name} " if opened.name else ""
        return f"for `{name}{opened.bracket}` of line {line}"

    def _lone_separator(self, start: int, fields: list[Node]) -> None:
        """Judge a separator that does not stand on the line of what it follows."""
        character = self.source.text[start]
        # Behind another separator this one is wrong, whatever lies between.
        alone = bool(fields) and fields[-1].end > self.last_separator
        self.last_separator = start
        between = self.source.text[fields[-1].end : start] if alone else character
        comment = terminals()["COMMENT"]
        between = re.sub(comment, "", between)
        if fields and type(fields[-1]) is Message and fields[-1].shape.listed:
            between = between.replace("]", "", 1)  # The end of the list it was in.
        if between.strip():
            message = f"expected a field name, found `{character}`"
            self._say(start, start + 1, "unexpected", message)


def _may_go_on(field: Field) -> bool:
    """Whether a string behind this field would belong to its value."""
    shape = field.shape
    return not shape.listed and not shape.separated and shape.scalars[-1].kind == "string"


def _learn(line: str) -> tuple[Shape, ...] | None:
    """Shapes of a regular line, or None if it takes the grammar's parser."""
    patterns = _patterns()
    shapes: list[Shape] = []
    position = 0
    while True:
        match = patterns.item.match(line, position)
        if match is None:
            break
        shapes.append(_shape(match))
        position = match.end()
    if not patterns.rest.fullmatch(line, position):
        return None
    found = tuple(shapes)
    _keep(line, found)
    return found


def _keep(line: str, shapes: tuple[Shape, ...]) -> None:
    if len(line) <= _KEPT_LENGTH:
        if len(_known_lines) >= _KEPT_LINES:
            _known_lines.clear()
        _known_lines[line] = shapes


def _shape(match: re.Match[str]) -> Shape:
    if match["close"]:
        start, end = match.span("close")
        return CloseShape(match["close"], start, end, match["close_separator"] is not None)
    start, name_end = match.span("name")
    if match["open"]:
        return OpenShape(match["name"], start, name_end, match["open"], match.end("open"), False)
    value_start, end = match.span("value")
    written = match["value"]
    if match["string"]:
        scalar = ScalarShape("string", decode_string(written), value_start, end)
    else:
        kind = "float" if match["float"] else "integer" if match["integer"] else "name"
        scalar = ScalarShape(kind, written, value_start, end)
    separated = match["separator"] is not None
    return FieldShape(
        match["name"], start, name_end, (scalar,), False, value_start, end, separated, True
    )
