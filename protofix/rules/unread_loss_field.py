"""A `loss_param` or an `infogain_loss_param` in a loss that does not read it.

Only SoftmaxWithLoss, SigmoidCrossEntropyLoss and InfogainLoss read `loss_param`. In an
EuclideanLoss, HingeLoss, ContrastiveLoss or MultinomialLogisticLoss Caffe takes it without a word,
divides by the batch and ignores no label. InfogainLoss reads it since April 2017: with
`target = "legacy"` that is said too. (For an Accuracy a rule of its own says so, PF415.)

Take away what is not read. If it was meant, take a loss that reads it, or weigh the loss by
`loss_weight`.

Wrong:

    layer { name: "loss" type: "EuclideanLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: NONE } }

Right:

    layer { name: "loss" type: "EuclideanLoss" bottom: "fc8" bottom: "label" top: "loss" }

Wrong:

    layer { name: "loss" type: "HingeLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: BATCH_SIZE } }

Right:

    layer { name: "loss" type: "HingeLoss" bottom: "fc8" bottom: "label" top: "loss" }

The matrix of an `infogain_loss_param` is read by InfogainLoss alone. Any other loss weighs all
classes alike.

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.setup import place_of, subject_of
from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.unread import BY_THE_BATCH, without_loss_param

CODE = "PF411"
NAME = "unread-loss-field"
SEVERITY = "warning"
TYPES = (
    "ContrastiveLoss",
    "EuclideanLoss",
    "HingeLoss",
    "InfogainLoss",
    "MultinomialLogisticLoss",
    "SigmoidCrossEntropyLoss",
    "SoftmaxWithLoss",
)

# With one label an image, as the old InfogainLoss has it, these are all the same.
_OLD_INFOGAIN = ("FULL", "VALID", "BATCH_SIZE")


def check(context: Context) -> Iterator[Hit]:
    """Say it at the message that is not read."""
    old = () if context.target == "fused" else ("InfogainLoss",)
    types = (*BY_THE_BATCH, *old)
    for view in context.views:
        yield from _weights(view)
        for layer in view.kept(it for it in view.net.layers if it.type in types):
            param = layer.param("loss_param")
            if param is not None:
                infogain = layer.type == "InfogainLoss"
                done = _OLD_INFOGAIN if infogain else ("BATCH_SIZE",)
                said = _of_infogain(layer) if infogain else _of_loss(layer)
                yield Hit(*place_of(param), said, without_loss_param(view, layer, param, done))


def _weights(view: NetView) -> Iterator[Hit]:
    """Say it of a matrix that its loss does not read; which of the two was meant is not told."""
    others = (it for it in view.net.layers if it.type in TYPES and it.type != "InfogainLoss")
    for layer in view.kept(others):
        param = layer.param("infogain_loss_param")
        if param is not None:
            said = (
                f"{subject_of(layer)} is of type {layer.type}, which reads no "
                "infogain_loss_param: all classes weigh alike; did you mean InfogainLoss?"
            )
            yield Hit(*place_of(param), said)


def _of_loss(layer: Layer) -> str:
    return (
        f"{subject_of(layer)} is of type {layer.type}, which reads no loss_param: it divides by "
        "the batch and ignores no label, whatever is written there"
    )


def _of_infogain(layer: Layer) -> str:
    return (
        f"{subject_of(layer)} is an InfogainLoss, which reads no loss_param in Caffe before April "
        "2017: it divides by the batch and ignores no label"
    )
