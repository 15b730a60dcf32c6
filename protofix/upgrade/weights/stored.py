"""The layers of a binary net as far as weights go: names, and shapes and counts of blobs.

Never a value is read: the numbers of a blob are counted by how many bytes they take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from caffe_proto import dialect_schema
from protofix.upgrade.weights.mapped import MappedFile, WeightsError
from protofix.upgrade.weights.messages import as_int32, layer_name, v0_content, wire_message
from protofix.upgrade.weights.wire import (
    FIXED_SIZES,
    LENGTH,
    VARINT,
    Data,
    Field,
    Piece,
    Span,
    WireError,
    end_of_run,
    integers,
    piece_of,
    pieces_of,
    read_field,
)

_NVIDIA = "nvidia"
_RAW_SIZES = {"DOUBLE": 8, "FLOAT": 4, "FLOAT16": 2, "INT": 4, "UINT": 4, "BOOL": 1}
"""Bytes of a number in NVIDIA's `raw_data`, by its `raw_data_type`."""

LEGACY_DIMS = ("num", "channels", "height", "width")
"""The fields of a blob's shape in its old form, which always has these four axes."""


@dataclass(frozen=True)
class StoredBlob:
    """A blob of the weights: its shape, whether that is the old form with 4 axes, its values.

    `values` counts them; None if they are raw data of a type that nobody knows.
    """

    shape: tuple[int, ...]
    legacy: bool
    values: int | None


@dataclass(frozen=True)
class StoredLayer:
    """A layer of the weights."""

    name: str
    blobs: tuple[StoredBlob, ...]


def stored_layers(file: MappedFile) -> tuple[StoredLayer, ...]:
    """The layers of a binary net in any format, in the order of the file.

    Caffe upgrades V0 and V1 layers when it loads them, which changes neither names nor blobs.
    Raises WeightsError for bytes that are no message.
    """
    net, found = wire_message("NetParameter"), []
    formats = {"layers": "V1LayerParameter", "layer": "LayerParameter"}
    try:
        for field in file.fields():
            known = net.known(field)
            message = None if known is None else formats.get(known.name)
            if message is not None:
                layer = pieces_of(file.data, Span(field.begin, field.end))
                blobs = tuple(_stored_blobs(file, layer, message))
                found.append(StoredLayer(layer_name(file.data, layer, message), blobs))
    except WireError as error:
        raise WeightsError(file.path, error.offset, error.problem) from None
    return tuple(found)


def _stored_blobs(file: MappedFile, layer: list[Piece], message: str) -> Iterator[StoredBlob]:
    places = [(message, layer)]
    if message == "V1LayerParameter":
        inner = [it for part in v0_content(layer) for it in pieces_of(file.data, part.value)]
        places.append(("V0LayerParameter", inner))
    for name, pieces in places:
        for piece in wire_message(name).named(pieces, "blobs"):
            assert isinstance(piece.value, Span)
            yield _stored_blob(file, piece.value)


def _stored_blob(file: MappedFile, span: Span) -> StoredBlob:
    """Read a blob but for its values, which may be packed, or one by one."""
    blob, dim = wire_message("BlobProto"), wire_message("BlobShape").numbers["dim"]
    sides: dict[str, int] = {}
    dims: list[int] = []
    counts = {"data": 0, "double_data": 0}
    beside: list[Field] = []
    at = span.start
    while at < span.end:
        it = read_field(file.data, at, span.end)
        at = it.end
        known = blob.known(it)
        name = "" if known is None else known.name
        if known is None and it.number in _raw_fields():
            beside.append(it)
        if it.wire in FIXED_SIZES and known is not None:
            at = end_of_run(file.data, it, span.end)
        if name in counts:
            row = (it.end - it.begin, FIXED_SIZES[blob.wires[it.number]])
            length, size = row if it.wire == LENGTH else (at - it.start, it.end - it.start)
            counts[name] += length // size
        elif name == "shape":
            inside = pieces_of(file.data, Span(it.begin, it.end))
            dims += integers(file.data, [piece for piece in inside if piece.number == dim])
        elif name in LEGACY_DIMS:
            sides[name] = as_int32(integers(file.data, [piece_of(it)])[0])
        file.give_back(at)
    shape = tuple(sides.get(side, 0) for side in LEGACY_DIMS) if sides else tuple(dims)
    values = counts["double_data"] or counts["data"]
    if not values and beside:
        return StoredBlob(shape, bool(sides), _raw_values(file.data, beside))
    return StoredBlob(shape, bool(sides), values)


def _raw_values(data: Data, beside: list[Field]) -> int | None:
    """How many values a blob of NVIDIA's Caffe has in the fields that Caffe itself has not."""
    names = _raw_fields()
    rows = [it for it in beside if names[it.number] == "raw_data" and it.wire == LENGTH]
    if not rows:
        return 0
    kinds = [it for it in beside if names[it.number] == "raw_data_type" and it.wire == VARINT]
    # Without a type it is the first one, as for any enum of protobuf.
    number = as_int32(integers(data, [piece_of(kinds[-1])])[0]) if kinds else 0
    size = _RAW_SIZES.get(dialect_schema(_NVIDIA).enums["Type"].name_of(number) or "")
    return None if size is None else (rows[-1].end - rows[-1].begin) // size


@cache
def _raw_fields() -> Mapping[int, str]:
    """The names of the fields of raw data, by number."""
    fields = dialect_schema(_NVIDIA).messages["BlobProto"].fields
    return {fields[name].number: name for name in ("raw_data", "raw_data_type")}
