"""Caffe's messages as they lie on the wire: fields by name and number, and what each may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from caffe_proto import FieldType, base_schema
from protofix.upgrade.weights.notes import Note
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
    content,
    encode_varint,
    end_of_run,
    integers,
    pieces_of,
    read_field,
    read_varint,
)

Passed = Callable[[int], None]

_WIRES = {"float": FIXED32, "double": FIXED64, "string": LENGTH, "bytes": LENGTH, "message": LENGTH}


@dataclass(frozen=True, slots=True, eq=False)
class WireMessage:
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
    """A message's fields as protobuf takes them, and what is to be said of them.

    Of a plain field that was given twice only the last is left, and enum values that Caffe has not
    are gone; messages given in parts are left in parts, which whoever reads them puts together.
    """

    pieces: list[Piece]
    unknown: list[Piece]
    notes: list[Note]


@cache
def wire_message(name: str) -> WireMessage:
    """A message of Caffe's own schema, as it is on the wire."""
    fields = base_schema().messages[name].fields
    return WireMessage(
        name,
        MappingProxyType({it.name: it.number for it in fields.values()}),
        MappingProxyType({it.number: it for it in fields.values()}),
        MappingProxyType({it.number: _WIRES.get(it.kind, VARINT) for it in fields.values()}),
    )


def check_field(data: Data, within: WireMessage, it: Field, passed: Passed) -> None:
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
        for _ in checked_fields(data, wire_message(known.type_name), it.begin, it.end, passed):
            pass


def checked_fields(
    data: Data, within: WireMessage, start: int, end: int, passed: Passed
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
            at = end_of_run(data, it, end)
        passed(at)


def _check_varints(data: Data, it: Field) -> None:
    at = it.begin
    while at < it.end:
        _, at = read_varint(data, at, it.end)


def settle(data: Data, within: WireMessage, pieces: list[Piece]) -> Settled:
    """Take fields as protobuf does when it reads a message."""
    last: dict[int, Piece] = {}
    kept: list[Piece] = []
    unknown: list[Piece] = []
    notes: list[Note] = []
    for piece in pieces:
        known = within.fields.get(piece.number)
        if known is None:
            unknown.append(piece)
            continue
        if known.kind == "enum":
            piece, strange = _known_values(data, known, piece)
            said = "is none of Caffe's; dropped"
            notes += [Note(f"{known.name} {value} {said}", True) for value in strange]
            if not piece.value:
                continue
        if known.repeated or known.kind == "message":
            kept.append(piece)
        else:
            last[piece.number] = piece
    return Settled([*kept, *last.values()], unknown, notes)


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


def v0_content(layer: list[Piece]) -> list[Piece]:
    """The `layer` fields of a V1 message: the V0 layer, which may come in several parts."""
    number = wire_message("V1LayerParameter").numbers["layer"]
    return [piece for piece in layer if piece.number == number]


def layer_name(data: Data, layer: list[Piece], format_name: str) -> str:
    """The name of a layer, to be shown; `format_name` is that of its message."""
    number = wire_message(format_name).numbers["name"]
    names = [piece.value for piece in layer if piece.number == number]
    if format_name == "V1LayerParameter":
        inner = wire_message("V0LayerParameter").numbers["name"]
        for part in v0_content(layer):
            names += [it.value for it in pieces_of(data, part.value) if it.number == inner]
    return content(data, names[-1]).decode("utf-8", "replace") if names else ""


def strings_of(data: Data, layer: list[Piece], format_name: str, field: str) -> tuple[bytes, ...]:
    """The strings in a field of a layer, such as `bottom`."""
    number = wire_message(format_name).numbers[field]
    return tuple(content(data, piece.value) for piece in layer if piece.number == number)


def carried(unknown: list[Piece], old: str, new: str) -> tuple[list[Piece], list[Note]]:
    """The fields that `old` has not, as far as a layer in the format `new` may have them.

    Formats number their fields anew. A number that means something else in the new one would make
    the layer unreadable, so that the field has to go, as it does in Caffe.
    """
    kept: list[Piece] = []
    notes: list[Note] = []
    for piece in unknown:
        known = wire_message(new).fields.get(piece.number)
        text = f"has a field {piece.number}, which Caffe's {old} has not: "
        if known is None:
            kept.append(piece)
            notes.append(Note(f"{text}kept as it is", False))
        else:
            notes.append(Note(f"{text}dropped, since in {new} that is {known.name}", True))
    return kept, notes
