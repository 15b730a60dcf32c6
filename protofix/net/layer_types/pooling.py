"""Pooling (Caffe 1.0, pooling_layer.cpp), and the padding layer of the V0 format.

Intel's pools volumes too, and ends within the image where it steps over single values as well
(intel/caffe, pooling_layer.cpp).
"""

from __future__ import annotations

from collections.abc import Mapping

from caffe_proto import named_dialects
from protofix.net.enums import POOL_METHODS
from protofix.net.layers import PADDING
from protofix.net.setup import Emptied, Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, shape_text
from protofix.net.values import Values

# A field that a fork alone has speaks for itself; these compute the same text otherwise.
_POOLS_VOLUMES = named_dialects("intel")
_CLIPS_SMALL_KERNELS = named_dialects("intel")

_ROUNDS = ("CEIL", "FLOOR")
_UNKNOWN: Shape = (None, None, None, None)


def _pooling(it: Setup) -> Made:
    values = it.values("pooling_param")
    bottom = it.bottom()
    if values.has("kernel_size_3d", "pad_3d", "stride_3d", "axis"):  # Intel's, for volumes.
        return it.unknown()
    if it.dialect in _POOLS_VOLUMES and bottom is not None and len(bottom) != 4:
        return it.unknown()
    whole = values.boolean("global_pooling", False)
    _check_kernel(it, values, whole)
    pads, strides = _pair(it, values, "pad", 0), _pair(it, values, "stride", 1)
    if whole and (pads != (0, 0) or strides != (1, 1)):
        at = values.field("pad", "pad_h", "pad_w", "stride", "stride_h", "stride_w")
        it.refuse("has global_pooling, which takes no pad and no stride", at)
    if bottom is not None and len(bottom) != 4:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}: pooling is for images, with 4 "
            "axes (number, channels, height, width)",
            0,
        )
        bottom = None
    kernels = _kernels(values)
    if whole:
        channels = (None, None) if bottom is None else bottom[:2]
        # One value a channel: the window is the image, which must not be empty.
        if bottom is not None and 0 in bottom[2:]:
            it.refuse_shape(f"pools {it.called()}, which is {shape_text(bottom)}", 0)
        return Made(((*channels, 1, 1),) * len(it.layer.tops))
    _check_pads(it, values, pads, kernels)
    if bottom is None or it.refusals or not _known(*kernels, *pads, *strides):
        top = _UNKNOWN if bottom is None else (*bottom[:2], None, None)
        return Made((top,) * len(it.layer.tops))
    ceil = values.enum("round_mode", _ROUNDS) == "CEIL"
    # Caffe looks after the last window of both sides if either is padded.
    clips = pads != (0, 0) or (it.dialect in _CLIPS_SMALL_KERNELS and 1 in kernels)
    sides = [
        _pooled(*side, ceil, clips) for side in zip(bottom[2:], kernels, strides, pads, strict=True)
    ]
    if all(side is None or side > 0 for side in sides):
        return Made(((*bottom[:2], *sides),) * len(it.layer.tops))
    at = values.field("kernel_size", "kernelsize", "kernel_h", "kernel_w")
    more = (
        f"has a kernel of {shape_text(kernels)}, which is more than {it.called()}, "
        f"{shape_text(bottom)}"
    )
    if any(side is not None and side < 0 for side in sides):
        it.refuse_shape(more, at)
        sides = [None, None]
    smaller = "take a smaller kernel (global_pooling takes the whole image), or larger images"
    emptied = Emptied(f"it {more}: {smaller}", at)
    return Made(((*bottom[:2], *sides),) * len(it.layer.tops), emptied=emptied)


def _kernels(values: Values) -> tuple[Dim, Dim]:
    """The height and the width of the window; a side alone beside `kernel_size` is not read."""
    if values.has("kernel_size", "kernelsize"):
        found = map(values.integer, ("kernel_size", "kernelsize"))
        size = next((it for it in found if it is not None), None)
        return size, size
    return values.integer("kernel_h"), values.integer("kernel_w")


def _known(*sides: Dim) -> bool:
    """Whether none is below 0: of such the schema check speaks."""
    return all(side is None or side >= 0 for side in sides)


def _check_kernel(it: Setup, values: Values, whole: bool) -> None:
    size = values.field("kernel_size", "kernelsize")
    sides = [values.field(name) for name in ("kernel_h", "kernel_w")]
    at = size or sides[0] or sides[1]
    if whole:
        if at is not None:
            it.refuse(
                "has global_pooling, whose kernel is the whole image: take its kernel away", at
            )
    elif size is None and None in sides:
        missing = [name for name in ("kernel_h", "kernel_w") if not values.has(name)]
        what = "kernel_size" if len(missing) == 2 else f"{missing[0]} beside the other"
        it.refuse(f"needs {what}, or global_pooling: true", at)
    elif size is not None and None not in sides:
        it.refuse("has both kernel_size and kernel_h, kernel_w: give one or the other", size)
    elif 0 in _kernels(values):
        it.refuse("has a kernel of 0: it must be at least 1", at)


def _pair(it: Setup, values: Values, name: str, default: int) -> tuple[int, int]:
    """A value for height and width: one for both, or each by itself."""
    sides = (values.integer(f"{name}_h"), values.integer(f"{name}_w"))
    both = values.integer(name)
    if sides == (None, None):
        value = default if both is None else both
        if name == "stride" and value == 0:
            it.refuse("has a stride of 0: it must be at least 1", values.field(name))
        return value, value
    at = values.field(f"{name}_h", f"{name}_w")
    if both is not None or None in sides:
        it.refuse(f"must have either {name}, or both {name}_h and {name}_w", at)
    elif name == "stride" and 0 in sides:
        it.refuse("has a stride of 0: it must be at least 1", at)
    return sides[0] or 0, sides[1] or 0


def _check_pads(it: Setup, values: Values, pads: tuple[int, int], kernels: tuple[Dim, Dim]) -> None:
    at = values.field("pad", "pad_h", "pad_w")
    if pads == (0, 0):
        return
    if values.enum("pool", POOL_METHODS) == "STOCHASTIC":
        it.refuse("pads and pools STOCHASTIC: padding is for MAX and AVE", at)
    for pad, kernel in zip(pads, kernels, strict=True):
        if kernel is not None and pad >= kernel > 0:
            it.refuse(f"has a pad of {pad}, which must be less than its kernel, {kernel}", at)
            return


def _pooled(size: Dim, kernel: Dim, stride: Dim, pad: Dim, ceil: bool, clips: bool) -> Dim:
    if size is None or kernel is None or not stride or pad is None:
        return None
    room = size + 2 * pad - kernel
    pooled = (-(-room // stride) if ceil else room // stride) + 1
    # The last window must begin inside the image or the padding before it.
    if clips and (pooled - 1) * stride >= size + pad:
        pooled -= 1
    return pooled


def _v0_padding(it: Setup) -> Made:
    """V0's layer of that type, which puts zeros around images (Caffe of 2013, PaddingLayer)."""
    pad = it.values("padding_param").integer("pad", 0)
    bottom = it.bottom()
    if bottom is None or len(bottom) != 4:
        return Made((_UNKNOWN,))
    return Made(((*bottom[:2], *(None if it is None else it + 2 * pad for it in bottom[2:])),))


RULES: Mapping[str, Rule] = {"Pooling": _pooling, PADDING: _v0_padding}
