"""`input`, `input_shape` and `input_dim` of a binary net, to an Input layer at its beginning.

What Caffe 1.0 does in UpgradeNetInput. Four `input_dim` are the shape of one `input`; where shapes
are given too, those count.
"""

from __future__ import annotations

from protofix.upgrade.facts import INPUT_DIMS
from protofix.upgrade.weights.messages import wire_message
from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.survey import Survey
from protofix.upgrade.weights.wire import LENGTH, Piece, encode, encode_varint


def check_inputs(found: Survey, layers_stay: bool) -> tuple[bool, list[Note]]:
    """Whether the fields can become a layer, and what is to be said of that or of ones too many.

    `layers_stay` tells whether there will still be layers of the old formats.
    """
    if layers_stay:
        said = "`input` becomes a layer of today's format only when all layers are of it"
        return False, [Note(said, True)]
    count = len(found.inputs)
    if found.input_shapes:
        have, want, what = len(found.input_shapes), count, "input_shape"
    elif found.input_dims:
        have, want, what = len(found.input_dims), count * INPUT_DIMS, "input_dim"
    else:
        return True, []
    said = f"{count} input and {have} {what}, where {want} are needed: "
    if have < want:
        stay = "the input fields stay as they are, and Caffe cannot load the net"
        return False, [Note(f"{said}{stay}", True)]
    return True, [Note(f"{said}those behind were dropped", False)] if have > want else []


def input_layer(found: Survey) -> bytes:
    """The Input layer that stands for the `input` fields; nothing if they have no shapes."""
    if not found.input_shapes and not found.input_dims:
        return b""
    layer = wire_message("LayerParameter").numbers
    shape = wire_message("InputParameter").numbers["shape"]
    shapes = found.input_shapes or _shapes_of_dims(found)
    inside = [Piece(shape, LENGTH, one) for one in shapes[: len(found.inputs)]]
    fields = [
        Piece(layer["name"], LENGTH, b"input"),
        Piece(layer["type"], LENGTH, b"Input"),
        *(Piece(layer["top"], LENGTH, name) for name in found.inputs),
        Piece(layer["input_param"], LENGTH, encode(b"", inside)),
    ]
    number = wire_message("NetParameter").numbers["layer"]
    return encode(b"", [Piece(number, LENGTH, encode(b"", fields))])


def _shapes_of_dims(found: Survey) -> tuple[bytes, ...]:
    dim = wire_message("BlobShape").numbers["dim"]
    packed = (
        b"".join(map(encode_varint, found.input_dims[at : at + INPUT_DIMS]))
        for at in range(0, len(found.inputs) * INPUT_DIMS, INPUT_DIMS)
    )
    return tuple(encode(b"", [Piece(dim, LENGTH, dims)]) for dims in packed)
