"""Layers for regions of interest: of Fast and Faster R-CNN, R-FCN, and of intel/caffe after them.

Facts from fast_rcnn_layers.hpp, roi_pooling_layer.cpp and smooth_L1_loss_layer.cpp of
rbgirshick/caffe-fast-rcnn; psroi_pooling_layer.cpp, box_annotator_ohem_layer.cpp and
smooth_L1_loss_layer.cpp of daijifeng001/caffe-rfcn; softmax_loss_ohem_layer.cpp and
smooth_L1_loss_ohem_layer.cpp of intel/caffe.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.forks.images import (
    CHANNELS,
    HEIGHT,
    NUMBER,
    WIDTH,
    check_alike,
    check_one,
    has_only,
    image_of,
    side_of,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Shape, count, differ, product, shape_text

_REGION = 5  # the image, and the corners
_LOSS: Shape = ()


def _roi_pooling(it: Setup) -> Made:
    values = it.values("roi_pooling_param")
    if values.has("pooled_size"):  # Intel's, for volumes too.
        return it.unknown()
    for name in ("pooled_h", "pooled_w"):
        if not values.integer(name):
            at = values.field(name)
            it.refuse(f"needs {name}, at least 1: one side of what it makes of a region", at)
    channels, regions = image_of(it)[CHANNELS], image_of(it, 1)[NUMBER]
    sides = (side_of(values, "pooled_h") or None, side_of(values, "pooled_w") or None)
    return Made(((regions, channels, *sides),))


def _psroi_pooling(it: Setup) -> Made:
    values = it.values("psroi_pooling_param")
    if not has_only(values, "spatial_scale", "output_dim", "group_size"):
        return it.unknown()
    # Neither has a default: where one is missing the file itself cannot be read.
    for name in ("output_dim", "group_size"):
        if values.integer(name, 1) <= 0:
            it.refuse(
                f"has {name} {values.integer(name)}: it must be at least 1", values.field(name)
            )
    output = side_of(values, "output_dim") or None
    group = side_of(values, "group_size") or None
    channels, regions = image_of(it)[CHANNELS], image_of(it, 1)[NUMBER]
    wanted = product((output, group, group))
    if differ(channels, wanted):
        it.refuse_shape(
            f"reads {it.called()}, which has {channels} channels, but output_dim {output} and "
            f"group_size {group} make {wanted} ({output} × {group} × {group})",
            0,
        )
    return Made(((regions, output, group, group),))


def _smooth_l1_loss(it: Setup) -> Made:
    """Fast R-CNN gives it weights as third bottom, Faster R-CNN as third and fourth."""
    images = tuple(image_of(it, slot) for slot in range(len(it.bottoms)))
    check_alike(it, images, 1, (NUMBER, CHANNELS, HEIGHT, WIDTH))
    for slot in range(2, len(images)):
        check_alike(it, images, slot, (CHANNELS, HEIGHT, WIDTH))
    number, _, height, width = images[0]
    return Made((_LOSS, (number, 1, height, width)))


def _softmax_loss_ohem(it: Setup) -> Made:
    values = it.values("softmax_param")
    scores, labels = it.bottoms[:2]
    check_alike(it, (image_of(it, 0), image_of(it, 1)), 1, [NUMBER])
    at = it.axis(values.integer("axis", 1), values.field("axis"))
    if scores is not None and at is not None:
        places = product((count(scores, 0, at), count(scores, at + 1)))
        if differ(places, count(labels)):
            it.refuse_shape(
                f"reads {it.called(1)}, which is {shape_text(labels)}, but {it.called()} is "
                f"{shape_text(scores)}: it needs a label for each place, {places} in all",
                1,
            )
    return Made((_LOSS, scores, labels))


def _box_annotator_ohem(it: Setup) -> Made:
    values = it.values("box_annotator_ohem_param")
    if values.integer("roi_per_img", 1) <= 0:
        it.refuse("has roi_per_img 0: it must be at least 1", values.field("roi_per_img"))
    images = tuple(image_of(it, slot) for slot in range(4))
    number, channels, height, width = images[0]
    if differ(channels, _REGION):
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}: a region has 5 numbers, the "
            "image and its corners",
            0,
        )
    for slot in (1, 2, 3):
        check_alike(it, images, slot, (NUMBER, HEIGHT, WIDTH))
    for slot in (1, 2):
        check_one(it, images, slot, [CHANNELS])
    return Made(((number, 1, height, width), (number, images[3][CHANNELS], height, width)))


def _proposal(it: Setup) -> Made:
    """Of many forks, each with a shape of its own; py-faster-rcnn's is a Python layer."""
    return it.unknown()


RULES: Mapping[str, Rule] = {
    "BoxAnnotatorOHEM": _box_annotator_ohem,
    "PSROIPooling": _psroi_pooling,
    "Proposal": _proposal,
    "ROIPooling": _roi_pooling,
    "SmoothL1Loss": _smooth_l1_loss,
    "SmoothL1LossOHEM": _smooth_l1_loss,
    "SoftmaxWithLossOHEM": _softmax_loss_ohem,
}
