"""V0 layers of binary nets to V1: `layers { layer { ... } bottom top }` becomes plain `layers`.

The facts are Caffe 1.0's (UpgradeV0LayerParameter). Where Caffe drops what a layer has beside its
`layer` message, its blobs are kept all the same.
"""

from __future__ import annotations

from typing import NamedTuple

from caffe_proto import V0_TYPES, base_schema
from protofix.net.layers import PADDING
from protofix.upgrade.facts import V0_FIELDS, V0_LAYER_FIELDS
from protofix.upgrade.weights.messages import carried, settle, v0_content, wire_message
from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.padding import Fold
from protofix.upgrade.weights.wire import (
    LENGTH,
    VARINT,
    Data,
    Piece,
    content,
    encode,
    encode_varint,
    pieces_of,
)


class V1Layer(NamedTuple):
    """What a V0 layer became: the fields of a V1 layer, and what is to be said of it.

    `strange_type` is the type of a layer whose type V1 has no number for.
    """

    pieces: list[Piece]
    strange_type: bytes | None
    notes: list[Note]


def upgrade_v0(data: Data, layer: list[Piece], fold: Fold | None, onwards: bool = False) -> V1Layer:
    """Make a V1 layer of one in the V0 format; `fold` is the padding that it takes over.

    A layer that is V1 already stays as it is. If it goes on to today's format (`onwards`), nothing
    is said of unknown fields that V1 keeps: the next step keeps or drops them.
    """
    parts = v0_content(layer)
    if not parts:
        said = "is a V1 layer among V0 ones, of which Caffe would keep bottom and top only"
        return V1Layer(layer, None, [Note(said, False)])
    v0, v1 = wire_message("V0LayerParameter"), wire_message("V1LayerParameter")
    inner = [piece for part in parts for piece in pieces_of(data, part.value)]
    pieces, unknown, notes = settle(data, v0, inner)
    beside, odd = _beside(layer)
    notes += odd
    if fold is not None:
        pieces = [piece for piece in pieces if not v0.is_named(piece, "pad")]
        pieces.append(Piece(v0.numbers["pad"], VARINT, fold.pad))
        beside = [
            piece._replace(value=fold.bottom) if v1.is_named(piece, "bottom") else piece
            for piece in beside
        ]
    fields, strange_type, lost = _fields(data, pieces)
    kept, odd = carried(unknown, "V0LayerParameter", "V1LayerParameter")
    if onwards:
        odd = [note for note in odd if note.left]
    return V1Layer([*beside, *fields, *kept], strange_type, [*notes, *lost, *odd])


def _fields(data: Data, pieces: list[Piece]) -> V1Layer:
    """The fields of a V0 layer where they live in V1."""
    v0, v1 = wire_message("V0LayerParameter"), wire_message("V1LayerParameter")
    given = v0.named(pieces, "type")
    type_bytes = content(data, given[-1].value) if given else None
    v0_type = (type_bytes or b"").decode("utf-8", "replace")
    result: list[Piece] = []
    notes: list[Note] = []
    homes: dict[str, list[Piece]] = {}
    if v0_type in V0_TYPES:
        number = base_schema().enums["V1LayerParameter.LayerType"].values[V0_TYPES[v0_type]]
        result.append(Piece(v1.numbers["type"], VARINT, encode_varint(number)))
        type_bytes = None
    elif type_bytes is not None and v0_type != PADDING:
        notes.append(Note(f"type `{v0_type}` is none of Caffe's V0 types: left as it is", True))
    for piece in pieces:
        name = v0.fields[piece.number].name
        if name == "type":
            continue
        if name in V0_LAYER_FIELDS:
            result.append(piece._replace(number=v1.numbers[name]))
            continue
        home = V0_FIELDS[name].home(v0_type)
        if home is None:
            said = f"{name} means nothing to a layer of type `{v0_type}`; dropped"
            notes.append(Note(said, True))
        elif home == "":
            result.append(piece._replace(number=v1.numbers[V0_FIELDS[name].name]))
        else:
            inner = wire_message(v1.fields[v1.numbers[home]].type_name or "")
            moved = piece._replace(number=inner.numbers[V0_FIELDS[name].name])
            homes.setdefault(home, []).append(moved)
    for home, inside in homes.items():
        result.append(Piece(v1.numbers[home], LENGTH, encode(data, inside)))
    return V1Layer(result, type_bytes, notes)


def _beside(layer: list[Piece]) -> tuple[list[Piece], list[Note]]:
    """What stays of the fields beside the V0 message, and what Caffe would do with the rest."""
    v1 = wire_message("V1LayerParameter")
    kept: list[Piece] = []
    unknown: list[Piece] = []
    notes: list[Note] = []
    for piece in layer:
        known = v1.known(piece)
        if known is None:
            unknown.append(piece)
        elif known.name in ("bottom", "top"):
            kept.append(piece)
        elif known.name == "blobs":
            kept.append(piece)
            said = "has blobs beside its V0 message, which Caffe would drop; kept"
            notes.append(Note(said, False))
        elif known.name != "layer":
            said = f"has {known.name} beside its V0 message; dropped, as Caffe does"
            notes.append(Note(said, True))
    return [*kept, *unknown], notes
