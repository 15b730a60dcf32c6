"""Caffe's messages as they lie on the wire: fields by name and number, and what each may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from caffe_proto import FieldType, base_schema
from protofix.upgrade.weights.wire import (
    FIXED32,
    FIXED64,
    FIXED_SIZES,
    LENGTH,
    VARINT,
    WIRE_NAMES,
    Data,
    Field,
    Piece,
    WireError,
    encode_varint,
    end_of_run,
    integers,
    read_field,
    read_varint,
)

Passed = Callable[[int], None]

_STRETCH = 1 << 20  # bytes of an unpacked list that are gone through before they are let go
_WIRES = {"float": FIXED32, "double": FIXED64, "string": LENGTH, "bytes": LENGTH, "message": LENGTH}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A message on the wire.

    Attributes:
        name: of the message.
        numbers: the number of each field, by its name.
        fields: the fields by number.
        wires: the wire type of each field, by number; that of one value if it is repeated.

    """

    name: str
    numbers: Mapping[str, int]
    fields: Mapping[int, FieldType] = field(repr=False)
    wires: Mapping[int, int] = field(repr=False)


class Settled(NamedTuple):
    """A message's fields as protobuf takes them, and what is odd about them, in words.

    Of a plain field that was given twice only the last is left, and enum values that Caffe has not
    are gone; messages given in parts are left in parts, which whoever reads them puts together.
    """

    pieces: list[Piece]
    unknown: list[Piece]
    remarks: list[str]


@cache
def layout(name: str) -> Layout:
    """The layout of a message of Caffe's own schema."""
    fields = base_schema().messages[name].fields
    return Layout(
        name,
        MappingProxyType({it.name: it.number for it in fields.values()}),
        MappingProxyType({it.number: it for it in fields.values()}),
        MappingProxyType({it.number: _WIRES.get(it.kind, VARINT) for it in fields.values()}),
    )


def check_field(data: Data, within: Layout, it: Field, passed: Passed) -> None:
    """Raise WireError unless a field can be what its number says; unknown ones can be anything.

    Whatever is in it is checked as well, save for the values. `passed` is told of offsets that will
    not be read again.
    """
    known = within.fields.get(it.number)
    if known is None:
        return
    wire = within.wires[it.number]
    packed = it.wire == LENGTH and wire != LENGTH and known.repeated
    if it.wire != wire and not packed:
        raise WireError(
            it.start,
            f"{within.name}.{known.name} (field {it.number}) is {WIRE_NAMES[it.wire]}; "
            f"it has to be {WIRE_NAMES[wire]}: the file is damaged or no net",
        )
    if packed and (it.end - it.begin) % FIXED_SIZES.get(wire, 1):
        raise WireError(
            it.start,
            f"{within.name}.{known.name} has {it.end - it.begin} bytes of numbers; "
            f"each number takes {FIXED_SIZES[wire]}: the file is damaged",
        )
    if packed and wire == VARINT:
        _check_varints(data, it)
    elif known.kind == "message":
        assert known.type_name is not None
        for _ in checked_fields(data, layout(known.type_name), it.begin, it.end, passed):
            pass


def checked_fields(
    data: Data, within: Layout, start: int, end: int, passed: Passed
) -> Iterator[Field]:
    """The fields of a message, each once it was checked.

    Of an unpacked list of floats or doubles only a few numbers are given. Raises WireError.
    """
    at = start
    while at < end:
        it = read_field(data, at, end)
        check_field(data, within, it, passed)
        yield it
        at = it.end
        if it.wire in FIXED_SIZES and it.number in within.fields:
            at = end_of_run(data, it, min(end, at + _STRETCH))
        passed(at)


def _check_varints(data: Data, it: Field) -> None:
    at = it.begin
    while at < it.end:
        _, at = read_varint(data, at, it.end)


def settle(data: Data, within: Layout, pieces: list[Piece]) -> Settled:
    """Take fields as protobuf does when it reads a message."""
    last: dict[int, Piece] = {}
    kept: list[Piece] = []
    unknown: list[Piece] = []
    remarks: list[str] = []
    for piece in pieces:
        known = within.fields.get(piece.number)
        if known is None:
            unknown.append(piece)
            continue
        if known.kind == "enum":
            piece, strange = _known_values(data, known, piece)
            remarks += [f"{known.name} {value} is none of Caffe's; dropped" for value in strange]
            if not piece.value:
                continue
        if known.repeated or known.kind == "message":
            kept.append(piece)
        else:
            last[piece.number] = piece
    return Settled([*kept, *last.values()], unknown, remarks)


def _known_values(data: Data, known: FieldType, piece: Piece) -> tuple[Piece, list[int]]:
    """An enum field without the values that its enum has not, and those values."""
    assert known.type_name is not None
    numbers = base_schema().enums[known.type_name].numbers
    values = [as_int32(value) for value in integers(data, [piece])]
    strange = [value for value in values if value not in numbers]
    if not strange:
        return piece, []
    left = b"".join(encode_varint(value) for value in values if value in numbers)
    return Piece(piece.number, piece.wire, left), strange


def as_int32(value: int) -> int:
    """What protobuf makes of an integer in a field of 32 bits: the lower ones."""
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value
