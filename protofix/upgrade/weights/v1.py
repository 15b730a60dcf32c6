"""V1 layers of binary nets to today's, and the steps around that: transformations, batch norms.

A layer is a list of fields to be written. Blobs and parameters are handed on as the stretches of
the file that they are, under their new numbers.
"""

from __future__ import annotations

from functools import cache

from caffe_proto import V1_TYPES, base_schema
from protofix.upgrade.facts import PARAM_FIELDS, TRANSFORM_FIELDS, TRANSFORMED_TYPES
from protofix.upgrade.weights.messages import as_int32, layout, settle
from protofix.upgrade.weights.v0 import carried
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
_BATCH_NORM_PARAMS = 3


def _v1(name: str) -> int:
    return layout("V1LayerParameter").numbers[name]


def _v2(name: str) -> int:
    return layout("LayerParameter").numbers[name]


def _inside(data: Data, layer: list[Piece], number: int) -> list[Piece]:
    """The fields of a message in a layer, of all its parts."""
    return [it for piece in layer if piece.number == number for it in pieces_of(data, piece.value)]


def v1_type(data: Data, layer: list[Piece]) -> str | None:
    """The type of a V1 layer by name; None if it has none that Caffe knows."""
    values = base_schema().enums["V1LayerParameter.LayerType"].values
    names = {number: name for name, number in values.items()}
    found = None
    for number in integers(data, [piece for piece in layer if piece.number == _v1("type")]):
        found = names.get(as_int32(number), found)
    return found


def has_old_transform(data: Data, layer: list[Piece]) -> bool:
    """Whether a V1 data layer has transformation fields outside `transform_param`."""
    param = TRANSFORMED_TYPES.get(v1_type(data, layer) or "")
    if param is None:
        return False
    moved = {_param_layout_numbers(param)[name] for name in TRANSFORM_FIELDS}
    return any(piece.number in moved for piece in _inside(data, layer, _v1(param)))


@cache
def _param_layout_numbers(param: str) -> dict[str, int]:
    type_name = layout("V1LayerParameter").fields[_v1(param)].type_name
    assert type_name is not None
    return dict(layout(type_name).numbers)


def upgrade_transform(data: Data, layer: list[Piece]) -> list[Piece]:
    """Move the old transformation fields of a V1 data layer into its `transform_param`.

    As in Caffe each data layer of such a net gets both messages, be they empty.
    """
    param = TRANSFORMED_TYPES.get(v1_type(data, layer) or "")
    if param is None:
        return layer
    old, new = _param_layout_numbers(param), _param_layout_numbers("transform_param")
    left = _inside(data, layer, _v1(param))
    transform = _inside(data, layer, _v1("transform_param"))
    for name in TRANSFORM_FIELDS:
        moved = [piece for piece in left if piece.number == old[name]]
        if moved:
            left = [piece for piece in left if piece.number != old[name]]
            transform = [piece for piece in transform if piece.number != new[name]]
            transform.append(moved[-1]._replace(number=new[name]))
    numbers = {_v1(param), _v1("transform_param")}
    return [
        *(piece for piece in layer if piece.number not in numbers),
        Piece(_v1(param), LENGTH, encode(data, left)),
        Piece(_v1("transform_param"), LENGTH, encode(data, transform)),
    ]


@cache
def _same_fields() -> dict[int, int]:
    """Today's number of each V1 field that is still the same field, by its old number."""
    new = layout("LayerParameter").numbers
    special = {"type", *PARAM_FIELDS}
    return {
        number: new[name]
        for name, number in layout("V1LayerParameter").numbers.items()
        if name in new and name not in special
    }


def upgrade_v1(data: Data, layer: list[Piece]) -> tuple[list[Piece], list[str]]:
    """Make today's layer of a V1 layer, and say what was lost or odd."""
    pieces, unknown, remarks = settle(data, layout("V1LayerParameter"), layer)
    same = _same_fields()
    result: list[Piece] = []
    for piece in pieces:
        if piece.number in same:
            result.append(piece._replace(number=same[piece.number]))
        elif piece.number == _v1("type"):
            # NONE has no type string, and becomes an empty one in Caffe as well.
            written = V1_TYPES.get(v1_type(data, [piece]) or "", "")
            result.append(Piece(_v2("type"), LENGTH, written.encode()))
    result += _params(data, pieces)
    kept, odd = carried(unknown, "V1LayerParameter", "LayerParameter")
    return [*result, *kept], [*remarks, *odd]


def _params(data: Data, pieces: list[Piece]) -> list[Piece]:
    """The `param` messages: the n-th of them has the n-th value of each of the old fields."""
    spec = layout("ParamSpec").numbers
    params: list[list[Piece]] = []
    for old, new in PARAM_FIELDS.items():
        for index, value in enumerate(_values(data, pieces, old)):
            if index == len(params):
                params.append([])
            params[index].append(value._replace(number=spec[new]))
    return [Piece(_v2("param"), LENGTH, encode(data, fields)) for fields in params]


def _values(data: Data, pieces: list[Piece], name: str) -> list[Piece]:
    """The values of a repeated field of a V1 layer, one by one, packed or not."""
    number = _v1(name)
    given = [piece for piece in pieces if piece.number == number]
    kind = layout("V1LayerParameter").fields[number].kind
    if kind == "float":
        return [Piece(number, FIXED32, raw) for raw in fixed(data, given, 4)]
    if kind == "enum":
        return [Piece(number, VARINT, encode_varint(value)) for value in integers(data, given)]
    return given


def has_old_batch_norm(data: Data, layer: list[Piece]) -> bool:
    """Whether a layer of today is a BatchNorm whose three `param` let its statistics be learned."""
    types = [piece for piece in layer if piece.number == _v2("type")]
    if not types or content(data, types[-1].value) != _BATCH_NORM:
        return False
    params = [piece for piece in layer if piece.number == _v2("param")]
    return len(params) == _BATCH_NORM_PARAMS and any(not _still(data, it) for it in params)


def _still(data: Data, param: Piece) -> bool:
    """Whether a `param` keeps its blob as it is, and says so."""
    spec = layout("ParamSpec").numbers
    last = {piece.number: piece.value for piece in pieces_of(data, param.value)}
    factors = (last.get(spec["lr_mult"]), last.get(spec["decay_mult"]))
    return all(factor is not None and content(data, factor) == _ZERO for factor in factors)


def upgrade_batch_norm(data: Data, layer: list[Piece]) -> list[Piece]:
    """Set lr_mult and decay_mult of each `param` to 0."""
    spec = layout("ParamSpec").numbers
    factors = [Piece(spec[name], FIXED32, _ZERO) for name in ("lr_mult", "decay_mult")]
    set_anew = {factor.number for factor in factors}
    result = []
    for piece in layer:
        if piece.number == _v2("param"):
            left = [it for it in pieces_of(data, piece.value) if it.number not in set_anew]
            piece = Piece(_v2("param"), LENGTH, encode(data, [*left, *factors]))
        result.append(piece)
    return result
