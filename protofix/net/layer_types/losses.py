"""Losses, Accuracy, and the Softmax that some of them hold (Caffe 1.0).

After loss_layer.cpp, which all losses share, and each type's own: softmax_loss_layer.cpp,
infogain_loss_layer.cpp, accuracy_layer.cpp and so on. Whether an InfogainLoss has an H at all, its
file, and its `normalize` are judged by rules of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from caffe_proto import named_dialects
from protofix.net.layer_types.labels import (
    Dims,
    classes_text,
    label_shape,
    number_text,
    products_differ,
    refuse_labels,
    without_ones,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import (
    Dim,
    Shape,
    canonical_axis,
    count,
    differ,
    product,
    shape_text,
)
from protofix.net.values import Values

_SINGLE: Shape = ()  # what a loss and an accuracy are
_LEGACY_AXES = 4  # of a blob whose axes are called number, channels, height and width

# Their Accuracy makes its second top with four axes, and of the second of its scores whatever the
# axis (alexgkendall/caffe-segnet, accuracy_layer.cpp).
_CLASSES_AS_IMAGES = named_dialects("segnet")

# Its SoftmaxWithLoss gives out the probabilities and the loss of each region, too
# (zhaoweicai/cascade-rcnn, softmax_loss_layer.cpp).
_GIVE_OUT_MORE = named_dialects("rfcn")


def _softmax(it: Setup) -> Made:
    _class_axis(it, "softmax_param")
    return Made((it.bottom(),) * len(it.layer.tops))


def _softmax_with_loss(it: Setup) -> Made:
    written = it.layer.loss_weights
    _check_softmax_loss(it, "softmax_param", weighs=not written or any(written))
    if len(it.layer.tops) > 1 and it.dialect not in _GIVE_OUT_MORE:
        # Its inner softmax, which has one top, takes over the loss weights of both.
        top = it.layer.tops[1]
        it.refuse(
            f"has 2 tops, at which Caffe's SoftmaxWithLoss aborts whatever loss_weight says: take "
            f"`{top.name}` away, and make probabilities with a Softmax layer that reads "
            f"{it.called()}",
            top,
            "blob-count",
        )
    return Made((_SINGLE, it.bottom()))


def _infogain_loss(it: Setup) -> Made:
    at = _check_softmax_loss(it, "infogain_loss_param", weighs=True)
    bottom = it.bottom()
    _check_matrix(it, bottom[at] if bottom is not None and at is not None else None)
    return Made((_SINGLE, bottom))


def _multinomial_logistic_loss(it: Setup) -> Made:
    # What waits for the first pass comes last: Caffe builds a net before it runs.
    if _check_batch(it) and _check_one_each(it, 1, "image"):
        _check_later_axes(it)
    return Made((_SINGLE,))


def _hinge_loss(it: Setup) -> Made:
    if _check_batch(it):
        _check_later_axes(it)
    return Made((_SINGLE,))


def _euclidean_loss(it: Setup) -> Made:
    if _is_in_place(it) or not _check_batch(it):
        return Made((_SINGLE,))
    one, other = it.bottoms[:2]
    if one is None or other is None or _check_alike(it, one[1:], other[1:]):
        _check_later_axes(it)
    return Made((_SINGLE,))


def _sigmoid_cross_entropy_loss(it: Setup) -> Made:
    one, other = it.bottoms[:2]
    if (
        _is_in_place(it)
        or not _check_batch(it)
        or (any(it.layer.loss_weights) and _has_no_scores(it))
    ):
        return Made((_SINGLE,))
    # All values count, so that an empty batch fits another.
    if one is not None and other is not None and 0 not in (one[0], other[0]):
        _check_alike(it, one[1:], other[1:])
    return Made((_SINGLE,))


def _contrastive_loss(it: Setup) -> Made:
    vectors = [_check_vectors(it, slot) for slot in (0, 1)]
    _check_one_each(it, 2, "pair")
    one, other = it.bottoms[:2]
    if all(vectors) and _check_batch(it) and one is not None and other is not None:
        _check_alike(it, one[1:2], other[1:2])
    return Made((_SINGLE,))


def _accuracy(it: Setup) -> Made:
    values = it.values("accuracy_param")
    at = _axis_of_scores(it, values)
    bottom, labels = it.bottom(), it.bottom(1)
    classes = bottom[at] if bottom is not None and at is not None else None
    if count(labels) == 0:
        # Caffe divides by their number.
        it.refuse_shape(f"reads {it.called(1)}, {shape_text(labels)}, which holds no labels", 1)
    elif bottom is not None and labels is not None and at is not None:
        needed = (*bottom[:at], *bottom[at + 1 :])
        if products_differ(needed, labels):
            refuse_labels(it, "accuracy_param", bottom, labels, at)
    best = values.integer("top_k", 1)
    if classes is not None and best > classes:
        it.refuse(
            f"counts the best {number_text(best)} (top_k), but {it.called()} has only "
            f"{classes_text(classes)}: top_k must be {number_text(classes)} at most",
            values.field("top_k"),
        )
    if it.dialect in _CLASSES_AS_IMAGES:
        channels = bottom[1] if bottom is not None and len(bottom) > 1 else None
        return Made((_SINGLE, (channels, 1, 1, 1)))
    return Made((_SINGLE, (classes,)))


def _axis_of_scores(it: Setup, values: Values) -> int | None:
    """The axis that a layer asks for, refused where the scores have no such axis.

    If the labels have it, the two are likely swapped.
    """
    axis = values.integer("axis", 1)
    scores, labels = it.bottom(), it.bottom(1)
    if scores is not None and labels is not None:
        found = canonical_axis(axis, len(scores)), canonical_axis(axis, len(labels))
        if found[0] is None and found[1] is not None:
            it.refuse_shape(
                f"reads {it.called()}, {shape_text(scores)}, as its scores and {it.called(1)}, "
                f"{shape_text(labels)}, as their labels: are the two swapped?",
                0,
            )
            return None
    return it.axis(axis, values.field("axis"))


def _is_in_place(it: Setup) -> bool:
    """Whether a loss would overwrite its scores before it looks at them, which is refused."""
    if not it.layer.works_in_place():
        return False
    it.refuse("cannot work in place: give its top another name than its bottom", it.layer.tops[0])
    return True


def _class_axis(it: Setup, param: str) -> int | None:
    """The axis of the classes, along which a softmax runs; None if that cannot be told."""
    at = _axis_of_scores(it, it.values(param))
    bottom = it.bottom()
    if bottom is not None and at is not None and bottom[at] == 0:
        text = shape_text(bottom)
        it.refuse_shape(
            f"runs along axis {at} of {it.called()}, {text}: there is no class on it", 0
        )
        return None
    return at


def _check_softmax_loss(it: Setup, param: str, weighs: bool) -> int | None:
    """Check what losses with a softmax read; give back the axis of the classes in `param`.

    Where the loss `weighs` anything, Caffe weighs the inner probabilities too, and aborts if there
    are none.
    """
    if _is_in_place(it):
        return None
    at = _class_axis(it, param)
    bottom, labels = it.bottom(), it.bottom(1)
    if bottom == () or not _check_batch(it, at) or at is None:
        return at
    if bottom is None or labels is None or (weighs and _has_no_scores(it)):
        return at
    needed = (*bottom[:at], *bottom[at + 1 :])
    if at:
        # The batch is the same in both, known or not.
        differs = products_differ(needed[1:], labels[1:])
    else:
        batch = bottom[0] if labels[0] is None else labels[0]
        differs = products_differ(needed, (batch, *labels[1:]))
    if differs and 0 not in (bottom[0], labels[0]):
        refuse_labels(it, param, bottom, labels, at)
    return at


def _has_no_scores(it: Setup) -> bool:
    """Whether there is nothing to learn from, which is refused."""
    bottom = it.bottom()
    if count(bottom) != 0:
        return False
    it.refuse_shape(f"reads {it.called()}, {shape_text(bottom)}, which holds no scores", 0)
    return True


def _check_batch(it: Setup, at: int | None = None) -> bool:
    """All losses take bottoms whose first dimensions are alike; false if they are not.

    `at` is the axis of the classes, where the second bottom has labels for each position off it.
    """
    one, other = it.bottoms[:2]
    fit = True
    for slot in (0, 1):
        if it.bottom(slot) == ():
            fit = False
            it.refuse_shape(
                f"reads {it.called(slot)}, which is a single value: the first axis of what it "
                "reads must be the batch",
                slot,
            )
    if not fit or one is None or other is None or not differ(one[0], other[0]):
        return fit
    said = f"reads {it.called()}, {shape_text(one)}, and {it.called(1)}, {shape_text(other)}"
    needed = product((*one[:at], *one[at + 1 :])) if at is not None else None
    if at and needed is not None and needed == product(other):
        it.refuse_shape(
            f"{said}: those are labels enough, but their first axis must be the batch, "
            f"{shape_text(one[:1])}: make {it.called(1)} {label_shape(one, at)}",
            1,
        )
    else:
        it.refuse_shape(
            f"{said}: the first axis of both is the batch and must be the same, not "
            f"{shape_text(one[:1])} and {shape_text(other[:1])}",
            1,
        )
    return False


def _check_legacy_axes(it: Setup, slot: int) -> bool:
    """Some losses know no more than number, channels, height and width; false if there is more."""
    said = _beyond_legacy_axes(it, slot)
    if said is not None:
        it.refuse_shape(said, slot)
    return said is None


def _check_later_axes(it: Setup) -> None:
    """The same of the scores of losses that count their axes when they first run."""
    said = _beyond_legacy_axes(it, 0)
    if said is not None:
        it.refuse_later(said, 0)


def _beyond_legacy_axes(it: Setup, slot: int) -> str | None:
    shape = it.bottom(slot)
    if shape is None or len(shape) <= _LEGACY_AXES:
        return None
    return (
        f"reads {it.called(slot)}, {shape_text(shape)}, of {len(shape)} axes: it takes at most "
        f"{_LEGACY_AXES}; put a Reshape or Flatten layer in between"
    )


def _check_one_each(it: Setup, slot: int, item: str) -> bool:
    """A bottom has one label for each item of the batch: N, or N × 1 × 1 × 1."""
    shape = it.bottom(slot)
    if not _check_legacy_axes(it, slot):
        return False
    if shape is None or not any(differ(dim, 1) for dim in shape[1:]):
        return True
    a_map = len(without_ones(shape[1:])) > 1
    tail = "; for a label at each position take SoftmaxWithLoss" if a_map else ""
    it.refuse_shape(
        f"reads {it.called(slot)}, {shape_text(shape)}, but takes one label for each {item}: "
        f"it must be {shape_text((*shape[:1], 1))}{tail}",
        slot,
    )
    return False


def _check_vectors(it: Setup, slot: int) -> bool:
    """A bottom has a vector for each item of the batch: N × C, or N × C × 1 × 1."""
    shape = it.bottom(slot)
    if not _check_legacy_axes(it, slot):
        return False
    if shape is None or not any(differ(dim, 1) for dim in shape[2:]):
        return True
    it.refuse_shape(
        f"compares vectors, N × C, and {it.called(slot)} is {shape_text(shape)}: put a Flatten or "
        "InnerProduct layer in between",
        slot,
    )
    return False


def _check_alike(it: Setup, one: Dims, other: Dims) -> bool:
    """Two bottoms have as many values for each item of the batch: `one` and `other`."""
    if not products_differ(one, other):
        return True
    texts = [shape_text(shape) for shape in it.bottoms[:2]]
    counts = [number_text(product(dims)) for dims in (one, other)]
    labels = len(it.bottoms) == 2 and product(other) == 1
    tail = f"; if {it.called(1)} is the number of a class, take SoftmaxWithLoss" if labels else ""
    it.refuse_shape(
        f"compares {it.called()}, {texts[0]}, with {it.called(1)}, {texts[1]}, value by value: "
        f"both must have as many values for each item, not {counts[0]} and {counts[1]}{tail}",
        1,
    )
    return False


def _check_matrix(it: Setup, classes: Dim) -> None:
    """The third bottom of an InfogainLoss, H, has a number for each pair of classes."""
    shape = it.bottom(2)
    if shape is None:
        return
    held = shape
    while len(held) > 2 and held[0] == 1:
        held = held[1:]
    if classes is None:
        numbers = count(shape)
        if numbers is not None and (numbers < 0 or math.isqrt(numbers) ** 2 != numbers):
            it.refuse_shape(
                f"reads H from {it.called(2)}, {shape_text(held)}: it must be square, "
                "with a number for each pair of classes",
                2,
            )
        return
    side = (classes, classes)
    if products_differ(shape, side):
        several = len(held) > 2 and held[-2:] == side
        it.refuse_shape(
            f"reads H from {it.called(2)}: {it.called()} has {classes_text(classes)}, "
            f"H is {shape_text(held)}: it must be {shape_text(side)}"
            + (", one for each iteration (batch_size: 1)" if several else ""),
            2,
        )


RULES: Mapping[str, Rule] = {
    "Accuracy": _accuracy,
    "ContrastiveLoss": _contrastive_loss,
    "EuclideanLoss": _euclidean_loss,
    "HingeLoss": _hinge_loss,
    "InfogainLoss": _infogain_loss,
    "MultinomialLogisticLoss": _multinomial_logistic_loss,
    "SigmoidCrossEntropyLoss": _sigmoid_cross_entropy_loss,
    "Softmax": _softmax,
    "SoftmaxWithLoss": _softmax_with_loss,
}
