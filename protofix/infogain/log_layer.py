"""Keeping probabilities that are no plain Softmax, by a Log layer in front of the loss.

Today's InfogainLoss takes a softmax of what it reads, and softmax(log p) = p for a p that sums to
one. The `shift` of the Log is the floor that the old layer had under a probability: without it the
logarithm of 0 would be no number, and next to any other p it is lost in rounding. The gradients
agree too: what they differ by is alike for all classes, and makers of probabilities, which always
sum to one, pass nothing of that on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from protofix.infogain.fuse import Fused, LossParam, apply_to, on_one_line
from protofix.infogain.losses import loss_axis
from protofix.infogain.mixtures import OtherProbabilities, find_other_probabilities
from protofix.infogain.sources.placing import insert_layer_above, rules_of, taken_names
from protofix.infogain.sources.taking import without_fields
from protofix.net.layers import Layer, bind
from protofix.net.shapes import canonical_axis, shape_text
from protofix.net.view import NetView, view_of
from protofix.textproto.edits import Edit
from protofix.textproto.layout import Block, style_of
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Document

FLOOR = "1e-20"
"""The least that the old layer took a probability for (Caffe before April 2017, kLOG_THRESHOLD)."""


@dataclass(frozen=True)
class Logged:
    """The document with its Log layers, the losses that read them, and why others do not."""

    document: Document
    losses: tuple[Fused, ...]
    notes: tuple[str, ...]


def keep_probabilities(
    document: Document, loss_param: LossParam, asserted: Collection[str] = ()
) -> Logged:
    """Put a Log layer above each InfogainLoss whose probabilities sum to one.

    Of the losses named in `asserted` a person says so. A `loss_param` that only today's layer reads
    goes as it does when a chain is fused.
    """
    view = view_of(document)
    losses: list[Fused] = []
    notes: list[str] = []
    made: dict[tuple[object, ...], str] = {}
    added = 0
    for other in find_other_probabilities(view):
        said_so = other.sums_to_one is None and other.loss.name in asserted
        if not other.sums_to_one and not said_so:
            continue
        obstacle = _obstacle(view, other, said_so)
        if obstacle is not None:
            notes.append(f"`{other.loss.name}` gets no Log layer: {obstacle}")
            continue
        index = other.loss.index + added
        told: list[str] = []
        key = (_versions(view, other.loss), rules_of(document, bind(document).layers[index]))
        top = made.get(key)
        if top is None:
            top = made[key] = f"{other.loss.bottoms[0].name}_log"
            while top in taken_names(document):
                top = made[key] = f"{top}_"
            document = _with_log(document, index, top)
            added += 1
            index += 1
            told.append(
                f"Log layer `{top}` takes the logarithm of {other.reason}: today's loss takes "
                f"their softmax, and softmax(log p) = p; its shift {FLOOR} is the old layer's floor"
            )
        document = _reading(document, index, top, told)
        document = _without_loss_param(document, index, loss_param, told)
        losses.append(Fused(other.loss.name, tuple(told)))
    return Logged(document, tuple(losses), tuple(notes))


def _versions(view: NetView, loss: Layer) -> tuple[int | None, ...]:
    return tuple(
        version.number if (version := graph.source_of(loss, 0)) else None
        for graph, _ in view.keeping(loss)
    )


def _obstacle(view: NetView, other: OtherProbabilities, said_so: bool) -> str | None:
    """Why a Log layer would not keep the old layer's numbers, if it would not."""
    loss = other.loss
    if loss.format < 2:
        return "the net is in an old format, which has none: upgrade it first"
    if loss.node.shape.listed:
        return f"it stands in a list, `{loss.node.name}: [...]`, where no layer can be put above it"
    makers = {
        maker.index
        for graph, _ in view.keeping(loss)
        if (version := graph.source_of(loss, 0)) and (maker := graph.maker_of(version))
    }
    if len(makers) > 1:
        return "it reads what different layers make in different states"
    axis = loss_axis(loss)
    for graph, shapes in view.keeping(loss):
        version = graph.source_of(loss, 0)
        shape = shapes.get(version.number) if version else None
        if shape is None and said_so:
            continue  # Who knows what it sums to knows that it is N x C.
        if shape is None:
            return "the shape of what it reads cannot be told from the file"
        if canonical_axis(1 if axis is None else axis, len(shape)) != 1 or shape[1] == 1:
            return f"its classes are not along axis 1 of what it reads ({shape_text(shape)})"
        if any(dim != 1 for dim in shape[2:]):
            return (
                f"what it reads is or may be a map ({shape_text(shape)}): the old layer took one "
                "label an image"
            )
    return None


def _with_log(document: Document, index: int, top: str) -> Document:
    loss = bind(document).layers[index]
    quote = style_of(document).quote
    fields = (
        Block("name", encode_string(top, quote)),
        Block("type", encode_string("Log", quote)),
        Block("bottom", encode_string(loss.bottoms[0].name, quote)),
        Block("top", encode_string(top, quote)),
        Block("log_param", (Block("shift", FLOOR),)),
        *rules_of(document, loss),
    )
    return insert_layer_above(document, loss, Block("layer", fields))


def _reading(document: Document, index: int, blob: str, told: list[str]) -> Document:
    bottom = bind(document).layers[index].bottoms[0]
    quoted = encode_string(blob, document.text[bottom.start])
    told.append(f"reads `{blob}` instead of `{bottom.name}`")
    return apply_to(document, [Edit(bottom.start, bottom.end, quoted)])


def _without_loss_param(
    document: Document, index: int, asked: LossParam, told: list[str]
) -> Document:
    """Judge the `loss_param`, which the old layer never read and the new one obeys."""
    loss = bind(document).layers[index]
    param = loss.param("loss_param")
    if param is None:
        return document
    written = on_one_line(document, param)
    legacy = loss_axis(loss) is None and len(loss.tops) < 2
    if asked is LossParam.DROP or (asked is LossParam.AS_WRITTEN_FOR and legacy):
        why = "the old layer never read it, the new one would" if legacy else "as asked"
        told.append(f"loss_param {{ {written} }} goes: {why}")
        return without_fields(document, index, "loss_param")
    why = "as asked" if legacy else "the net was written for the layer that reads it"
    told.append(f"loss_param {{ {written} }} stays: {why}")
    return document
