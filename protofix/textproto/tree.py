"""The lossless tree: documents of fields and messages, each knowing where it stands in the text.

A net repeats its lines, so what a line says is worked out once, as *shapes* with offsets from the
line's start, and shared by every line that reads the same. A node is a shape and the offset at
which it stands. What lies between nodes (blanks, comments, separators) is only in the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from protofix.textproto.edits import Mending
from protofix.textproto.source import Source

MAX_DEPTH = 100
"""Messages within messages; Caffe's schema needs six, protobuf's binary reader takes 100."""


class ScalarShape(NamedTuple):
    """A plain value: `kind` is "string", "integer", "float" or "name" (inf, TRAIN, true, ...).

    `value` is the decoded string of a "string", else the value as written without blanks or
    comments, a leading minus included.
    """

    kind: str
    value: str
    start: int
    end: int


class FieldShape(NamedTuple):
    """`name: value` or `name: [values]`, offsets from where the shape's text begins."""

    name: str
    start: int
    name_end: int
    scalars: tuple[ScalarShape, ...]
    listed: bool
    value_start: int
    end: int
    separated: bool
    colon: bool


class OpenShape(NamedTuple):
    """`name {`, or a `{` within a list of messages (`listed`; its name is the list's)."""

    name: str
    start: int
    name_end: int
    bracket: str
    end: int
    listed: bool


class CloseShape(NamedTuple):
    """`}` or `>`; `end` is behind the bracket, before a separator."""

    bracket: str
    start: int
    end: int
    separated: bool


class SeparatorShape(NamedTuple):
    """A `,` or `;` that stands apart from the field it follows."""

    start: int


Shape = FieldShape | OpenShape | CloseShape | SeparatorShape


class Scalar(NamedTuple):
    """A plain value and where it stands; see `ScalarShape`."""

    kind: str
    value: str
    start: int
    end: int


class Field(NamedTuple):
    """`name: value`, or `name: [value, value]`."""

    shape: FieldShape
    base: int

    @property
    def name(self) -> str:
        """Name as written; an extension's is in square brackets."""
        return self.shape.name

    @property
    def start(self) -> int:
        """Offset of the name."""
        return self.base + self.shape.start

    @property
    def name_end(self) -> int:
        """Offset behind the name."""
        return self.base + self.shape.name_end

    @property
    def value_start(self) -> int:
        """Offset of the value, or of the list's bracket."""
        return self.base + self.shape.value_start

    @property
    def end(self) -> int:
        """Offset behind the value; a separator that follows is not counted in."""
        return self.base + self.shape.end

    @property
    def said_end(self) -> int:
        """Offset behind what a finding on the node marks: all of a field."""
        return self.end

    @property
    def scalars(self) -> tuple[Scalar, ...]:
        """The values: one, or those of the list."""
        base = self.base
        # Of a list, not of a generator, which takes longer than what it gives.
        return tuple([Scalar(k, v, base + s, base + e) for k, v, s, e in self.shape.scalars])


class Message(NamedTuple):
    """`name { ... }`, or one element of `name [{ ... }, { ... }]`."""

    shape: OpenShape
    base: int
    fields: tuple[Node, ...]
    close_start: int
    end: int

    @property
    def name(self) -> str:
        """Name as written; an element of a list has the list's."""
        return self.shape.name

    @property
    def start(self) -> int:
        """Offset of the name (of the bracket, for an element of a list)."""
        return self.base + self.shape.start

    @property
    def name_end(self) -> int:
        """Offset behind the name (of the bracket, for an element of a list)."""
        return self.base + self.shape.name_end

    @property
    def said_end(self) -> int:
        """Offset behind what a finding on the node marks: of a message the name alone."""
        return self.name_end

    @property
    def open_end(self) -> int:
        """Offset behind the opening bracket."""
        return self.base + self.shape.end


Node = Field | Message


class TooDeepError(ValueError):
    """Messages are nested beyond `MAX_DEPTH`; `start` is the offset of the bracket."""

    def __init__(self, start: int) -> None:
        super().__init__(f"nested more than {MAX_DEPTH} deep")
        self.start = start


class Diagnosis(NamedTuple):
    """A mistake against the text format: where, which kind, and what would be right.

    `mending` makes it right, if that can be told.
    """

    start: int
    end: int
    kind: str
    message: str
    mending: Mending | None = None

    def moved(self, by: int) -> Diagnosis:
        """The same of a text that stands `by` characters further on."""
        mending = None if self.mending is None else self.mending.moved(by)
        return Diagnosis(self.start + by, self.end + by, self.kind, self.message, mending)


@dataclass(frozen=True)
class Document:
    """A text read: its top-level fields in order, and every mistake found on the way."""

    source: Source
    fields: tuple[Node, ...]
    diagnoses: tuple[Diagnosis, ...]

    @property
    def text(self) -> str:
        """The text the tree was read from, whole."""
        return self.source.text


def walk(fields: tuple[Node, ...]) -> Iterator[Node]:
    """Every node under `fields` in the order of the text, a message before what it holds."""
    stack = [iter(fields)]
    while stack:
        for node in stack[-1]:
            yield node
            if isinstance(node, Message):
                stack.append(iter(node.fields))
                break
        else:
            stack.pop()


def fields_named(fields: tuple[Node, ...], name: str) -> list[Field]:
    """The plain fields of that name."""
    # The name first, and without a call through Python: most nodes have another.
    return [node for node in fields if node.shape.name == name and isinstance(node, Field)]


def messages_named(fields: tuple[Node, ...], name: str) -> list[Message]:
    """The messages of that name."""
    return [node for node in fields if node.shape.name == name and isinstance(node, Message)]


def scalars_named(fields: tuple[Node, ...], name: str) -> list[Scalar]:
    """All values of the plain fields of that name, lists taken apart."""
    return [scalar for field in fields_named(fields, name) for scalar in field.scalars]
