"""A first look at a binary net: is it whole, and what in it is in an old format."""

from __future__ import annotations

from dataclasses import dataclass

from protofix.upgrade.weights.mapped import MappedFile, WeightsError
from protofix.upgrade.weights.messages import (
    as_int32,
    check_field,
    checked_fields,
    numbers_anywhere,
    v0_content,
    wire_message,
)
from protofix.upgrade.weights.padding import PaddingPlan, PaddingWatch
from protofix.upgrade.weights.v1 import has_old_batch_norm, has_old_transform
from protofix.upgrade.weights.wire import (
    Piece,
    WireError,
    content,
    integers,
    piece_of,
)


@dataclass(frozen=True)
class Survey:
    """What a binary net has.

    Attributes:
        old_layers: how many `layers` it has (V0 and V1).
        new_layers: how many `layer`.
        mixed_at: where the first of the other kind comes, if it has both.
        v0: whether a V0 layer is among them.
        padding: what is to become of V0 padding layers.
        transforms: whether a V1 data layer has transformation fields of its own.
        batch_norms: whether a BatchNorm layer has three `param` that let its statistics be learned.
        inputs: names in `input`.
        input_shapes: the messages in `input_shape`.
        input_dims: the numbers in `input_dim`.

    """

    old_layers: int
    new_layers: int
    mixed_at: int
    v0: bool
    padding: PaddingPlan
    transforms: bool
    batch_norms: bool
    inputs: tuple[bytes, ...]
    input_shapes: tuple[bytes, ...]
    input_dims: tuple[int, ...]


def survey(file: MappedFile) -> Survey:
    """Go through a whole net once, and check all of it but the values of its blobs.

    Raises WeightsError with the offset of whatever cannot be part of a net.
    """
    try:
        return _survey(file)
    except WireError as error:
        raise WeightsError(file.path, error.offset, error.problem) from None


def _survey(file: MappedFile) -> Survey:
    net, data = wire_message("NetParameter"), file.data
    old = new = mixed_at = 0
    v0 = transforms = batch_norms = False
    padding = PaddingWatch()
    rest: dict[str, list[Piece]] = {"input": [], "input_shape": [], "input_dim": []}
    for field in file.fields():
        known = net.known(field)
        strange = known is None and field.start == 0
        if strange and field.number not in numbers_anywhere("NetParameter"):
            raise WireError(
                0, f"begins with a field {field.number}; a net begins with its name or a layer"
            )
        name = "" if known is None else known.name
        if name in ("layers", "layer"):
            format_name = "V1LayerParameter" if name == "layers" else "LayerParameter"
            within = wire_message(format_name)
            fields = checked_fields(data, within, field.begin, field.end, file.give_back)
            layer = [piece_of(it) for it in fields]
            padding.see(data, field.start, layer, format_name)
            if (new if name == "layers" else old) and not mixed_at:
                mixed_at = field.start
            if name == "layers":
                old += 1
                v0 = v0 or bool(v0_content(layer))
                transforms = transforms or has_old_transform(data, layer)
            else:
                new += 1
                batch_norms = batch_norms or has_old_batch_norm(data, layer)
            continue
        check_field(data, net, field, file.give_back)
        if name in rest:
            rest[name].append(piece_of(field))
    if not old and not new:
        raise WireError(file.size, "no layer was found up to the end; a binary net has some")
    return Survey(
        old,
        new,
        mixed_at,
        v0,
        padding.plan(),
        transforms,
        batch_norms,
        tuple(content(data, piece.value) for piece in rest["input"]),
        tuple(content(data, piece.value) for piece in rest["input_shape"]),
        tuple(as_int32(value) for value in integers(data, rest["input_dim"])),
    )
