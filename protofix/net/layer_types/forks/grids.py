"""Detection over a grid of places: YOLO in intel/caffe, DetectNet and others of NVIDIA/caffe.

Facts from region_loss_layer.cpp and eval_detection_layer.cpp of intel/caffe; l1_loss_layer.cpp,
detectnet_transform_layer.cpp, detectnet_coverage.hpp and trt_layer.cpp of NVIDIA/caffe.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.forks.images import (
    CHANNELS,
    NUMBER,
    check_alike,
    image_of,
    side_of,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, count, differ, product, shape_text
from protofix.net.values import Values

_LOSS: Shape = ()
_BOX = 5  # numbers of a predicted box: its corners, and whether there is anything in it
_COLOURS = 3
_COVERAGE = 8  # channels of DetectNet's labels beside those of the classes


def _region_loss(it: Setup) -> Made:
    return Made((_LOSS,))


def _eval_detection(it: Setup) -> Made:
    values = it.values("eval_detection_param")
    side, boxes = side_of(values, "side", 7), side_of(values, "num_object", 2)
    classes = side_of(values, "num_class", 20)
    each = None if classes is None else classes + _BOX
    wanted, bottom = product((side, side, boxes, each)), it.bottom()
    found = count(bottom, 1)
    if bottom is not None and not bottom:
        it.refuse_shape(f"reads {it.called()}, a single value without axes", 0)
    elif differ(wanted, found):
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}, but {side} × {side} places "
            f"with {boxes} boxes of {each} numbers make {wanted} values an image",
            0,
        )
    return Made(((image_of(it)[NUMBER], 1),))


def _l1_loss(it: Setup) -> Made:
    one, other = it.bottoms[:2]
    check_alike(it, (image_of(it, 0), image_of(it, 1)), 1, [NUMBER])
    if differ(count(one, 1), count(other, 1)):
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(one)}, and {it.called(1)}, which is "
            f"{shape_text(other)}: they must have as many values in each item",
            1,
        )
    return Made((_LOSS,))


def _detectnet_transformation(it: Setup) -> Made:
    """Images of one size, and for each place of a grid over them what is there."""
    values = it.values("detectnet_groundtruth_param")
    images = (image_of(it, 0), image_of(it, 1))
    if differ(images[0][CHANNELS], _COLOURS):
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}: it takes images with 3 "
            "channels",
            0,
        )
    check_alike(it, images, 1, [NUMBER])
    height, width = side_of(values, "image_size_y", 384), side_of(values, "image_size_x", 1248)
    stride = side_of(values, "stride", 4)
    grid = (_cells(height, stride), _cells(width, stride))
    channels = _classes(values)
    number = images[0][NUMBER] if images[1][NUMBER] is None else images[1][NUMBER]
    return Made(((number, _COLOURS, height, width), (number, channels, *grid)))


def _cells(side: Dim, stride: Dim) -> Dim:
    """How many places a side has; where the stride does not divide it, rounding decides."""
    return side // stride if side is not None and stride and not side % stride else None


def _classes(values: Values) -> Dim:
    numbers = [mapping.integer("dst", 0) for mapping in values.messages("object_class")]
    return max(numbers, default=0) + 1 + _COVERAGE


def _trt(it: Setup) -> Made:
    """What TensorRT makes, its own net tells."""
    return it.unknown()


RULES: Mapping[str, Rule] = {
    "DetectNetTransformation": _detectnet_transformation,
    "EvalDetection": _eval_detection,
    "L1Loss": _l1_loss,
    "RegionLoss": _region_loss,
    "TRT": _trt,
}
