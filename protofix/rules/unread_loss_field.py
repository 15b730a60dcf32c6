"""A `loss_param` in a loss that does not read it.

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
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.setup import place_of, subject_of
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.unread import without_loss_param

CODE = "PF411"
NAME = "unread-loss-field"
SEVERITY = "warning"
TYPES = (
    "ContrastiveLoss",
    "EuclideanLoss",
    "HingeLoss",
    "InfogainLoss",
    "MultinomialLogisticLoss",
)

_BY_THE_BATCH = tuple(it for it in TYPES if it != "InfogainLoss")
# With one label an image, as the old InfogainLoss has it, these are all the same.
_OLD_INFOGAIN = ("FULL", "VALID", "BATCH_SIZE")


def check(context: Context) -> Iterator[Hit]:
    """Say it at the message that is not read."""
    types = _BY_THE_BATCH if context.target == "fused" else TYPES
    for view in context.views:
        for layer in view.kept(it for it in view.net.layers if it.type in types):
            param = layer.param("loss_param")
            if param is not None:
                old = layer.type == "InfogainLoss"
                done = _OLD_INFOGAIN if old else ("BATCH_SIZE",)
                fix = without_loss_param(view, layer, param, done)
                yield Hit(*place_of(param), _of_infogain(layer) if old else _of_loss(layer), fix)


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
