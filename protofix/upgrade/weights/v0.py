"""V0 layers of binary nets to V1: `layers { layer { ... } bottom top }` becomes plain `layers`.

The facts are Caffe 1.0's (UpgradeV0PaddingLayers and UpgradeV0LayerParameter). Where Caffe drops
what a layer has beside its `layer` message, its blobs are kept all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from caffe_proto import V0_TYPES, base_schema
from protofix.upgrade.facts import V0_FIELDS, V0_LAYER_FIELDS, V0_PADDED_TYPES, V0_PADDING
from protofix.upgrade.weights.messages import layout, settle
from protofix.upgrade.weights.wire import (
    LENGTH,
    VARINT,
    Data,
    Piece,
    Span,
    content,
    encode,
    encode_varint,
    pieces_of,
)

Value = bytes | Span


@dataclass(frozen=True, slots=True)
class Padding:
    """A padding layer: the value of its `pad`, and its bottoms and tops."""

    pad: Value
    bottoms: tuple[bytes, ...]
    tops: tuple[bytes, ...]


Makers = dict[bytes, Padding | None]
"""By blob, the padding layer that made it last; None for any other maker."""


def v0_content(layer: list[Piece]) -> list[Piece]:
    """The `layer` fields of a V1 message: the V0 layer, which may come in several parts."""
    number = layout("V1LayerParameter").numbers["layer"]
    return [piece for piece in layer if piece.number == number]


def upgrade_v0(
    data: Data, layer: list[Piece], makers: Makers
) -> tuple[list[Piece] | None, list[str]]:
    """Make a V1 layer of one in the V0 format, and say what was lost or odd.

    The layers of a net have to come in their order: `makers`, which begins with the net's inputs,
    is brought up to date with each. Of a padding layer nothing is left: its `pad` goes into the
    layers that read it. A layer that is V1 already stays as it is.
    """
    parts = v0_content(layer)
    if not parts:
        _connect(data, layer, makers, None)
        return layer, ["is a V1 layer among V0 ones, of which Caffe would keep bottom and top only"]
    v0 = layout("V0LayerParameter")
    inner = [piece for part in parts for piece in pieces_of(data, part.value)]
    pieces, unknown, remarks = settle(data, v0, inner)
    values = {piece.number: piece.value for piece in pieces}
    v0_type = content(data, values.get(v0.numbers["type"], b"")).decode("utf-8", "replace")
    if v0_type == V0_PADDING and v0.numbers["blobs"] not in values:
        pad = values.get(v0.numbers["pad"], b"\0")
        return None, [*remarks, *_connect(data, layer, makers, pad, v0_type)]
    beside, lost = _beside(layer)
    remarks += lost
    padding, odd = _padding(data, layer, makers, v0_type)
    remarks += odd
    if padding is not None:
        number = v0.numbers["pad"]
        pieces = [piece for piece in pieces if piece.number != number]
        pieces.append(Piece(number, VARINT, padding.pad))
        beside = _rewired(beside, padding)
    _connect(data, layer, makers, None)
    fields, lost = _fields(data, pieces, v0_type)
    kept, odd = carried(unknown, "V0LayerParameter", "V1LayerParameter")
    return [*beside, *fields, *kept], [*remarks, *lost, *odd]


def _fields(data: Data, pieces: list[Piece], v0_type: str) -> tuple[list[Piece], list[str]]:
    """The fields of a V0 layer where they live in V1."""
    v0, v1 = layout("V0LayerParameter"), layout("V1LayerParameter")
    result: list[Piece] = []
    remarks: list[str] = []
    homes: dict[str, list[Piece]] = {}
    for piece in pieces:
        name = v0.fields[piece.number].name
        if name == "type":
            if v0_type in V0_TYPES:
                number = base_schema().enums["V1LayerParameter.LayerType"].values[V0_TYPES[v0_type]]
                result.append(Piece(v1.numbers["type"], VARINT, encode_varint(number)))
            else:
                remarks.append(
                    f"type `{v0_type}` is none of Caffe's V0 types, and Caffe aborts there; "
                    "the layer has no type now"
                )
            continue
        if name in V0_LAYER_FIELDS:
            result.append(piece._replace(number=v1.numbers[name]))
            continue
        home = V0_FIELDS[name].home(v0_type)
        if home is None:
            remarks.append(f"{name} means nothing to a layer of type `{v0_type}`; dropped")
        elif home == "":
            result.append(piece._replace(number=v1.numbers[V0_FIELDS[name].name]))
        else:
            inner = layout(v1.fields[v1.numbers[home]].type_name or "")
            moved = piece._replace(number=inner.numbers[V0_FIELDS[name].name])
            homes.setdefault(home, []).append(moved)
    for home, inside in homes.items():
        result.append(Piece(v1.numbers[home], LENGTH, encode(data, inside)))
    return result, remarks


def carried(unknown: list[Piece], old: str, new: str) -> tuple[list[Piece], list[str]]:
    """The fields that `old` has not, as far as a layer in the format `new` may have them.

    Formats number their fields anew. A number that means something else in the new one would make
    the layer unreadable, so that the field has to go, as it does in Caffe.
    """
    kept: list[Piece] = []
    remarks: list[str] = []
    for piece in unknown:
        known = layout(new).fields.get(piece.number)
        text = f"has a field {piece.number}, which Caffe's {old} has not: "
        if known is None:
            kept.append(piece)
            remarks.append(f"{text}kept as it is")
        else:
            remarks.append(f"{text}dropped, since in {new} that is {known.name}")
    return kept, remarks


def _beside(layer: list[Piece]) -> tuple[list[Piece], list[str]]:
    """What stays of the fields beside the V0 message, and what Caffe would do with the rest."""
    v1 = layout("V1LayerParameter")
    plain = {v1.numbers["bottom"], v1.numbers["top"]}
    kept: list[Piece] = []
    unknown: list[Piece] = []
    remarks: list[str] = []
    for piece in layer:
        known = v1.fields.get(piece.number)
        if piece.number in plain:
            kept.append(piece)
        elif known is None:
            unknown.append(piece)
        elif known.name == "blobs":
            kept.append(piece)
            remarks.append("has blobs beside its V0 message, which Caffe would drop; kept")
        elif known.name != "layer":
            remarks.append(f"has {known.name} beside its V0 message; dropped, as Caffe does")
    return [*kept, *unknown], remarks


def _names(data: Data, layer: list[Piece], name: str) -> tuple[bytes, ...]:
    number = layout("V1LayerParameter").numbers[name]
    return tuple(content(data, piece.value) for piece in layer if piece.number == number)


def _connect(
    data: Data, layer: list[Piece], makers: Makers, pad: Value | None, v0_type: str = ""
) -> list[str]:
    """Note who makes the layer's tops; `pad` is that of a padding layer."""
    bottoms, tops = _names(data, layer, "bottom"), _names(data, layer, "top")
    made = None if pad is None else Padding(pad, bottoms, tops)
    remarks = []
    if made is not None and any(makers.get(name) is not None for name in bottoms):
        remarks.append(_unfoldable(v0_type))
    makers.update(dict.fromkeys(tops, made))
    return remarks


def _padding(
    data: Data, layer: list[Piece], makers: Makers, v0_type: str
) -> tuple[Padding | None, list[str]]:
    """The padding layer that a layer reads, if it can be folded into it."""
    bottoms = _names(data, layer, "bottom")
    remarks = [
        f"reads `{name.decode('utf-8', 'replace')}`, which no layer before it makes, and Caffe "
        "aborts there"
        for name in bottoms
        if name not in makers
    ]
    read = [padding for name in bottoms if (padding := makers.get(name)) is not None]
    if not read:
        return None, remarks
    single = len(bottoms) == len(read[0].bottoms) == len(read[0].tops) == 1
    if v0_type in V0_PADDED_TYPES and single:
        return read[0], remarks
    return None, [*remarks, _unfoldable(v0_type)]


def _unfoldable(v0_type: str) -> str:
    return (
        f"of type `{v0_type}` reads a padding layer; only conv and pool with one bottom can take "
        "its padding, and Caffe aborts there"
    )


def _rewired(pieces: list[Piece], padding: Padding) -> list[Piece]:
    """The fields of a layer that reads what its padding layer read."""
    number = layout("V1LayerParameter").numbers["bottom"]
    return [
        Piece(number, LENGTH, padding.bottoms[0]) if piece.number == number else piece
        for piece in pieces
    ]
