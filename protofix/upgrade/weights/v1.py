"""V1 layers of binary nets to today's, and the steps around that: transformations, batch norms.

A layer is a list of fields to be written. Blobs and parameters are handed on as the stretches of
the file that they are, under their new numbers.
"""

from __future__ import annotations

from functools import cache

from caffe_proto import V1_TYPES, base_schema, dialects_with_value
from protofix.net.names import known_by, type_of_v1_name, v1_type_name
from protofix.net.parameters import BATCH_NORM_STATISTICS
from protofix.upgrade.facts import (
    PARAM_FIELDS,
    TRANSFORM_FIELDS,
    TRANSFORMED_TYPES,
)
from protofix.upgrade.weights.messages import (
    WireMessage,
    as_int32,
    carried,
    settle,
    wire_message,
)
from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.wire import (
    FIXED32,
    LENGTH,
    VARINT,
    Data,
    Piece,
    content,
    encode,
    encode_varint,
    fixed,
    integers,
    pieces_of,
)

_ZERO = b"\0\0\0\0"  # 0.0 as a float
_BATCH_NORM = b"BatchNorm"
_V1_TYPE = "V1LayerParameter.LayerType"
_NO_TYPE = "NONE"  # which becomes an empty type string in Caffe as well


def _v1(name: str) -> int:
    return wire_message("V1LayerParameter").numbers[name]


def _v2(name: str) -> int:
    return wire_message("LayerParameter").numbers[name]


def _inside(data: Data, layer: list[Piece], name: str) -> list[Piece]:
    """The fields of a message in a V1 layer, of all its parts."""
    parts = wire_message("V1LayerParameter").named(layer, name)
    return [it for part in parts for it in pieces_of(data, part.value)]


def v1_type(data: Data, layer: list[Piece]) -> str | None:
    """The type of a V1 layer by name; None if it has none that Caffe knows."""
    enum, found = base_schema().enums[_V1_TYPE], None
    for number in _type_numbers(data, layer):
        found = enum.name_of(number) or found
    return found


def _type_numbers(data: Data, layer: list[Piece]) -> list[int]:
    given = wire_message("V1LayerParameter").named(layer, "type")
    return [as_int32(number) for number in integers(data, given)]


def has_old_transform(data: Data, layer: list[Piece]) -> bool:
    """Whether a V1 data layer has transformation fields outside `transform_param`."""
    param = TRANSFORMED_TYPES.get(v1_type(data, layer) or "")
    if param is None:
        return False
    inside, old = _inside(data, layer, param), _param_message(param)
    return any(old.named(inside, name) for name in TRANSFORM_FIELDS)


def _param_message(param: str) -> WireMessage:
    type_name = wire_message("V1LayerParameter").fields[_v1(param)].type_name
    assert type_name is not None
    return wire_message(type_name)


def upgrade_transform(data: Data, layer: list[Piece]) -> list[Piece]:
    """Move the old transformation fields of a V1 data layer into its `transform_param`.

    As in Caffe each data layer of such a net gets both messages, be they empty.
    """
    param = TRANSFORMED_TYPES.get(v1_type(data, layer) or "")
    if param is None:
        return layer
    old, new = _param_message(param), _param_message("transform_param")
    left = _inside(data, layer, param)
    transform = _inside(data, layer, "transform_param")
    for name in TRANSFORM_FIELDS:
        moved = old.named(left, name)
        if moved:
            left = [piece for piece in left if piece not in moved]
            transform = [piece for piece in transform if not new.is_named(piece, name)]
            transform.append(moved[-1]._replace(number=new.numbers[name]))
    v1 = wire_message("V1LayerParameter")
    rewritten = [*v1.named(layer, param), *v1.named(layer, "transform_param")]
    return [
        *(piece for piece in layer if piece not in rewritten),
        Piece(_v1(param), LENGTH, encode(data, left)),
        Piece(_v1("transform_param"), LENGTH, encode(data, transform)),
    ]


@cache
def _same_fields() -> dict[int, int]:
    """Today's number of each V1 field that is still the same field, by its old number."""
    new = wire_message("LayerParameter").numbers
    special = {"type", *PARAM_FIELDS}
    return {
        number: new[name]
        for name, number in wire_message("V1LayerParameter").numbers.items()
        if name in new and name not in special
    }


def upgrade_v1(
    data: Data, layer: list[Piece], strange_type: bytes | None = None
) -> tuple[list[Piece], list[Note]]:
    """Make today's layer of a V1 layer, and say what was lost or odd.

    `strange_type` is the type of a layer that was V0, where V1 has no number for it.
    """
    written, odd_type = _type_string(data, layer)
    if strange_type is not None:
        written = strange_type
    v1 = wire_message("V1LayerParameter")
    typeless = [piece for piece in layer if not v1.is_named(piece, "type")]
    pieces, unknown, notes = settle(data, v1, typeless)
    same = _same_fields()
    result = [piece._replace(number=same[piece.number]) for piece in pieces if piece.number in same]
    if written is not None:
        result.append(Piece(_v2("type"), LENGTH, written))
    result += _params(data, pieces)
    kept, odd = carried(unknown, "V1LayerParameter", "LayerParameter")
    return [*result, *kept], [*odd_type, *notes, *odd]


def _type_string(data: Data, layer: list[Piece]) -> tuple[bytes | None, list[Note]]:
    """Today's type of a V1 layer, be it one that only a fork has; None if it has none."""
    found: bytes | None = None
    notes: list[Note] = []
    for number in _type_numbers(data, layer):
        name = v1_type_name(number) or ""
        written = "" if name == _NO_TYPE else type_of_v1_name(name)
        said = f"type {number} is none of Caffe's V1 types"
        if written is None:
            notes.append(Note(f"{said}, nor of a fork that is known; dropped", True))
            continue
        found = written.encode()
        if written and name not in V1_TYPES:
            whose = known_by(dialects_with_value(_V1_TYPE, str(number)))
            notes.append(Note(f"{said}, but `{written}` of {whose}", False))
    return found, notes


def _params(data: Data, pieces: list[Piece]) -> list[Piece]:
    """The `param` messages: the n-th of them has the n-th value of each of the old fields."""
    spec = wire_message("ParamSpec").numbers
    params: list[list[Piece]] = []
    for old, new in PARAM_FIELDS.items():
        for index, value in enumerate(_values(data, pieces, old)):
            if index == len(params):
                params.append([])
            params[index].append(value._replace(number=spec[new]))
    return [Piece(_v2("param"), LENGTH, encode(data, fields)) for fields in params]


def _values(data: Data, pieces: list[Piece], name: str) -> list[Piece]:
    """The values of a repeated field of a V1 layer, one by one, packed or not."""
    v1, number = wire_message("V1LayerParameter"), _v1(name)
    given = v1.named(pieces, name)
    kind = v1.fields[number].kind
    if kind == "float":
        return [Piece(number, FIXED32, raw) for raw in fixed(data, given, 4)]
    if kind == "enum":
        return [Piece(number, VARINT, encode_varint(value)) for value in integers(data, given)]
    return given


def has_old_batch_norm(data: Data, layer: list[Piece]) -> bool:
    """Whether a layer of today is a BatchNorm whose three `param` let its statistics be learned."""
    v2 = wire_message("LayerParameter")
    types = v2.named(layer, "type")
    if not types or content(data, types[-1].value) != _BATCH_NORM:
        return False
    params = v2.named(layer, "param")
    return len(params) == BATCH_NORM_STATISTICS and any(not _still(data, it) for it in params)


def _still(data: Data, param: Piece) -> bool:
    """Whether a `param` keeps its blob as it is, and says so."""
    spec, inside = wire_message("ParamSpec"), pieces_of(data, param.value)
    factors = (spec.named(inside, name) for name in ("lr_mult", "decay_mult"))
    return all(given and content(data, given[-1].value) == _ZERO for given in factors)


def upgrade_batch_norm(data: Data, layer: list[Piece]) -> list[Piece]:
    """Set lr_mult and decay_mult of each `param` to 0."""
    spec = wire_message("ParamSpec").numbers
    factors = [Piece(spec[name], FIXED32, _ZERO) for name in ("lr_mult", "decay_mult")]
    set_anew = {(factor.number, factor.wire) for factor in factors}
    result = []
    for piece in layer:
        if wire_message("LayerParameter").is_named(piece, "param"):
            inside = pieces_of(data, piece.value)
            left = [it for it in inside if (it.number, it.wire) not in set_anew]
            piece = Piece(_v2("param"), LENGTH, encode(data, [*left, *factors]))
        result.append(piece)
    return result
