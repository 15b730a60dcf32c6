"""Labels that the classes of a loss or an Accuracy do not reach.

Of C classes the labels are 0 to C − 1. Caffe does not look: a label beyond them reads memory that
belongs to something else, so that losses and accuracies are wrong, NaN, or a crash. Labels that
count from 1, and pixels that are marked 255 without `ignore_label: 255`, are the usual reasons.

And a softmax over a single score is always 1, its loss always 0, and an Accuracy of one class
always finds class 0. For a yes or no, two scores are wanted, or a SigmoidCrossEntropyLoss.

The labels are known of a DummyData, and of an ImageData's list and an HDF5Data's file where these
can be read.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "fc" bottom: "label" top: "loss" }

Wrong:

    layer { name: "data" type: "DummyData" top: "data" top: "label"
            dummy_data_param { shape { dim: 4 dim: 8 } shape { dim: 4 }
                               data_filler { type: "gaussian" }
                               data_filler { type: "constant" value: 10 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.graph import Version
from protofix.net.layers import BlobName, Layer
from protofix.net.setup import subject_of
from protofix.net.shapes import class_count, count, shape_text
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rules.rule import Context, Hit

CODE = "PF324"
NAME = "labels-beyond-classes"
SEVERITY = "warning"

# Where each type has the axis of its classes; None counts all but the first axis together.
_AXIS_OF = {
    "SoftmaxWithLoss": "softmax_param",
    "SoftmaxWithLossOHEM": "softmax_param",
    "InfogainLoss": "infogain_loss_param",
    "MultinomialLogisticLoss": None,
    "HingeLoss": None,
    "Accuracy": "accuracy_param",
}
_LARGEST_EXACT = 2**24  # of the whole numbers in 32 bits; labels are far below


class _Found(NamedTuple):
    layer: Layer
    slot: int
    said: str


def check(context: Context) -> Iterator[Hit]:
    """Say each layer's mistakes once, with the states in which it makes them."""
    for view in context.views:
        yield from _check(view, context.files)


def _check(view: NetView, files: DataFiles | None) -> Iterator[Hit]:
    found: dict[_Found, list[NetState]] = {}
    for built in view.built:
        for one in _of_state(built, files):
            found.setdefault(one, []).append(built.graph.state)
    for (layer, slot, said), states in found.items():
        bottom: BlobName = layer.bottoms[slot]
        where = view.where(layer, states).strip()
        yield Hit(bottom.start, bottom.end, f"{where}: {said}" if where else said)


def _of_state(built: Built, files: DataFiles | None) -> Iterator[_Found]:
    single: set[int] = set()
    for layer in built.graph.layers:
        if layer.type not in _AXIS_OF or len(layer.bottoms) < 2:
            continue
        scores, labels = (built.graph.source_of(layer, slot) for slot in (0, 1))
        classes = _classes(built, layer)
        if scores is None or classes is None or classes < 1:
            continue
        if classes == 1:
            # An Accuracy beside a loss has the same trouble.
            if scores.number not in single:
                single.add(scores.number)
                yield _Found(layer, 0, _of_one_class(built, layer, scores))
        elif labels is not None:
            for said in _of_labels(built, layer, labels, classes, files):
                yield _Found(layer, 1, said)


def _classes(built: Built, layer: Layer) -> int | None:
    shape = built.bottoms_of(layer)[0]
    param = _AXIS_OF[layer.type]
    if param is None:
        return count(shape, 1) if shape else None
    return class_count(shape, layer.values(param).integer("axis", 1))


def _of_one_class(built: Built, layer: Layer, scores: Version) -> str:
    shape = shape_text(built.shapes.get(scores.number))
    why = {
        "Accuracy": "so that it always finds class 0",
        "HingeLoss": "so that no label but 0 fits",
        "MultinomialLogisticLoss": "so that no label but 0 fits",
    }.get(layer.type, "and the softmax of a single score is always 1")
    advice = (
        "make 2 scores, or compare a Threshold of the score with the label"
        if layer.type == "Accuracy"
        else "make 2 scores, or take SigmoidCrossEntropyLoss for a yes or no"
    )
    return (
        f"{subject_of(layer)} chooses from 1 class, as `{scores.blob}` is {shape}, {why}: {advice}"
    )


def _of_labels(
    built: Built, layer: Layer, labels: Version, classes: int, files: DataFiles | None
) -> Iterator[str]:
    maker = built.graph.maker_of(labels)
    if maker is None or labels.maker is None:
        return
    slot = labels.maker.slot
    filled = _constant(maker, slot)
    largest = filled
    if largest is None and files is not None:
        largest = files.largest_label(maker, slot)
    if largest is None or 0 <= largest < classes or largest == _ignored(layer):
        return
    reach = "are never above" if largest < 0 else "go up to"
    are = f"are all {largest}" if filled is not None else f"{reach} {largest}"
    if maker.type == "Data":
        are = f"begin with {largest}"
    yield (
        f"{subject_of(layer)} has {classes:,} classes, 0 to {classes - 1:,}, but the labels of "
        f"`{maker.name}` {are}: make more classes, or mend the labels"
    )


def _constant(maker: Layer, slot: int) -> int | None:
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


def _ignored(layer: Layer) -> int | None:
    """The label that a layer leaves out."""
    if layer.type in ("HingeLoss", "MultinomialLogisticLoss"):
        return None
    param = "accuracy_param" if layer.type == "Accuracy" else "loss_param"
    return layer.values(param).integer("ignore_label")
