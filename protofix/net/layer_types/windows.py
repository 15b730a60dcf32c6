"""Layers that go over an image by windows, beside convolution and pooling: Im2col and SPP.

Facts from Caffe 1.0: im2col_layer.cpp, spp_layer.cpp and the pooling_layer.cpp within it.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.enums import POOL_METHODS
from protofix.net.layer_types.convolution import spatial_values, windows_along
from protofix.net.setup import Emptied, Made, Rule, Setup
from protofix.net.shapes import Dim, product, shape_text
from protofix.net.values import Values
from protofix.textproto.tree import Node

_IMAGE_AXES = 2
_MOST_LEVELS = 31  # the last of which has 2³⁰ bins a side, more than any image


def _im2col(it: Setup) -> Made:
    values = it.values("convolution_param")
    bottom = it.bottom()
    at = it.axis(values.integer("axis", 1), values.field("axis"))
    if bottom is None or at is None:
        axes = max(_IMAGE_AXES, len(values.integers("kernel_size")))
        for name, default in (("kernel_size", None), ("stride", 1), ("pad", 0), ("dilation", 1)):
            spatial_values(it, values, name, axes, False, default)
        return it.unknown()
    spatial = bottom[at + 1 :]
    if not spatial:
        it.refuse_shape(
            f"goes over the axes behind axis {at}, but {it.called()} is {shape_text(bottom)}: "
            "there are none",
            values.field("axis") or 0,
        )
        return it.unknown()
    kernels = spatial_values(it, values, "kernel_size", len(spatial), True, None)
    strides = spatial_values(it, values, "stride", len(spatial), True, 1)
    pads = spatial_values(it, values, "pad", len(spatial), True, 0)
    dilations = spatial_values(it, values, "dilation", len(spatial), True, 1)
    sides = tuple(map(windows_along, spatial, kernels, strides, pads, dilations))
    field = values.field("kernel_size", "kernelsize", "kernel_h", "kernel_w")
    more = (
        f"has a kernel of {shape_text(kernels)}, which with its dilation is more than "
        f"{it.called()}, {shape_text(bottom)}, and the padding around it"
    )
    if any(side is not None and side < 0 for side in sides):
        it.refuse_shape(more, field)
        sides = (None,) * len(sides)
    right = "take a smaller kernel, or larger images"
    top = (*bottom[:at], product((bottom[at], *kernels)), *sides)
    return Made((top,), emptied=Emptied(f"it {more}: {right}", field))


def _spp(it: Setup) -> Made:
    values = it.values("spp_param")
    levels, field = values.integer("pyramid_height", 0), values.field("pyramid_height")
    if levels < 1:
        it.refuse("needs pyramid_height, how many levels its pyramid has: at least 1", field)
    bottom = it.bottom()
    if bottom is not None and len(bottom) != 4:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}: it is for images, with 4 axes "
            "(number, channels, height, width)",
            0,
        )
        bottom = None
    if levels < 1:
        return it.unknown()
    if levels > 1 and it.layer.works_in_place():
        top = it.layer.tops[0]
        it.refuse(f"cannot work in place: give its top another name than `{top.name}`", top)
    number, channels, height, width = bottom or (None,) * 4
    fits = _check_levels(it, values, levels, field, (height, width))
    if levels == 1:
        return Made(((number, channels, 1, 1),))
    # Each level has twice as many bins a side as the one before, all of them in a row.
    known = fits and channels is not None and levels <= _MOST_LEVELS
    bins = (4 ** min(levels, _MOST_LEVELS) - 1) // 3
    return Made(((number, bins * (channels or 0) if known else None),))


def _check_levels(
    it: Setup, values: Values, levels: int, field: Node | None, sides: tuple[Dim, Dim]
) -> bool:
    """Whether each level can be pooled: its padding must be less than its kernel."""
    if 0 in sides:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}, an empty image", 0
        )
        return False
    stochastic = values.enum("pool", POOL_METHODS) == "STOCHASTIC"
    for level in range(min(levels, _MOST_LEVELS + 1)):
        bins = 2**level
        kernels = [None if side is None else -(-side // bins) for side in sides]
        over = [
            None if side is None or kernel is None else kernel * bins - side
            for side, kernel in zip(sides, kernels, strict=True)
        ]
        for kernel, rest in zip(kernels, over, strict=True):
            if kernel is not None and rest is not None and 0 < kernel <= (rest + 1) // 2:
                it.refuse_shape(
                    f"has pyramid_height {levels}, but cannot cut {it.called()}, "
                    f"{shape_text(it.bottom())}, into {bins} × {bins} bins: "
                    f"pyramid_height {level} is the most for that size",
                    field,
                )
                return False
        if stochastic and any(over):
            it.refuse_shape(
                f"pools STOCHASTIC, which does not pad, but {it.called()}, "
                f"{shape_text(it.bottom())}, does not divide into {bins} × {bins} bins: pool MAX "
                "or AVE",
                values.field("pool"),
            )
            return False
    if levels > _MOST_LEVELS:
        it.refuse(
            f"has a pyramid_height of more than {_MOST_LEVELS}, with more bins than any image has",
            field,
        )
        return False
    return True


RULES: Mapping[str, Rule] = {"Im2col": _im2col, "SPP": _spp}
