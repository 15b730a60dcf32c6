"""Protobuf's wire format: fields read in place, each with its offsets, and fields written.

A message is a row of fields. Each begins with a tag (its number and its wire type), and then comes
a variable-length integer, four bytes, eight bytes, or a length and that many bytes: a string, a
message, or the numbers of a packed list. Nothing here knows Caffe, and nothing reads a value that
it is not asked for: a field of gigabytes costs the reading of its tag and its length.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5

FIXED_SIZES = {FIXED64: 8, FIXED32: 4}

Data = bytes | mmap.mmap

_GROUPS = (3, 4)
_LONGEST_VARINT = 10  # bytes of seven bits each, for 64 bits
_LARGEST_NUMBER = (1 << 29) - 1  # of a field
_RUN = 1 << 16  # numbers of an unpacked list that are looked at in one go
_STRETCH = 1 << 20  # bytes of such a list that are gone through before they may be let go


class WireError(ValueError):
    """Bytes that are no message: `offset` says where, `problem` what is wrong."""

    def __init__(self, offset: int, problem: str) -> None:
        super().__init__(f"offset {offset}: {problem}")
        self.offset = offset
        self.problem = problem


class Span(NamedTuple):
    """Bytes of the file that are not read, only copied: from `start` to before `end`."""

    start: int
    end: int


class Field(NamedTuple):
    """A field in its place: its tag begins at `start`, its value spans `begin` to before `end`.

    The value of a field with a length is what comes after the length.
    """

    number: int
    wire: int
    start: int
    begin: int
    end: int


class Piece(NamedTuple):
    """A field to be written: a value made anew, or one to be copied from where it is."""

    number: int
    wire: int
    value: bytes | Span


def read_field(data: Data, at: int, end: int) -> Field:
    """Read the tag and the length of the field at `at`, in a message that ends before `end`.

    Raises WireError for what protobuf refuses, too: a number that is cut off or too long, field
    number 0, a wire type that does not exist, and a value that reaches past `end`. Groups, which
    protobuf gave up before Caffe began, are refused as well.
    """
    tag, begin = _small(data, at, end)
    number, wire = tag >> 3, tag & 7
    if not 0 < number <= _LARGEST_NUMBER:
        raise WireError(at, f"a field has the number {number}; protobuf's begin with 1")
    if wire == LENGTH:
        length, begin = _small(data, begin, end)
        stop = begin + length
    elif wire == VARINT:
        _, stop = _small(data, begin, end)
    elif wire in FIXED_SIZES:
        stop = begin + FIXED_SIZES[wire]
    elif wire in _GROUPS:
        raise WireError(at, f"field {number} is a group, which no version of Caffe uses")
    else:
        raise WireError(at, f"field {number} has wire type {wire}; there are only 0, 1, 2 and 5")
    if stop > end:
        raise WireError(at, f"field {number} needs the bytes up to {stop}, but {_limit(data, end)}")
    return Field(number, wire, at, begin, stop)


def _small(data: Data, at: int, end: int) -> tuple[int, int]:
    """A varint, quickly where it is one byte long."""
    if at < end and (byte := data[at]) < 0x80:
        return byte, at + 1
    return read_varint(data, at, end)


def read_varint(data: Data, at: int, end: int) -> tuple[int, int]:
    """Read a variable-length integer of up to 64 bits, and where it ends. Raises WireError."""
    value = shift = 0
    for position in range(at, min(at + _LONGEST_VARINT, end)):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, position + 1
        shift += 7
    if at + _LONGEST_VARINT > end and not value >> 64:
        raise WireError(at, f"a number is cut off: {_limit(data, end)}")
    raise WireError(at, "a number is longer than 64 bits")


def _limit(data: Data, end: int) -> str:
    if end == len(data):
        return f"the file ends at {end}; it is cut short or no net: fetch it anew"
    return f"its message ends at {end}; the file is damaged or no net: fetch it anew"


def read_fields(data: Data, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between two offsets, in the order of the file. Raises WireError."""
    at = start
    while at < end:
        field = read_field(data, at, end)
        yield field
        at = field.end


def pieces_of(data: Data, value: bytes | Span) -> list[Piece]:
    """The fields of a message, ready to be written again. Raises WireError."""
    if isinstance(value, bytes):
        return [
            Piece(field.number, field.wire, value[field.begin : field.end])
            for field in read_fields(value, 0, len(value))
        ]
    return [piece_of(field) for field in read_fields(data, value.start, value.end)]


def piece_of(field: Field) -> Piece:
    """A field, ready to be written again."""
    return Piece(field.number, field.wire, Span(field.begin, field.end))


def content(data: Data, value: bytes | Span) -> bytes:
    """The bytes of a value."""
    return value if isinstance(value, bytes) else data[value.start : value.end]


def integers(data: Data, pieces: list[Piece]) -> list[int]:
    """The numbers of a repeated field of integers, packed or not, as 64-bit signed integers.

    Raises WireError.
    """
    found = []
    for piece in pieces:
        inner = content(data, piece.value)
        at = 0
        while at < len(inner):
            value, at = read_varint(inner, at, len(inner))
            found.append(value - (1 << 64) if value >> 63 else value)
    return found


def fixed(data: Data, pieces: list[Piece], size: int) -> list[bytes]:
    """The numbers of a repeated field, `size` bytes each, packed or not."""
    joined = b"".join(content(data, piece.value) for piece in pieces)
    return [joined[at : at + size] for at in range(0, len(joined) - size + 1, size)]


def end_of_run(data: Data, field: Field, end: int) -> int:
    """Where, before `end`, a row of fields ends that all have the tag of a field of fixed size.

    An unpacked list of numbers is such a row; going along it by its tags alone is quick. A tag of
    several bytes ends the row after one field, and a row of more than a megabyte ends there.
    """
    end = min(end, field.end + _STRETCH)
    size = field.end - field.start
    if field.begin - field.start != 1:
        return field.end
    tag, at = data[field.start : field.begin], field.end
    while True:
        count = min(_RUN, (end - at) // size)
        tags = data[at : at + count * size : size]
        same = count - len(tags.lstrip(tag))
        at += same * size
        if same < count or not count:
            return at


def encode_varint(value: int) -> bytes:
    """Write a variable-length integer; one below zero as protobuf does, in 64 bits."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def head_of(piece: Piece) -> bytes:
    """The tag of a field, and its length if it has one."""
    tag = encode_varint(piece.number << 3 | piece.wire)
    return tag + encode_varint(size_of(piece.value)) if piece.wire == LENGTH else tag


def size_of(value: bytes | Span) -> int:
    """How many bytes a value has."""
    return len(value) if isinstance(value, bytes) else value.end - value.start


def encode(data: Data, pieces: list[Piece]) -> bytes:
    """Write a small message, by field numbers, as protobuf itself does."""
    ordered = sorted(pieces, key=lambda piece: piece.number)
    return b"".join(head_of(piece) + content(data, piece.value) for piece in ordered)
