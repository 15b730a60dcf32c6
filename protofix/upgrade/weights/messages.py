"""Caffe's messages as they lie on the wire: fields by name and number, and what each may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from caffe_proto import DIALECTS, FieldType, base_schema, dialect_schema
from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.wire import (
    FIXED32,
    FIXED64,
    FIXED_SIZES,
    LENGTH,
    VARINT,
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

_LOOKED_INTO = frozenset({"BlobProto", "BlobShape", "V0LayerParameter"})
"""The messages inside a layer that are checked as well: those that no fork has under its number."""

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

    def known(self, it: Field | Piece) -> FieldType | None:
        """What a field is; None if Caffe has no such field.

        Forks give the numbers of Caffe's fields to fields of their own. Protobuf takes a field of
        another wire type than it knows as one that it does not know, and so does this.
        """
        found = self.fields.get(it.number)
        if found is None or it.wire == self.wires[it.number]:
            return found
        return found if it.wire == LENGTH and found.repeated else None

    def is_named(self, it: Field | Piece, name: str) -> bool:
        """Whether a field is Caffe's of that name."""
        return it.number == self.numbers[name] and self.known(it) is not None

    def named(self, pieces: list[Piece], name: str) -> list[Piece]:
        """The fields that are Caffe's of that name."""
        return [piece for piece in pieces if self.is_named(piece, name)]


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


@cache
def numbers_anywhere(name: str) -> frozenset[int]:
    """The field numbers that a message has in Caffe or in a fork."""
    schemas = map(dialect_schema, DIALECTS)
    messages = (schema.messages[name] for schema in schemas if name in schema.messages)
    return frozenset(it.number for message in messages for it in message.fields.values())


def check_field(data: Data, within: WireMessage, it: Field, passed: Passed) -> None:
    """Raise WireError for a packed list that is none, and for blobs and V0 layers in disorder.

    What else a field holds is not looked into: it may be a fork's. Nor are values. `passed` is told
    of offsets that will not be read again.
    """
    known = within.known(it)
    if known is None:
        return
    wire = within.wires[it.number]
    packed = it.wire == LENGTH and wire != LENGTH
    if packed and (it.end - it.begin) % FIXED_SIZES.get(wire, 1):
        raise WireError(
            it.start,
            f"{within.name}.{known.name} has {it.end - it.begin} bytes of numbers; "
            f"each number takes {FIXED_SIZES[wire]}: the file is damaged",
        )
    if packed and wire == VARINT:
        _check_varints(data, it)
    elif known.type_name in _LOOKED_INTO:
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
        if it.wire in FIXED_SIZES and within.known(it) is not None:
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
        known = within.known(piece)
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
    return wire_message("V1LayerParameter").named(layer, "layer")


def layer_name(data: Data, layer: list[Piece], format_name: str) -> str:
    """The name of a layer, to be shown; `format_name` is that of its message."""
    names = wire_message(format_name).named(layer, "name")
    if format_name == "V1LayerParameter":
        for part in v0_content(layer):
            names += wire_message("V0LayerParameter").named(pieces_of(data, part.value), "name")
    return content(data, names[-1].value).decode("utf-8", "replace") if names else ""


def strings_of(data: Data, layer: list[Piece], format_name: str, field: str) -> tuple[bytes, ...]:
    """The strings in a field of a layer, such as `bottom`."""
    given = wire_message(format_name).named(layer, field)
    return tuple(content(data, piece.value) for piece in given)


def carried(unknown: list[Piece], old: str, new: str) -> tuple[list[Piece], list[Note]]:
    """The fields that `old` has not, as far as a layer in the format `new` may have them.

    Formats number their fields anew. A field that would mean something else in the new one would
    make the layer unreadable, so that it has to go, as it does in Caffe.
    """
    kept: list[Piece] = []
    notes: list[Note] = []
    for piece in unknown:
        known = wire_message(new).known(piece)
        text = f"has a field {piece.number}, which Caffe's {old} has not: "
        if known is None:
            kept.append(piece)
            notes.append(Note(f"{text}kept as it is", False))
        else:
            notes.append(Note(f"{text}dropped, since in {new} that is {known.name}", True))
    return kept, notes
