"""Layers of forks that work on axes and channels, or value by value.

Facts from permute_layer.cpp of weiliu89/caffe (branch ssd), shuffle_channel_layer.cpp of
farmingyard/ShuffleNet, axpy_layer.cpp of hujie-frank/SENet, depthwise_conv_layer.cpp of
yonghenglh6/DepthwiseConvolution, conv_dw_layer.cpp of forks that go with MobileNet
(ConvolutionDepthwise), and batch_reduction_layer.cpp, gather_layer.cpp and scatter_layer.cpp of
yjxiong/caffe.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types import convolution
from protofix.net.layer_types.fillers import check_filler
from protofix.net.layer_types.forks.images import (
    CHANNELS,
    HEIGHT,
    has_only,
    image_of,
    side_of,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import MOST_VALUES, Dim, Shape, differ, shape_text, shapes_differ
from protofix.net.values import Values, enum_of

_IMAGE_AXES = 4
# Of the paddings that some forks' depthwise convolution has as well, none is here.
_CONVOLUTION_FIELDS = (
    "num_output", "bias_term", "pad", "kernel_size", "group", "stride", "weight_filler",
    "bias_filler", "pad_h", "pad_w", "kernel_h", "kernel_w", "stride_h", "stride_w", "engine",
    "dilation", "axis", "force_nd_im2col",
)  # fmt: skip
_REDUCTIONS = ("", "SUM", "ASUM", "SUMSQ", "MEAN", "TOPK")  # they are counted from 1
_UNMADE_REDUCTIONS = ("ASUM", "SUMSQ")


def _like(it: Setup) -> Made:
    """Each top as its bottom: of layers that work value by value, and of those for many nodes.

    Gather and Scatter change the number only where several processes run one net.
    """
    return Made(it.bottoms)


def _permute(it: Setup) -> Made:
    values = it.values("permute_param")
    bottom, orders, at = it.bottom(), values.integers("order"), values.field("order")
    if len(set(orders)) < len(orders):
        it.refuse("has an axis twice in order: name each once", at)
        return Made((None if bottom is None else (None,) * len(bottom),))
    if bottom is None:
        return it.unknown()
    beyond = next((order for order in orders if not 0 <= order < len(bottom)), None)
    if beyond is not None:
        it.refuse_shape(
            f"puts axis {beyond} in order, but {it.called()} is {shape_text(bottom)}, whose axes "
            f"are 0 to {len(bottom) - 1}",
            at,
        )
        return Made(((None,) * len(bottom),))
    rest = (axis for axis in range(len(bottom)) if axis not in orders)
    return Made((tuple(bottom[axis] for axis in (*orders, *rest)),))


def _shuffle_channel(it: Setup) -> Made:
    values = it.values("shuffle_channel_param")
    bottom, group = it.bottom(), values.integer("group", 1)
    channels = bottom[CHANNELS] if bottom is not None and len(bottom) > CHANNELS else None
    if group < 1:
        it.refuse(f"has group {group}: it must be at least 1", values.field("group"))
    elif channels is not None and channels % group:
        it.refuse_shape(
            f"has group {group}, which does not divide the channels of {it.called()}, {channels}",
            values.field("group"),
        )
    # Some make a top of four axes in any case.
    return Made((bottom if bottom is None or len(bottom) == _IMAGE_AXES else None,))


def _axpy(it: Setup) -> Made:
    """A factor for each channel of the second bottom, and the third added to that."""
    factors, images, added = it.bottoms[:3]
    for slot, shape in ((0, factors), (1, images)):
        if shape is not None and len(shape) < 2:
            it.refuse_shape(
                f"reads {it.called(slot)}, which is {shape_text(shape)}: it must have at least 2 "
                "axes (number, channels)",
                slot,
            )
            return Made((images,))
    if factors is not None:
        apart = images is not None and any(map(differ, factors[:2], images[:2]))
        wide = len(factors) == _IMAGE_AXES and any(differ(side, 1) for side in factors[HEIGHT:])
        if apart or wide:
            it.refuse_shape(
                f"reads {it.called()}, which is {shape_text(factors)}, as the factors of "
                f"{it.called(1)}, which is {shape_text(images)}: it needs one for each channel",
                0,
            )
    if shapes_differ(images, added):
        it.refuse_shape(
            f"adds {it.called(2)}, which is {shape_text(added)}, to {it.called(1)}, which is "
            f"{shape_text(images)}: they must be alike",
            2,
        )
    return Made((images,))


def _convolution_depthwise(it: Setup) -> Made:
    """One kernel a channel; num_output and group are not read, or say just that."""
    values = it.values("convolution_param")
    number, channels, height, width = image_of(it)
    output = values.integer("num_output")
    if output is not None and differ(output, channels):
        channels = None
    sides: list[Dim] = [None, None]
    kernels = [_side(values, "kernel", side, None) for side in range(2)]
    if None in kernels and not values.has("kernel_size", "kernel_h", "kernel_w"):
        it.refuse("needs kernel_size, or kernel_h and kernel_w")
    elif has_only(values, *_CONVOLUTION_FIELDS):
        sides = [
            _convolved(values, side, size, kernels[side])
            for side, size in enumerate((height, width))
        ]
    if any(side is not None and side < 0 for side in sides):
        it.refuse_shape(
            f"has a kernel of {shape_text(tuple(kernels))}, which is more than {it.called()}, "
            f"{shape_text(it.bottom())}",
            values.field("kernel_size", "kernel_h", "kernel_w"),
        )
        sides = [None, None]
    weights: Shape = (channels, 1, *kernels)
    check_filler(it, values, "weight_filler", weights)
    params: tuple[Shape, ...] = (weights,)
    if values.boolean("bias_term", True):
        check_filler(it, values, "bias_filler", (channels,))
        params = (weights, (channels,))
    return Made(((number, channels, *sides),) * len(it.layer.tops), params)


def _side(values: Values, stem: str, side: int, default: Dim) -> Dim:
    """A value for the height (0) or the width (1)."""
    if values.has(f"{stem}_h") and values.has(f"{stem}_w"):
        return side_of(values, f"{stem}_{'hw'[side]}")
    listed = values.integers("kernel_size" if stem == "kernel" else stem)
    if not listed:
        return default
    value = listed[min(side, len(listed) - 1)]
    return value if 0 <= value <= MOST_VALUES else None


def _convolved(values: Values, side: int, size: Dim, kernel: Dim) -> Dim:
    stride, pad = _side(values, "stride", side, 1), _side(values, "pad", side, 0)
    dilation = _side(values, "dilation", side, 1)
    return convolution.windows_along(size, kernel, stride, pad, dilation)


def _batch_reduction(it: Setup) -> Made:
    """Reduces an axis to one value, or to one for each level, which has level² parts of it."""
    values = it.values("batch_reduction_param")
    inner = next(reversed(values.messages("reduction_param")), Values(()))
    levels = values.integers("level") or (1,)
    apart = values.boolean("pos", False)
    operation = enum_of(inner.fields, "operation", _REDUCTIONS)
    if operation in _UNMADE_REDUCTIONS:
        it.refuse(f"has operation {operation}, which it has not: SUM, MEAN and TOPK are there",
                  inner.field("operation"))  # fmt: skip
    elif len(levels) > 1 and (apart or operation == "TOPK"):
        it.refuse(
            f"has {len(levels)} level, but {'pos' if apart else 'TOPK'} is for one level only",
            values.field("level"),
        )
    at = it.axis(inner.integer("axis", 0), inner.field("axis"))
    bottom = it.bottom()
    if bottom is None or at is None:
        return it.unknown()
    kept = bottom[:at]
    if levels != (1,):
        parts = sum(min(level, MOST_VALUES) ** 2 for level in levels)
        if differ(parts, bottom[at]):
            it.refuse_shape(
                f"has levels for {parts} parts, but {it.called()} is {shape_text(bottom)}, with "
                f"{bottom[at]} of them",
                values.field("level"),
            )
        kept = (*kept, len(levels))
    if apart and len(bottom) < at + 2:
        it.refuse_shape(
            f"has pos, for which it reduces two axes, but {it.called()} is {shape_text(bottom)}", 0
        )
    return Made(((*kept, *bottom[at + (2 if apart else 1) :]),))


def _mn_activation(it: Setup) -> Made:
    """What intel/caffe itself puts between the parts of a net on several nodes."""
    bottom = it.bottom()
    if bottom is None:
        return it.unknown()
    spread = (None,) * min(len(bottom), CHANNELS + 1)
    return Made(((*spread, *bottom[len(spread) :]),))


RULES: Mapping[str, Rule] = {
    "Axpy": _axpy,
    "BatchReduction": _batch_reduction,
    "ConvolutionDepthwise": _convolution_depthwise,
    "DepthwiseConvolution": convolution.RULES["Convolution"],
    "Gather": _like,
    "Mish": _like,
    "MnActivation": _mn_activation,
    "Permute": _permute,
    "ReLU6": _like,
    "Scatter": _like,
    "ShuffleChannel": _shuffle_channel,
    "SpatialDropout": _like,
}
