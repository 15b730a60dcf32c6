"""SoftmaxWithLoss into InfogainLoss, and back.

Both run a softmax over scores and read the same `loss_param`; SoftmaxWithLoss is InfogainLoss with
H the identity. What they have under other names, or only one of them has, is carried over here
(Caffe 1.0, softmax_loss_layer.cpp and infogain_loss_layer.cpp). They differ in one thing that no
field says: the loss of a probability below 1e-20 ends at 46 in InfogainLoss and goes on to 87 in
SoftmaxWithLoss. The gradients are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from caffe_proto import base_schema
from protofix.infogain.chains import engine_of, softmax_axis
from protofix.infogain.fuse import apply_to, put_field
from protofix.infogain.loss_weights import with_weights
from protofix.infogain.losses import infogain_losses, loss_axis
from protofix.infogain.sources.placing import (
    insert_layer_above,
    refuse_list,
    rules_of,
    taken_names,
)
from protofix.infogain.sources.taking import marks_of, without_fields, without_matrix_bottom
from protofix.net.binding import find_misfits
from protofix.net.layers import Layer, Net, bind
from protofix.net.values import bool_of
from protofix.textproto.edits import Edit
from protofix.textproto.layout import (
    Block,
    remove_value,
    style_of,
    take_out,
)
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Document, Field, fields_named, scalars_named

SOFTMAX_LOSS = "SoftmaxWithLoss"
INFOGAIN_LOSS = "InfogainLoss"

_V1_TYPES = {SOFTMAX_LOSS: "SOFTMAX_LOSS", INFOGAIN_LOSS: "INFOGAIN_LOSS", "Softmax": "SOFTMAX"}


class ConversionError(ValueError):
    """A loss cannot be made into the other; the message is one line that says why and the way."""


def softmax_losses(net: Net) -> list[Layer]:
    """Every SoftmaxWithLoss of the file, in order."""
    return [layer for layer in net.layers if layer.type == SOFTMAX_LOSS]


def refuse_fork(document: Document, losses: Sequence[Layer]) -> None:
    """Refuse losses with what Caffe's own SoftmaxWithLoss has not. Raises `ConversionError`."""
    misfits = find_misfits(document, base_schema(), "NetParameter")
    for loss in losses:
        if len(loss.bottoms) > 2:
            raise ConversionError(
                f"`{loss.name}` reads {len(loss.bottoms)} bottoms, as a fork's SoftmaxWithLoss "
                f"does and Caffe's own does not: take `{loss.bottoms[2].name}` away first; H "
                "weighs classes, not positions"
            )
        if len(loss.bottoms) < 2:
            raise ConversionError(f"`{loss.name}` reads no scores and labels: give it both first")
        _refuse_own_weights(loss)
        for misfit in misfits:
            if loss.node.start <= misfit.start < loss.node.end:
                raise ConversionError(
                    f"`{loss.name}` has what Caffe's own SoftmaxWithLoss has not: "
                    f"{misfit.message}; take it out first"
                )


def _refuse_own_weights(loss: Layer) -> None:
    """Refuse the weights that forks (SegNet's, say) let a SoftmaxWithLoss have."""
    param = loss.param("loss_param")
    fields = param.fields if param else ()
    weights = ",".join(scalar.value for scalar in scalars_named(fields, "class_weighting"))
    if weights or any(node.name == "weight_by_label_freqs" for node in fields):
        raise ConversionError(
            f"`{loss.name}` weighs its classes as a fork's SoftmaxWithLoss does: take "
            "weight_by_label_freqs and class_weighting out, and give H, which `protofix matrix "
            f"build --weights {weights or 'W0,W1,...'} -o H.binaryproto` makes of the weights"
        )


def to_infogain(document: Document, index: int, notes: list[str]) -> Document:
    """Make the SoftmaxWithLoss of that index an InfogainLoss, which has no H yet."""
    loss = bind(document).layers[index]
    notes.append(f"SoftmaxWithLoss `{loss.name}` becomes an InfogainLoss")
    document = with_type(document, loss, INFOGAIN_LOSS)
    document = without_normalize(document, index, notes)
    document = _axis_to_infogain(document, index, notes)
    return _weights_once_a_top(document, index, notes)


def to_softmax_loss(document: Document, number: int, notes: list[str]) -> Document:
    """Make an InfogainLoss, by its number among them, a SoftmaxWithLoss; its H goes."""
    document = without_matrix_bottom(document, number, notes)
    loss = infogain_losses(bind(document))[number]
    notes.append(f"InfogainLoss `{loss.name}` becomes a SoftmaxWithLoss: each class weighs 1")
    document = without_fields(document, loss.index, "infogain_loss_param", "source")
    index = infogain_losses(bind(document))[number].index
    document = _axis_to_softmax(document, index, notes)
    index, document = _without_second_top(document, index, notes)
    return with_type(document, bind(document).layers[index], SOFTMAX_LOSS)


def softmax_block(
    document: Document, loss: Layer, name: str, top: str, axis: int, engine: str | None
) -> Block:
    """A Softmax layer that reads the scores of a loss and lives where the loss lives."""
    quote = style_of(document).quote
    settings = ([Block("axis", str(axis))] if axis != 1 else []) + (
        [Block("engine", engine)] if engine is not None else []
    )
    v1 = loss.format < 2
    fields = (
        Block("name", encode_string(name, quote)),
        Block("type", _V1_TYPES["Softmax"] if v1 else encode_string("Softmax", quote)),
        Block("bottom", encode_string(loss.bottoms[0].name, quote)),
        Block("top", encode_string(top, quote)),
        *((Block("softmax_param", tuple(settings)),) if settings else ()),
        *rules_of(document, loss),
    )
    return Block("layers" if v1 else "layer", fields)


def without_top(document: Document, index: int, slot: int) -> Document:
    """Take a top of a layer away, and its loss weight where there is one a top."""
    layer = bind(document).layers[index]
    top = layer.tops[slot]
    removals = [remove_value(document, top.field, top.start)]
    weights = marks_of(layer, "loss_weight")
    if len(weights) == len(layer.tops):
        removals.append(remove_value(document, *weights[slot]))
    edits = take_out(document, removals, layer.node, style_of(document))
    return apply_to(document, edits)


def with_type(document: Document, loss: Layer, name: str) -> Document:
    """Give a loss another type, in the words of its format."""
    written = scalars_named(loss.fields, "type")[-1]
    v1 = loss.format < 2 and written.value not in (SOFTMAX_LOSS, INFOGAIN_LOSS)
    value = _V1_TYPES[name] if v1 else name
    if written.kind == "string":
        value = encode_string(value, document.text[written.start])
    return apply_to(document, [Edit(written.start, written.end, value)])


def without_normalize(document: Document, index: int, notes: list[str]) -> Document:
    """Say by `normalization` what `normalize` said, on which InfogainLoss aborts.

    What was done is added to the `notes`.
    """
    loss = bind(document).layers[index]
    param = loss.param("loss_param")
    fields = fields_named(param.fields, "normalize") if param else []
    if param is None or not fields:
        return document
    if fields_named(param.fields, "normalization"):
        notes.append(f"`normalize` of `{loss.name}` goes: its `normalization` is what counts")
    elif bool_of(param.fields, "normalize", True):
        notes.append(f"`normalize: true` of `{loss.name}` goes: it is how InfogainLoss counts")
    else:
        last = fields[-1]
        assert isinstance(last, Field)
        notes.append(f"`normalize: false` of `{loss.name}` is now `normalization: BATCH_SIZE`")
        name_end = last.start + len("normalize")
        said = [
            Edit(last.start, name_end, "normalization"),
            Edit(last.value_start, last.end, "BATCH_SIZE"),
        ]
        return apply_to(document, said)
    return without_fields(document, index, "loss_param", "normalize")


def _axis_to_infogain(document: Document, index: int, notes: list[str]) -> Document:
    loss = bind(document).layers[index]
    axis, own = softmax_axis(loss), loss_axis(loss)
    if axis != 1:
        notes.append(f"axis {axis} of `{loss.name}` moves to infogain_loss_param")
    if own is not None and own != axis:
        # SoftmaxWithLoss never read it; now it counts.
        document = without_fields(document, index, "infogain_loss_param", "axis")
    if axis == 1:
        return document
    return _moved_axis(document, index, "softmax_param", "infogain_loss_param", axis)


def _axis_to_softmax(document: Document, index: int, notes: list[str]) -> Document:
    loss = bind(document).layers[index]
    axis = loss_axis(loss)
    if softmax_axis(loss) != (1 if axis is None else axis):
        # InfogainLoss never read it; now it counts.
        document = without_fields(document, index, "softmax_param", "axis")
    if axis is None:
        return document
    if axis == 1:
        return without_fields(document, index, "infogain_loss_param", "axis")
    notes.append(f"axis {axis} of `{loss.name}` moves to softmax_param")
    return _moved_axis(document, index, "infogain_loss_param", "softmax_param", axis)


def _moved_axis(document: Document, index: int, source: str, target: str, axis: int) -> Document:
    """Move the axis to another message, by a new name of its own where it holds nothing else."""
    layer = bind(document).layers[index]
    param = layer.param(source)
    if (
        param is not None
        and layer.param(target) is None
        and {node.name for node in param.fields} == {"axis"}
    ):
        return apply_to(document, [Edit(param.start, param.start + len(source), target)])
    document = without_fields(document, index, source, "axis")
    layer = bind(document).layers[index]
    there = layer.param(target)
    if there is not None and fields_named(there.fields, "axis"):
        return document
    return put_field(document, layer, target, Block("axis", str(axis)))


def _weights_once_a_top(document: Document, index: int, notes: list[str]) -> Document:
    """Write a loss weight for each of two tops, without which Caffe aborts."""
    loss = bind(document).layers[index]
    weights = marks_of(loss, "loss_weight")
    if len(loss.tops) < 2 or len(weights) == len(loss.tops):
        return document
    notes.append(
        f"`{loss.name}` gives probabilities as well, so it says its loss weight once a top"
    )
    return with_weights(document, index, len(loss.tops))


def _without_second_top(document: Document, index: int, notes: list[str]) -> tuple[int, Document]:
    """Let a Softmax layer make the probabilities that a loss gave as its second top."""
    loss = bind(document).layers[index]
    if len(loss.tops) < 2:
        return index, document
    top = loss.tops[1].name
    if any(loss.loss_weights[1:]):
        raise ConversionError(
            f"`{loss.name}` has a loss weight for its probabilities `{top}`: write 0 for it first"
        )
    refuse_list(loss, "")
    engine = engine_of(loss)
    axis = softmax_axis(loss)
    name = top
    while name in taken_names(document) - {blob.name for blob in loss.tops}:
        name += "_"
    block = softmax_block(document, loss, name, top, axis, engine.value if engine else None)
    document = without_top(document, index, 1)
    document = insert_layer_above(document, bind(document).layers[index], block)
    notes.append(
        f"Softmax `{name}` makes `{top}`: Caffe's SoftmaxWithLoss aborts over a second top"
    )
    return index + 1, document
