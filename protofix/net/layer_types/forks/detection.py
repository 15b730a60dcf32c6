"""SSD's layers behind the predictions: PriorBox, MultiBoxLoss, DetectionOutput, DetectionEvaluate.

Facts from prior_box_layer.cpp, multibox_loss_layer.cpp, detection_output_layer.cpp and
detection_evaluate_layer.cpp of weiliu89/caffe (branch ssd), which intel/caffe and NVIDIA/caffe have
alike. RefineDet (sfzhang15/RefineDet) gives the middle two more bottoms, and demands the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.forks.images import (
    CHANNELS,
    HEIGHT,
    NUMBER,
    WIDTH,
    Image,
    check_alike,
    check_one,
    image_of,
    reals,
    side_of,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, differ, product, shape_text
from protofix.net.values import Values, enum_of

_CORNERS = 4  # numbers that say where a box is
_DETECTION = 7  # image, label, confidence, and the corners
_TRUTH = 8  # image, label, instance, the corners, and whether it is difficult
_VERDICT = 5  # image, label, confidence, right, wrong
_SAME_RATIO = 1e-6
_VARIANCES = 4  # one for each corner number, or one for all

_MINING = ("NONE", "MAX_NEGATIVE", "HARD_EXAMPLE")
_CONFIDENCE = ("SOFTMAX", "LOGISTIC")


def _prior_box(it: Setup) -> Made:
    values = it.values("prior_box_param")
    priors = _priors_of_a_place(it, values)
    _check_variances(it, values)
    sized = _check_pair(it, values, "img_size", "img_h", "img_w")
    _check_pair(it, values, "step", "step_h", "step_w")
    if not sized and len(it.layer.bottoms) < 2:
        it.refuse(
            "needs the image as second bottom, or its size as img_size, or img_h and img_w",
            None,
            "blob-count",
        )
    image = image_of(it)
    places = product(image[HEIGHT:])
    if places == 0:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}: there is no place in it", 0
        )
        places = None
    return Made(((1, 2, product((places, priors, _CORNERS))),))


def _priors_of_a_place(it: Setup, values: Values) -> Dim:
    """How many boxes are put at each place: one for each size and ratio, one more for a max_size.

    The ratio 1 is always there; others come turned by 90° as well, and none twice.
    """
    least, most = reals(values, "min_size"), reals(values, "max_size")
    if not least:
        it.refuse("needs min_size, the side of its smallest boxes")
        return None
    if any(size is not None and not size > 0 for size in least):
        it.refuse("has a min_size that is not more than 0", values.field("min_size"))
    if most and len(most) != len(least):
        it.refuse(
            f"has {len(least)} min_size and {len(most)} max_size: write one for each, or none",
            values.field("max_size"),
        )
        return None
    for small, large in zip(least, most, strict=False):
        if small is not None and large is not None and not large > small:
            it.refuse(
                f"has max_size {large:g} for min_size {small:g}: it must be more",
                values.field("max_size"),
            )
            break
    written = reals(values, "aspect_ratio")
    ratios = [1.0]
    for ratio in written:
        if ratio is None:
            return None
        if any(abs(ratio - other) < _SAME_RATIO for other in ratios):
            continue
        ratios.append(ratio)
        if values.boolean("flip", True):
            ratios.append(1 / ratio if ratio else float("inf"))
    return len(ratios) * len(least) + len(most)


def _check_variances(it: Setup, values: Values) -> None:
    found, at = reals(values, "variance"), values.field("variance")
    if len(found) not in (0, 1, _VARIANCES):
        it.refuse(f"has {len(found)} variance: write one for all, or 4 (x, y, width, height)", at)
    elif any(value is not None and not value > 0 for value in found):
        it.refuse("has a variance that is not more than 0", at)


def _check_pair(it: Setup, values: Values, both: str, height: str, width: str) -> bool:
    """Whether a size is told, in one field for both sides or in two; each is more than 0."""
    at = values.field(height, width)
    if at is None:
        value = values.real(both)
        if value is not None and not value > 0:
            it.refuse(f"has {both} {value:g}: it must be more than 0", values.field(both))
        return value is not None
    if values.has(both):
        it.refuse(f"has both {both} and {height} or {width}: give one or the other", at)
    elif not (values.has(height) and values.has(width)):
        it.refuse(f"must have both {height} and {width}, or {both}", at)
    elif any(not values.real(name, 1.0) > 0 for name in (height, width)):
        it.refuse(f"has {height} or {width} that is not more than 0", at)
    return True


def _multi_box_loss(it: Setup) -> Made:
    values = it.values("multibox_loss_param")
    classes = _classes(it, values)
    _check_mining(it, values)
    background = values.integer("background_label_id", 0)
    softmax = _chosen(values, "conf_loss_type", _CONFIDENCE, "SOFTMAX") == "SOFTMAX"
    if softmax and classes is not None and not 0 <= background < classes:
        it.refuse(
            f"has background_label_id {background}, but its labels are 0 to {classes - 1}",
            values.field("background_label_id"),
        )
    _check_predictions(it, values, classes)
    return Made(((),))


def _chosen(values: Values, name: str, choices: tuple[str, ...], default: str) -> str | None:
    """The name of an enum value; None for one that only another fork has."""
    return enum_of(values.fields, name, choices) if values.has(name) else default


def _check_mining(it: Setup, values: Values) -> None:
    mining = _chosen(values, "mining_type", _MINING, "MAX_NEGATIVE")
    if mining is None:
        return
    mines = mining != "NONE"
    at = values.field("do_neg_mining")
    if at is not None and values.boolean("do_neg_mining", False) != mines:
        it.refuse(f"has a do_neg_mining that does not go with mining_type {mining}: drop it", at)
    elif mines and not values.boolean("share_location", True):
        it.refuse(
            f"has mining_type {mining}, which needs share_location: true",
            values.field("share_location"),
        )


def _classes(it: Setup, values: Values) -> Dim:
    """How many classes a prediction tells apart, background and all."""
    at = values.field("num_classes")
    if at is None:
        it.refuse("needs num_classes, the count of its classes with the background")
    elif values.integer("num_classes") == 0:
        it.refuse("has num_classes 0: count its classes with the background", at)
    return side_of(values, "num_classes") or None


def _check_predictions(it: Setup, values: Values, classes: Dim) -> None:
    """Locations, confidences and priors are of one another: the first three bottoms."""
    images = tuple(image_of(it, slot) for slot in range(3))
    check_alike(it, images, 1, [NUMBER])
    height = images[2][HEIGHT]
    priors = None if height is None else height // _CORNERS
    shared = values.boolean("share_location", True)
    sets = 1 if shared else classes
    for slot, each, what in (
        (0, product((sets, _CORNERS)), "4 numbers" if shared else "4 numbers a class"),
        (1, classes, "a score for each class"),
    ):
        wanted, found = product((priors, each)), images[slot][CHANNELS]
        if differ(wanted, found):
            it.refuse_shape(
                f"reads {it.called(slot)}, which has {found} values an image, but {it.called(2)} "
                f"has {priors} priors, and with {what} that makes {wanted}",
                slot,
            )


def _detection_output(it: Setup) -> Made:
    values = it.values("detection_output_param")
    classes = _classes(it, values)
    for suppression in values.messages("nms_param")[-1:]:
        if suppression.real("nms_threshold", 0.0) < 0:
            at = suppression.field("nms_threshold")
            it.refuse("has a negative nms_threshold: it must be 0 or more", at)
        eta = suppression.real("eta", 1.0)
        if not 0 < eta <= 1:
            it.refuse(
                f"has eta {eta:g}: it must be more than 0 and at most 1", suppression.field("eta")
            )
    _check_predictions(it, values, classes)
    # Until boxes are found there is one, which is none.
    return Made(((1, 1, 1, _DETECTION),))


def _detection_evaluate(it: Setup) -> Made:
    values = it.values("detection_evaluate_param")
    classes = _classes(it, values)
    if not values.real("overlap_threshold", 1.0) > 0:
        at = values.field("overlap_threshold")
        it.refuse("has an overlap_threshold that is not more than 0", at)
    images = (image_of(it, 0), image_of(it, 1))
    _check_rows(it, images, 0, _DETECTION, "what a DetectionOutput makes")
    _check_rows(it, images, 1, _TRUTH, "the labels of an AnnotatedData layer")
    found = images[0][HEIGHT]
    # As many rows as classes without the background, which is one of them, and detections.
    rows = None if classes is None or found is None else classes - 1 + found
    return Made(((1, 1, rows, _VERDICT),))


def _check_rows(it: Setup, images: tuple[Image, ...], slot: int, width: int, what: str) -> None:
    check_one(it, images, slot, [NUMBER, CHANNELS])
    if differ(images[slot][WIDTH], width):
        it.refuse_shape(
            f"reads {it.called(slot)}, which is {shape_text(it.bottom(slot))}: it takes {what}, "
            f"1 × 1 × N × {width}",
            slot,
        )


RULES: Mapping[str, Rule] = {
    "DetectionEvaluate": _detection_evaluate,
    "DetectionOutput": _detection_output,
    "MultiBoxLoss": _multi_box_loss,
    "PriorBox": _prior_box,
}
