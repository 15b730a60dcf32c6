"""Layers of forks that make images larger or smaller: Interp, Upsample, Reorg.

Facts from interp_layer.cpp of xmyqsh/deeplab-v2 and hszhao/PSPNet, upsample_layer.cpp of
alexgkendall/caffe-segnet, and reorg_layer.cpp of intel/caffe. In other forks Interp takes its sides
from a second bottom and Upsample from a third, and YOLO's Upsample repeats each value.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.forks.images import (
    CHANNELS,
    HEIGHT,
    NUMBER,
    WIDTH,
    check_alike,
    has_only,
    image_from,
    image_of,
    side_of,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, shape_text
from protofix.net.values import Values

_IMAGE_AXES = 4
_INTERP_FIELDS = ("height", "width", "zoom_factor", "shrink_factor", "pad_beg", "pad_end")
_SEGNET_FIELDS = ("upsample_h", "upsample_w", "scale_h", "scale_w", "pad_out_h", "pad_out_w")


def _interp(it: Setup) -> Made:
    values = it.values("interp_param")
    number, channels, *sides = image_from(it.bottom())
    volume = it.bottom() is not None and len(it.bottom() or ()) > _IMAGE_AXES
    if volume or not has_only(values, *_INTERP_FIELDS):
        return Made((None if volume else (number, channels, None, None),))
    if len(it.layer.bottoms) > 1:
        return Made(((number, channels, *image_from(it.bottom(1))[HEIGHT:]),))
    pads = [values.integer(name, 0) for name in ("pad_beg", "pad_end")]
    for name in ("pad_beg", "pad_end"):
        if values.integer(name, 0) > 0:
            it.refuse(f"has {name} more than 0: it can only crop, by 0 or less", values.field(name))
            pads = [0, 0]
    used = [None if side is None else side + sum(pads) for side in sides]
    if any(side is not None and side <= 0 for side in used):
        cropped = f" cropped by {-sum(pads)}" if sum(pads) else ""
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}{cropped}: nothing is left", 0
        )
        used = [None, None]
    return Made(((number, channels, *_interpolated(it, values, used)),))


def _interpolated(it: Setup, values: Values, sides: list[Dim]) -> tuple[Dim, Dim]:
    """The sides that an Interp makes of others, as its fields have it."""
    factors = [name for name in ("zoom_factor", "shrink_factor") if values.has(name)]
    height, width = values.integer("height"), values.integer("width")
    if not factors and (height is None or width is None):
        it.refuse(
            "needs height and width, or zoom_factor, or shrink_factor",
            values.field("height", "width"),
        )
        return None, None
    # One factor goes before the sides, and those before both factors.
    if len(factors) != 1 and height is not None and width is not None:
        if height <= 0 or width <= 0:
            at = values.field("height" if height <= 0 else "width")
            it.refuse(f"is to make {height} × {width}: each side must be at least 1", at)
        return side_of(values, "height") or None, side_of(values, "width") or None
    for name in factors:
        if values.integer(name, 1) < 1:
            at = values.field(name)
            it.refuse(f"has {name} {values.integer(name)}: it must be at least 1", at)
            return None, None
    shrink, zoom = side_of(values, "shrink_factor", 1), side_of(values, "zoom_factor", 1)
    made: list[Dim] = []
    for side in sides:
        if side is None or shrink is None or zoom is None:
            made.append(None)
        else:
            made.append((side - 1) // shrink * zoom + 1)
    return made[0], made[1]


def _upsample(it: Setup) -> Made:
    values = it.values("upsample_param")
    if not has_only(values, "scale", *_SEGNET_FIELDS):
        number, channels, *_ = image_from(it.bottom())
        return Made(((number, channels, None, None),))
    if len(it.layer.bottoms) == 1:
        return Made((_repeated(it, values),))
    images = (image_of(it, 0), image_of(it, 1))
    for slot in range(len(it.layer.bottoms)):
        shape = it.bottom(slot)
        if shape is not None and len(shape) < _IMAGE_AXES:
            it.refuse_shape(
                f"reads {it.called(slot)}, which is {shape_text(shape)}: it is for images, with 4 "
                "axes (number, channels, height, width)",
                slot,
            )
    if it.refusals:
        return Made(((None,) * _IMAGE_AXES,))
    number, channels, height, width = images[0]
    # The mask tells where in its window each value was the greatest.
    if not check_alike(it, images, 1, (NUMBER, CHANNELS, HEIGHT, WIDTH)):
        return Made(((number, channels, None, None),))
    if len(it.layer.bottoms) > 2:
        return Made(((number, channels, *image_of(it, 2)[HEIGHT:]),))
    return Made(((number, channels, *_upsampled(it, values, height, width)),))


def _repeated(it: Setup, values: Values) -> Shape:
    """The shape that an Upsample without a mask makes, YOLO's: its last two axes are scaled."""
    at = values.field(*_SEGNET_FIELDS)
    if at is not None:
        it.refuse(
            "needs the mask as second bottom: the second top of the MAX Pooling that it undoes",
            at,
            "blob-count",
        )
    bottom = it.bottom()
    if bottom is None or len(bottom) < 2:
        return None
    scale = side_of(values, "scale") if at is None else None
    sides = (None if side is None or scale is None else side * scale for side in bottom[-2:])
    return (*bottom[:-2], *sides)


def _upsampled(it: Setup, values: Values, height: Dim, width: Dim) -> tuple[Dim, Dim]:
    """The sides that SegNet's Upsample makes of others, as its fields have it."""
    if values.has("upsample_h") and values.has("upsample_w"):
        made = (values.integer("upsample_h", 0), values.integer("upsample_w", 0))
        if min(made) <= 1:
            at = values.field("upsample_h" if made[0] <= 1 else "upsample_w")
            it.refuse(f"is to make {made[0]} × {made[1]}: each side must be more than 1", at)
            return None, None
        return side_of(values, "upsample_h"), side_of(values, "upsample_w")
    apart = values.field("scale_h", "scale_w")
    both = values.has("scale_h") and values.has("scale_w")
    if apart is not None and (not both or values.has("scale")):
        it.refuse("needs upsample_h and upsample_w, or scale, or both scale_h and scale_w", apart)
        return None, None
    names = ("scale_h", "scale_w") if apart else ("scale", "scale")
    sides: list[Dim] = []
    for side, name, pad in zip((height, width), names, ("pad_out_h", "pad_out_w"), strict=True):
        scale, padded = values.integer(name, 2), values.boolean(pad, False)
        if scale <= 1:
            it.refuse(f"has {name} {scale}: it must be at least 2", values.field(name))
            return None, None
        if padded and scale != 2:
            it.refuse(f"has {pad}, which is for {name}: 2 only", values.field(pad))
            return None, None
        usable = side_of(values, name, 2)
        sides.append(None if side is None or usable is None else side * usable - padded)
    return sides[0], sides[1]


def _reorg(it: Setup) -> Made:
    values = it.values("reorg_param")
    bottom, top = it.layer.bottoms[0], it.layer.tops[0]
    if bottom.name == top.name:
        it.refuse("cannot work in place: give its top another name than its bottom", top)
    if not values.integer("stride"):
        it.refuse(
            "needs stride, at least 1: the side of what becomes channels", values.field("stride")
        )
    stride = side_of(values, "stride") or None
    number, channels, height, width = image_of(it)
    if stride is None:
        return Made(((number, None, None, None),))
    if values.boolean("reverse", False):
        fewer = None if channels is None else channels // stride**2
        sides = (None if side is None else side * stride for side in (height, width))
        return Made(((number, fewer, *sides),))
    more = None if channels is None else channels * stride**2
    sides = (None if side is None else side // stride for side in (height, width))
    return Made(((number, more, *sides),))


RULES: Mapping[str, Rule] = {"Interp": _interp, "Reorg": _reorg, "Upsample": _upsample}
