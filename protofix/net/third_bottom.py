"""What people mean by the third bottom of a loss that reads two: weights, as forks have them."""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.setup import Setup
from protofix.net.shapes import class_count, count

_OF_CLASSES = (
    "InfogainLoss weighs classes, by H as its third bottom; what weighs single positions is a "
    "fork's, and Caffe only leaves positions out, by ignore_label"
)
_ADVICE: Mapping[str, str] = {
    "SoftmaxWithLoss": _OF_CLASSES,
    "MultinomialLogisticLoss": _OF_CLASSES,
    "SigmoidCrossEntropyLoss": (
        "a fork's weighs what it reads, Caffe's only leaves out what has the ignore_label"
    ),
    "EuclideanLoss": (
        "to weigh values, multiply both bottoms by the roots of the weights before "
        "(Eltwise with operation: PROD)"
    ),
    "HingeLoss": "Caffe's weighs nothing but the whole, by loss_weight",
}


def meant_by_third_bottom(it: Setup) -> str:
    """What would do what is meant, in words that follow the number of bottoms; empty if unknown."""
    if len(it.layer.bottoms) != 3 or it.layer.type not in _ADVICE:
        return ""
    advice = _ADVICE[it.layer.type]
    classes = class_count(it.bottom(), it.values("softmax_param").integer("axis", 1))
    if advice is _OF_CLASSES and classes is not None and count(it.bottom(2)) == classes**2:
        advice = (
            f"{it.called(2)} has a number for each pair of classes, as H has: InfogainLoss reads it"
        )
    return f": {advice}"
