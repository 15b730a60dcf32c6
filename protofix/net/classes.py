"""The classes that losses and accuracies choose from, and the labels that they are given."""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.graph import Graph, Version
from protofix.net.layers import Layer
from protofix.net.shapes import class_count, count

_AXIS_OF: Mapping[str, str | None] = {
    "SoftmaxWithLoss": "softmax_param",
    "SoftmaxWithLossOHEM": "softmax_param",
    "InfogainLoss": "infogain_loss_param",
    "MultinomialLogisticLoss": None,
    "HingeLoss": None,
    "Accuracy": "accuracy_param",
}
# Where each type has the label that it leaves out.
_IGNORING: Mapping[str, str] = {
    "SoftmaxWithLoss": "loss_param",
    "SoftmaxWithLossOHEM": "loss_param",
    "InfogainLoss": "loss_param",
    "Accuracy": "accuracy_param",
}
_LARGEST_EXACT = 2**24  # of the whole numbers in 32 bits; labels are far below
_RESHAPING = ("Flatten", "Reshape", "Split")


def takes_labels(layer: Layer) -> bool:
    """Whether a layer's second bottom holds the numbers of classes, and its first their scores."""
    return layer.type in _AXIS_OF and len(layer.bottoms) > 1


def classes_of(built: Built, layer: Layer) -> int | None:
    """How many classes a layer that takes labels tells apart; None if that is not known."""
    shape = built.bottoms_of(layer)[0]
    param = _AXIS_OF[layer.type]
    if param is None:  # All but the first axis count together.
        return count(shape, 1) if shape else None
    return class_count(shape, layer.values(param).integer("axis", 1))


def ignoring_param(layer: Layer) -> str | None:
    """The message in which a type has its `ignore_label`; None for one that leaves out nothing."""
    return _IGNORING.get(layer.type)


def ignored_label(layer: Layer) -> int | None:
    """The label that a layer leaves out."""
    param = ignoring_param(layer)
    return None if param is None else layer.values(param).integer("ignore_label")


def labels_origin(graph: Graph, layer: Layer) -> Version | None:
    """The labels that a layer reads, as they were before anything reshaped or copied them."""
    version = graph.source_of(layer, 1)
    while version is not None:
        maker = graph.maker_of(version)
        if maker is None or maker.type not in _RESHAPING:
            break
        version = graph.source_of(maker, 0)
    return version


def constant_label(maker: Layer, slot: int) -> int | None:
    """The label that a DummyData gives, if it gives but one."""
    if maker.type != "DummyData":
        return None
    fillers = maker.values("dummy_data_param").messages("data_filler")
    if len(fillers) > 1:
        fillers = fillers[slot : slot + 1]
    if not fillers:
        return 0
    if (fillers[0].string("type") or "constant") != "constant":
        return None
    value = fillers[0].real("value", 0.0)
    return int(value) if abs(value) <= _LARGEST_EXACT else None


def largest_label(graph: Graph, labels: Version, files: DataFiles | None) -> int | None:
    """The largest of the labels that a layer without bottoms makes, where it can be known."""
    maker = graph.maker_of(labels)
    if maker is None or labels.maker is None:
        return None
    filled = constant_label(maker, labels.maker.slot)
    if filled is not None or files is None:
        return filled
    return files.largest_label(maker, labels.maker.slot)
