"""The regular lines of a text, which need no parser: each distinct one is understood once."""

from __future__ import annotations

import re
from functools import cache

from protofix.textproto.grammar import terminals
from protofix.textproto.literals import decode_string
from protofix.textproto.tree import CloseShape, FieldShape, OpenShape, ScalarShape, Shape

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
known_lines: dict[str, tuple[Shape, ...]] = {}


def learn(line: str) -> tuple[Shape, ...] | None:
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
    keep(line, found)
    return found


def keep(line: str, shapes: tuple[Shape, ...]) -> None:
    """Remember what a line says."""
    if len(line) <= _KEPT_LENGTH:
        if len(known_lines) >= _KEPT_LINES:
            known_lines.clear()
        known_lines[line] = shapes


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
