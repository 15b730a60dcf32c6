"""The text of one file and its lines: offsets to line and column and back to bytes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

MAX_LINE = 16 * 1024 * 1024
"""Characters. A longer line is no prototxt that a person or a tool wrote to be read."""

BLANKS = " \t\r\v\f"
"""White space of the format within a line; Python's own idea of it is wider."""

BYTE_ORDER_MARK = "\ufeff"

# A net has none of these; a caffemodel, an LMDB or a picture has them within its first bytes.
# Tab, line feed, vertical tab, form feed and carriage return are the format's white space.
_BINARY = bytes(set(range(32)) - set(b"\t\n\v\f\r")) + b"\x7f"


class NotTextError(ValueError):
    """The bytes of a file cannot be a prototxt; the message says what they are instead."""


class Position(NamedTuple):
    """A place in a text as people count it: the first character is at 1:1."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A text and the name it goes by in messages.

    Bytes that are not UTF-8 are kept as lone surrogates, so that `to_bytes` gives back every byte.
    Offsets are characters of `text`.
    """

    text: str
    path: str = "<string>"

    @classmethod
    def from_bytes(cls, data: bytes, path: str = "<bytes>") -> Source:
        """Take the bytes of a file. Raises `NotTextError` if they cannot be a prototxt."""
        head = data[:65536]
        encoding = _wide_encoding(head)
        if encoding is not None:
            raise NotTextError(
                f"is {encoding} text; Caffe reads UTF-8: save it as UTF-8 without a BOM"
            )
        binary = len(head) - len(head.translate(None, _BINARY))
        # One stray control character is a mistake in a text, to be shown where it is; many are
        # another kind of file.
        if binary > 2 + len(head) // 100:
            raise NotTextError(_what_binary(data))
        source = cls(data.decode("utf-8", "surrogateescape"), path)
        longest = max(map(len, source.lines)) if len(data) > MAX_LINE else 0
        if longest > MAX_LINE:
            number = next(n for n, line in enumerate(source.lines, 1) if len(line) > MAX_LINE)
            raise NotTextError(
                f"line {number} is {longest:,} characters long; "
                f"a prototxt has lines of at most {MAX_LINE:,}"
            )
        return source

    def __reduce__(self) -> tuple[type[Source], tuple[str, str]]:
        """Go to another process without what was worked out of the text."""
        return Source, (self.text, self.path)

    def to_bytes(self) -> bytes:
        """Give back the bytes of the file."""
        return self.text.encode("utf-8", "surrogateescape")

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their line feed: only that ends a line of the text format."""
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts = []
        offset = 0
        for line in self.lines:
            starts.append(offset)
            offset += len(line) + 1
        return starts

    def position(self, offset: int) -> Position:
        """Line and column, from 1, of the character at `offset` (or of the end of the text)."""
        row = bisect_right(self._starts, offset) - 1
        return Position(row + 1, offset - self._starts[row] + 1)

    def line_end(self, offset: int) -> int:
        """Offset of the line feed that ends the line of `offset`, or the end of the text."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end


def _wide_encoding(head: bytes) -> str | None:
    """The encoding of a text whose characters are all of two or of four bytes; None of another."""
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "UTF-32"
    # Of plain text without a mark every second byte is NUL.
    halves = (head[::2], head[1::2])
    unmarked = any(half and not half.strip(b"\0") for half in halves) and head.strip(b"\0")
    return "UTF-16" if unmarked or head[:2] in (b"\xff\xfe", b"\xfe\xff") else None


def is_stray_byte(character: str) -> bool:
    """Whether a character of a text stands for a byte that is not UTF-8."""
    return "\udc80" <= character <= "\udcff"


def newline_of(text: str) -> str:
    """What most lines of a text end in."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def indentation(line: str, tab: int = 8) -> int:
    """How deep a line is indented, in columns."""
    return len(line[: len(line) - len(line.lstrip(BLANKS))].expandtabs(tab))


def _what_binary(data: bytes) -> str:
    # A serialized NetParameter begins with field 1 (its name) and goes on with fields 2 or 100.
    if data[:1] == b"\x0a" and len(data) > 2 and 2 + data[1] < len(data):
        after_name = data[2 + data[1] :][:2]
        if after_name[:1] in (b"\x12", b"\x1a") or after_name == b"\xa2\x06":
            return "is a binary net (a caffemodel?), not a prototxt; give the net's prototxt"
    return "is binary data, not a prototxt"
