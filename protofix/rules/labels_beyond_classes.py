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
from protofix.net.classes import (
    classes_of,
    constant_label,
    ignored_label,
    ignoring_param,
    largest_label,
    takes_labels,
)
from protofix.net.data_files import DataFiles
from protofix.net.graph import Version
from protofix.net.layers import BlobName, Layer
from protofix.net.setup import subject_of
from protofix.net.shapes import shape_text
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF324"
NAME = "labels-beyond-classes"
SEVERITY = "warning"
RESTS_ON = "data"

# What positions that count for nothing are labelled with by custom.
_MARKS = (-1, 255)


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
        if not takes_labels(layer):
            continue
        scores, labels = (built.graph.source_of(layer, slot) for slot in (0, 1))
        classes = classes_of(built, layer)
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
    largest = largest_label(built.graph, labels, files)
    ignored = ignored_label(layer)
    if maker is None or labels.maker is None or largest is None:
        return
    if 0 <= largest < classes or largest == ignored:
        return
    filled = constant_label(maker, labels.maker.slot)
    reach = "are never above" if largest < 0 else "go up to"
    are = f"are all {largest}" if filled is not None else f"{reach} {largest}"
    if maker.type == "Data":
        are = f"begin with {largest}"
    yield (
        f"{subject_of(layer)} has {classes:,} classes, 0 to {classes - 1:,}, but the labels of "
        f"`{maker.name}` {are}: make more classes, or mend the labels"
        + _or_ignore(layer, largest, ignored)
    )


def _or_ignore(layer: Layer, largest: int, ignored: int | None) -> str:
    """The other way out, of labels that look like a mark, or where another is ignored."""
    param = ignoring_param(layer)
    if param is None or (ignored is None and largest not in _MARKS):
        return ""
    instead = "" if ignored is None else f", not {ignored}"
    return f", or ignore them ({param} {{ ignore_label: {largest} }}{instead})"
