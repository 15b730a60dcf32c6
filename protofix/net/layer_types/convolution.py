"""Convolution and Deconvolution (Caffe 1.0, base_conv_layer.cpp)."""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.fillers import check_filler
from protofix.net.setup import Emptied, Made, RefusalKind, Rule, Setup
from protofix.net.shapes import (
    MOST_VALUES,
    Dim,
    Shape,
    product,
    shape_text,
    shapes_differ,
    values_text,
)
from protofix.net.values import Values

_IMAGE_AXES = 2

# V0 layers write kernel_size in one word, and DeepLab's first Caffe calls dilation a hole.
_SPELLINGS = {"kernel_size": ("kernel_size", "kernelsize"), "dilation": ("dilation", "hole")}
_STEMS = {"kernel_size": "kernel", "stride": "stride", "pad": "pad", "dilation": "hole"}


def _convolution(it: Setup) -> Made:
    values = it.values("convolution_param")
    bottom = it.bottom()
    at = it.axis(values.integer("axis", 1), values.field("axis"))
    output = num_output(it, values)
    group = values.integer("group", 1)
    # Images, unless the bottom or the kernel says otherwise.
    axes = max(_IMAGE_AXES, len(values.integers("kernel_size")))
    spatial: tuple[Dim, ...] = (None,) * axes
    channels: Dim = None
    if bottom is not None and at is not None:
        spatial, channels = bottom[at + 1 :], bottom[at]
    known = bottom is not None and at is not None
    kernels = spatial_values(it, values, "kernel_size", len(spatial), known, None)
    strides = spatial_values(it, values, "stride", len(spatial), known, 1)
    pads = spatial_values(it, values, "pad", len(spatial), known, 0)
    dilations = spatial_values(it, values, "dilation", len(spatial), known, 1)
    _check_group(it, values, group, channels, output)
    _check_alike(it)
    sides, emptied = _sides(it, values, spatial, kernels, strides, pads, dilations)
    if bottom is None or at is None:
        top: Shape = (None, output, *sides)
    else:
        top = (*bottom[:at], output, *sides)
    deconvolves = it.layer.type == "Deconvolution"
    first, second = (channels, output) if deconvolves else (output, channels)
    divides = second is not None and group > 0 and second % group == 0
    grouped = second // group if second is not None and divides else None
    weights: Shape = (first, grouped, *kernels)
    _check_buffer(it, grouped, group, kernels, spatial if deconvolves else sides)
    return Made((top,) * len(it.layer.tops), with_bias(it, values, weights, output), emptied)


def _check_buffer(
    it: Setup, grouped: Dim, group: int, kernels: tuple[Dim, ...], sides: tuple[Dim, ...]
) -> None:
    """Refuse what Caffe cannot unroll: it puts the window at each position in one blob."""
    unrolled = product((grouped, group, *kernels, *sides))
    if unrolled is not None and unrolled > MOST_VALUES:
        it.refuse_shape(
            f"would unroll {it.called()}, {shape_text(it.bottom())}, into {values_text(unrolled)} "
            "values, which is more than Caffe has room for in a blob",
            0,
        )


def num_output(it: Setup, values: Values) -> Dim:
    """The count of outputs that a layer with weights must say."""
    output, at = values.integer("num_output"), values.field("num_output")
    # What is written and is no number, the schema check says.
    if output == 0 or at is None:
        it.refuse("needs num_output, the count of its outputs", at)
        return None
    return output if output is None or output > 0 else None


def with_bias(it: Setup, values: Values, weights: Shape, output: Dim) -> tuple[Shape, ...]:
    """The parameters of a layer with weights and, unless it says otherwise, a bias."""
    check_filler(it, values, "weight_filler", weights)
    if not _has_bias(values):
        return (weights,)
    check_filler(it, values, "bias_filler", (output,))
    return weights, (output,)


def _has_bias(values: Values) -> bool:
    return values.boolean("bias_term", True) and values.boolean("biasterm", True)


def refuse_bias_of_nothing(it: Setup, values: Values, positions: Dim) -> None:
    """Refuse to add a bias where there is no position to add it at, which Caffe cannot."""
    if positions == 0 and _has_bias(values):
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}: nothing is left to add a "
            "bias to",
            0,
        )


def spatial_values(
    it: Setup, values: Values, name: str, axes: int, known: bool, default: Dim
) -> tuple[Dim, ...]:
    """A value for each spatial axis: `kernel_size`, say, or `kernel_h` and `kernel_w`.

    `default` stands for what the file does not give, None for what it must give. Whether the
    number of values is right is judged only where that of the axes is `known`.
    """
    words = _SPELLINGS.get(name, (name,))
    listed: tuple[Dim, ...] = next((few for word in words if (few := values.integers(word))), ())
    stem = _STEMS[name]
    pair = (values.integer(f"{stem}_h"), values.integer(f"{stem}_w"))
    unknown: tuple[Dim, ...] = (None,) * axes
    found = unknown
    if pair != (None, None):
        at = values.field(f"{stem}_h", f"{stem}_w")
        if listed:
            it.refuse(f"has both {name} and {stem}_h or {stem}_w: give one or the other", at)
        elif known and axes != _IMAGE_AXES:
            it.refuse(
                f"has {stem}_h or {stem}_w, which are for 2 spatial axes, but {it.called()} is "
                f"{shape_text(it.bottom())}: give {name} for each axis",
                at,
            )
        elif axes == _IMAGE_AXES:
            # Only where neither is written does Caffe take its default.
            found = (pair[0] or 0, pair[1] or 0)
    elif len(listed) == 1:
        found = listed * axes
    elif listed and known and len(listed) != axes:
        it.refuse(
            f"has {len(listed)} values of {name} and {axes} spatial axes: "
            "write it once, or once for each axis",
            values.field(*words),
        )
    elif listed:
        found = listed if len(listed) == axes else unknown
    elif default is not None:
        found = (default,) * axes
    elif axes and not any(map(values.scalars, words)):
        # What is written and is no number, the schema check says.
        it.refuse(f"needs {name}, or {stem}_h and {stem}_w")
    # What is below 0 the schema check says.
    found = tuple(None if value is not None and value < 0 else value for value in found)
    if stem in ("kernel", "stride") and 0 in found:
        # A Deconvolution is shaped with a stride of 0 that is given for each side: see `_sides`.
        if stem == "stride" and pair != (None, None) and it.layer.type == "Deconvolution":
            return found
        _refuse_zero(it, values, name)
        return unknown
    return found


def _refuse_zero(it: Setup, values: Values, name: str, kind: RefusalKind = "parameter") -> None:
    """Refuse a kernel or a stride of 0, which a side that is not given has beside the other."""
    stem = _STEMS[name]
    sides = (f"{stem}_h", f"{stem}_w")
    at = values.field(*_SPELLINGS.get(name, (name,)), *sides)
    missing = [side for side in sides if values.integer(side) is None]
    if len(missing) == 1:
        it.refuse(f"has no {missing[0]} beside the other: give both, or {name}", at, kind)
    else:
        it.refuse(f"has a {stem} of 0: it must be at least 1", at, kind)


def _check_group(it: Setup, values: Values, group: int, channels: Dim, output: Dim) -> None:
    at = values.field("group")
    if group < 1:
        it.refuse("has a group of 0: it must be at least 1", at)
        return
    for number, what in ((channels, f"the channels of {it.called()}"), (output, "num_output")):
        if number is not None and number % group:
            it.refuse(f"has group {group}, which does not divide {what}, {number}", at, "shape")


def _check_alike(it: Setup) -> None:
    """Several bottoms go through one set of weights."""
    for slot, shape in enumerate(it.bottoms[1:], 1):
        if shapes_differ(it.bottom(), shape):
            it.refuse_shape(
                f"reads {it.called(slot)}, which is {shape_text(shape)}, beside {it.called()}, "
                f"which is {shape_text(it.bottom())}: all its bottoms must be alike",
                slot,
            )


def _sides(
    it: Setup,
    values: Values,
    spatial: tuple[Dim, ...],
    kernels: tuple[Dim, ...],
    strides: tuple[Dim, ...],
    pads: tuple[Dim, ...],
    dilations: tuple[Dim, ...],
) -> tuple[tuple[Dim, ...], Emptied | None]:
    """The sides of the tops, and why one is 0, which Caffe builds where there is no bias."""
    deconvolves = it.layer.type == "Deconvolution"
    along = _spread_along if deconvolves else windows_along
    sides = tuple(map(along, spatial, kernels, strides, pads, dilations))
    unknown: tuple[Dim, ...] = (None,) * len(spatial)
    least = 1 if _has_bias(values) else 0
    if deconvolves and 0 in strides:
        # It is divided by only when the layer runs, if it gets that far.
        builds = all(side is None or side >= least for side in sides)
        _refuse_zero(it, values, "stride", "first-pass" if builds else "parameter")
        return unknown, None
    at = values.field("kernel_size", "kernelsize", "kernel_h", "kernel_w")
    emptied = None
    for side, kernel, pad, dilation in zip(sides, kernels, pads, dilations, strict=True):
        if side is None or side > 0:
            continue
        what = (
            f"pads {pad} on each side, which leaves nothing of"
            if deconvolves
            else f"has a kernel that covers {_extent(kernel, dilation)}, which is more than"
        )
        padded = f" with {pad} of padding on each side" if pad and not deconvolves else ""
        said = f"{what} {it.called()}, {shape_text(it.bottom())}{padded}"
        if side < least:
            it.refuse_shape(said, at)
            return unknown, None
        right = "pad less" if deconvolves else "take a smaller kernel, or larger images"
        emptied = Emptied(f"it {said}: {right}", at)
    return sides, emptied


def windows_along(size: Dim, kernel: Dim, stride: Dim, pad: Dim, dilation: Dim) -> Dim:
    """How many windows there are along a side that is padded at both ends.

    Less than 1 where the window is longer than the side.
    """
    extent = _extent(kernel, dilation)
    if size is None or extent is None or not stride or pad is None:
        return None
    room = size + 2 * pad - extent
    # Caffe divides towards zero.
    return (room // stride if room >= 0 else -(-room // stride)) + 1


def _spread_along(size: Dim, kernel: Dim, stride: Dim, pad: Dim, dilation: Dim) -> Dim:
    """How long a side becomes of which each value is spread over a window."""
    extent = _extent(kernel, dilation)
    if size is None or extent is None or stride is None or pad is None:
        return None
    return stride * (size - 1) + extent - 2 * pad


def _extent(kernel: Dim, dilation: Dim) -> Dim:
    """How many values a window covers along a side, those that it skips included."""
    return None if kernel is None or dilation is None else dilation * (kernel - 1) + 1


RULES: Mapping[str, Rule] = {"Convolution": _convolution, "Deconvolution": _convolution}
