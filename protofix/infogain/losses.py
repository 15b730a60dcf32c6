"""What an InfogainLoss layer says of itself, and where its H may lie."""

from __future__ import annotations

from protofix.net.layers import Layer, Net
from protofix.net.shapes import class_count, count
from protofix.net.values import integer_of, string_of
from protofix.net.view import NetView

# Where a loss has the axis of its classes; others have them along the second.
_AXIS_IN = {
    "InfogainLoss": "infogain_loss_param",
    "SoftmaxWithLoss": "softmax_param",
    "SoftmaxWithLossOHEM": "softmax_param",
}


def infogain_losses(net: Net) -> list[Layer]:
    """Every InfogainLoss of the file, in order."""
    return [layer for layer in net.layers if layer.type == "InfogainLoss"]


def loss_axis(loss: Layer) -> int | None:
    """The axis that an InfogainLoss writes down, if it does."""
    param = loss.param("infogain_loss_param")
    return integer_of(param.fields, "axis") if param else None


def class_axis(loss: Layer) -> int:
    """The axis along which a loss has its classes, as today's Caffe reads it."""
    param = _AXIS_IN.get(loss.type)
    return loss.values(param).integer("axis", 1) if param else 1


def source_of(loss: Layer) -> str | None:
    """The path in `infogain_loss_param.source`."""
    if loss.format == 0:
        return string_of(loss.fields, "source")
    param = loss.param("infogain_loss_param")
    return string_of(param.fields, "source") if param else None


def has_matrix(loss: Layer) -> bool:
    """Whether a loss has its H: a third bottom, or a source."""
    return len(loss.bottoms) > 2 or bool(source_of(loss))


def scored_classes(view: NetView, loss: Layer, whole: bool = False) -> dict[str, int]:
    """How many classes what a loss reads tells apart, by the blobs' names; those known.

    To the layer before April 2017 they are the `whole` of an image, to today's those of its axis.
    """
    axis = loss_axis(loss)
    found: dict[str, int] = {}
    for graph, shapes in view.keeping(loss):
        scores = graph.source_of(loss, 0)
        if scores is not None:
            shape = shapes.get(scores.number)
            classes = count(shape, 1) if whole else class_count(shape, 1 if axis is None else axis)
            if classes is not None:
                found[scores.blob] = classes
    return found
