"""The layers of a binary net as far as weights go: names, and shapes and counts of blobs.

Never a value is read: the numbers of a blob are counted by how many bytes they take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protofix.upgrade.weights.mapped import MappedFile, WeightsError
from protofix.upgrade.weights.messages import as_int32, layer_name, v0_content, wire_message
from protofix.upgrade.weights.wire import (
    FIXED_SIZES,
    LENGTH,
    Piece,
    Span,
    WireError,
    end_of_run,
    integers,
    piece_of,
    pieces_of,
    read_field,
)

LEGACY_DIMS = ("num", "channels", "height", "width")
"""The fields of a blob's shape in its old form, which always has these four axes."""


@dataclass(frozen=True)
class StoredBlob:
    """A blob of the weights: its shape, whether that is the old form with 4 axes, its values."""

    shape: tuple[int, ...]
    legacy: bool
    values: int


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
    formats = {net.numbers["layers"]: "V1LayerParameter", net.numbers["layer"]: "LayerParameter"}
    try:
        for field in file.fields():
            message = formats.get(field.number)
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
        number = wire_message(name).numbers["blobs"]
        for piece in pieces:
            if piece.number == number:
                assert isinstance(piece.value, Span)
                yield _stored_blob(file, piece.value)


def _stored_blob(file: MappedFile, span: Span) -> StoredBlob:
    """Read a blob but for its values, which may be packed, or one by one."""
    blob, dim = wire_message("BlobProto"), wire_message("BlobShape").numbers["dim"]
    sides: dict[str, int] = {}
    dims: list[int] = []
    counts = {"data": 0, "double_data": 0}
    at = span.start
    while at < span.end:
        it = read_field(file.data, at, span.end)
        at = it.end
        known = blob.fields.get(it.number)
        name = "" if known is None else known.name
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
    return StoredBlob(shape, bool(sides), counts["double_data"] or counts["data"])
