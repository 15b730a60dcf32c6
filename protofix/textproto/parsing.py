"""The grammar's parser, and the shapes that it makes of what it reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from lark import Lark, Token, Transformer

from protofix.textproto.grammar import grammar_text
from protofix.textproto.literals import decode_string
from protofix.textproto.tree import (
    CloseShape,
    FieldShape,
    OpenShape,
    ScalarShape,
    SeparatorShape,
    Shape,
)


class _ShapeBuilder(Transformer):  # type: ignore[type-arg]
    """Makes shapes of what the parser reduces; each method is named by its rule."""

    def name(self, tokens: list[Token]) -> Token:
        if len(tokens) == 1:
            return tokens[0]
        # Without blanks and comments, so that names compare.
        return make_token("NAME", "".join(tokens), start_of(tokens[0]), end_of(tokens[-1]))

    def value(self, tokens: list[Token]) -> ScalarShape:
        start, end = start_of(tokens[0]), end_of(tokens[-1])
        if tokens[0].type == "STRING":
            return ScalarShape("string", "".join(map(decode_string, tokens)), start, end)
        kind = {"FLOAT": "float", "INTEGER": "integer", "NAME": "name"}[tokens[-1].type]
        return ScalarShape(kind, "".join(tokens), start, end)

    def separator(self, tokens: list[Token]) -> SeparatorShape:
        return SeparatorShape(start_of(tokens[0]))

    def array(self, parts: list[object]) -> list[object]:
        return list(parts)

    def element(self, parts: list[object]) -> list[Shape]:
        opening, *fields, closing = parts
        assert isinstance(opening, Token)
        assert isinstance(closing, Token)
        start, end = start_of(opening), end_of(opening)
        return [
            OpenShape("", start, end, str(opening), end, True),
            *_flat(fields),
            CloseShape(str(closing), start_of(closing), end_of(closing), False),
        ]

    def field(self, parts: list[object]) -> list[Shape]:
        name = parts[0]
        assert isinstance(name, Token)
        separated = isinstance(parts[-1], SeparatorShape)
        content = parts[-2] if separated else parts[-1]
        if isinstance(content, ScalarShape):
            scalars: tuple[ScalarShape, ...] = (content,)
            value_start, end = content.start, content.end
        else:
            assert isinstance(content, list)
            value_start, end = start_of(content[0]), end_of(content[-1])
            elements = [shape for part in content if isinstance(part, list) for shape in part]
            if elements:
                return [
                    shape._replace(name=str(name))
                    if isinstance(shape, OpenShape) and shape.listed and not shape.name
                    else shape
                    for shape in elements
                ]
            scalars = tuple(part for part in content if isinstance(part, ScalarShape))
        colon = isinstance(parts[1], Token) and parts[1].type == "COLON"
        return [
            FieldShape(
                name=str(name),
                start=start_of(name),
                name_end=end_of(name),
                scalars=scalars,
                listed=not isinstance(content, ScalarShape),
                value_start=value_start,
                end=end,
                separated=separated,
                colon=colon,
            )
        ]

    def _open(self, tokens: list[Token]) -> list[Shape]:
        name, bracket = tokens[0], tokens[-1]
        return [
            OpenShape(str(name), start_of(name), end_of(name), str(bracket), end_of(bracket), False)
        ]

    open_brace = _open
    open_angle = _open

    def open(self, parts: list[object]) -> list[Shape]:
        return _flat(parts)

    def close(self, parts: list[object]) -> list[Shape]:
        bracket = parts[0]
        assert isinstance(bracket, Token)
        return [CloseShape(str(bracket), start_of(bracket), end_of(bracket), len(parts) > 1)]

    def message(self, parts: list[object]) -> list[Shape]:
        at = next(i for i, p in enumerate(parts) if isinstance(p, Token))
        return _flat(parts[:at]) + self.close(parts[at:])

    def stretch(self, parts: list[object]) -> list[Shape]:
        return _flat(parts)

    document = stretch


def _flat(parts: Sequence[object]) -> list[Shape]:
    shapes: list[Shape] = []
    for part in parts:
        if isinstance(part, SeparatorShape):
            shapes.append(part)
        else:
            assert isinstance(part, list)
            shapes.extend(part)
    return shapes


def make_token(kind: str, text: str, start: int, end: int) -> Token:
    """A token of the grammar that stands from `start` up to `end`."""
    return Token(kind, text, start_pos=start, end_pos=end)


def start_of(token: object) -> int:
    """Offset of a token."""
    assert isinstance(token, Token)
    assert token.start_pos is not None
    return token.start_pos


def end_of(token: object) -> int:
    """Offset behind a token."""
    assert isinstance(token, Token)
    assert token.end_pos is not None
    return token.end_pos


@cache
def parser() -> Lark:
    """The LALR parser; it makes shapes from `document` (a whole text) or `stretch`."""
    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="basic",
        start=["document", "stretch"],
        maybe_placeholders=False,
        transformer=_ShapeBuilder(),
    )
