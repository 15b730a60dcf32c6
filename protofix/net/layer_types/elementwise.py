"""Layers that work value by value, among them Scale and Bias (Caffe 1.0, *_layer.cpp of each)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from caffe_proto import LAYERS
from protofix.net.layer_types.fillers import check_filler
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import (
    MOST_AXES,
    Shape,
    canonical_axis,
    count,
    shape_text,
    shapes_differ,
)
from protofix.net.values import Values

_LEGACY_AXES = 4  # of blobs whose axes Caffe calls number, channels, height and width
_NATURAL = -1.0  # the base that stands for e


def _neuron(it: Setup) -> Made:
    return Made((it.bottom(),))


def _abs_val(it: Setup) -> Made:
    top = it.layer.tops[0]
    if it.layer.works_in_place():
        it.refuse("cannot work in place: give its top another name than its bottom", top)
    return _neuron(it)


def _dropout(it: Setup) -> Made:
    values = it.values("dropout_param")
    ratio = values.real("dropout_ratio", 0.5)
    # Only training draws what is dropped, at the first forward pass (caffe_rng_bernoulli).
    if it.phase == "TRAIN" and not 0 <= 1 - _single(ratio) <= 1:
        at = values.field("dropout_ratio")
        it.refuse_later(f"has dropout_ratio {ratio:g}: it must be from 0 to 1", at)
    return _neuron(it)


def _exp(it: Setup) -> Made:
    _check_base(it, it.values("exp_param"))
    return _neuron(it)


def _log(it: Setup) -> Made:
    values = it.values("log_param")
    _check_base(it, values)
    if _single(values.real("base", _NATURAL)) == 1:
        at = values.field("base")
        it.refuse("has base 1, to which there are no logarithms: give another, or -1 for e", at)
    return _neuron(it)


def _check_base(it: Setup, values: Values) -> None:
    base = values.real("base", _NATURAL)
    single = _single(base)
    if single != _NATURAL and not 0 < single < float("inf"):
        at = values.field("base")
        it.refuse(f"has base {base:g}: it must be a number above 0, or -1 for e", at)


def _single(value: float) -> float:
    """A number as Caffe holds it, in 32 bits."""
    try:
        [rounded] = struct.unpack("f", struct.pack("f", value))
    except OverflowError:
        return float("inf") if value > 0 else -float("inf")
    return float(rounded)


def _prelu(it: Setup) -> Made:
    values = it.values("prelu_param")
    bottom = it.bottom()
    channels = None
    if bottom is not None and not 2 <= len(bottom) <= _LEGACY_AXES:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}: it must have from 2 to "
            f"{_LEGACY_AXES} axes (number, channels, and so on)",
            0,
        )
    elif bottom is not None:
        channels = bottom[1]
        if count(bottom, 1) == 0 and channels != 0:
            it.refuse_shape(
                f"reads {it.called()}, which is {shape_text(bottom)}, without values", 0
            )
    slopes = () if values.boolean("channel_shared", False) else (channels,)
    check_filler(it, values, "filler", slopes)
    return Made((bottom,), (slopes,))


def _bias(it: Setup) -> Made:
    values = it.values("bias_param")
    if len(it.bottoms) > 1:
        shape = _shape_of_second(it, values, "adds")
        params: tuple[Shape, ...] = ()
    else:
        shape = _own_shape(it, values)
        check_filler(it, values, "filler", shape)
        params = (shape,)
    _check_around(it, values, shape, adds=True)
    return Made((it.bottom(),), params)


def _scale(it: Setup) -> Made:
    values = it.values("scale_param")
    adds = values.boolean("bias_term", False)
    params: tuple[Shape, ...] = ()
    if len(it.bottoms) > 1:
        shape = _shape_of_second(it, values, "multiplies by", axis_counts=adds)
        if adds:
            check_filler(it, values, "bias_filler", shape)
    else:
        shape = _own_shape(it, values)
        check_filler(it, values, "filler", shape)
        # Of a parameter without values enough has been said.
        if adds and count(shape) != 0:
            check_filler(it, values, "bias_filler", shape)
        params = (shape,)
    _check_around(it, values, shape, adds)
    return Made((it.bottom(),), (*params, shape) if adds else params)


def _own_shape(it: Setup, values: Values) -> Shape:
    """The shape of a learned parameter that spans `num_axes` axes of the bottom from `axis` on."""
    bottom = it.bottom()
    axes = values.integer("num_axes", 1)
    start = it.axis(values.integer("axis", 1), values.field("axis"))
    if axes < -1:
        it.refuse(
            f"has num_axes {axes}: give the count of axes, or -1 for all to the last",
            values.field("num_axes"),
        )
        return None
    unknown: Shape = (None,) * axes if 0 <= axes <= MOST_AXES else None
    if bottom is None or start is None:
        return unknown
    if axes == -1:
        return bottom[start:]
    if start + axes > len(bottom):
        it.refuse_shape(
            f"spans {axes} axes from axis {start} on, but {it.called()} is {shape_text(bottom)}: "
            f"num_axes can be {len(bottom) - start} at most, or -1 for all to the last",
            values.field("num_axes"),
        )
        return unknown
    return bottom[start : start + axes]


def _shape_of_second(it: Setup, values: Values, does: str, axis_counts: bool = False) -> Shape:
    """The shape of a second bottom, which must be what the first is from `axis` on.

    Of a single value the axis does not matter, unless `axis_counts`.
    """
    first, second = it.bottom(), it.bottom(1)
    if second is None or (not second and not axis_counts):
        return second
    start = it.axis(values.integer("axis", 1), values.field("axis"))
    if first is None or start is None:
        return second
    if not shapes_differ(first[start : start + len(second)], second):
        return second
    fitting = [
        axis
        for axis in range(len(first) - len(second) + 1)
        if not shapes_differ(first[axis : axis + len(second)], second)
    ]
    it.refuse_shape(
        f"{does} {it.called(1)}, which is {shape_text(second)}, from axis {start} of "
        f"{it.called()} on, but there that is {shape_text(first[start:])}"
        + (f": `axis: {fitting[0]}` would fit" if fitting else ""),
        1,
    )
    return (None,) * len(second)


def _check_around(it: Setup, values: Values, shape: Shape, adds: bool) -> None:
    """Refuse a bottom that has no values beside the axes that the factors or the bias span."""
    bottom, axis = it.bottom(), values.integer("axis", 1)
    if bottom is None or shape is None or count(shape) == 0:
        return
    start = canonical_axis(axis, len(bottom)) if shape else 0
    if start is None or start + len(shape) > len(bottom):
        return
    before, after = count(bottom, 0, start), count(bottom, start + len(shape))
    if after == 0 and (adds or before == 0):
        it.refuse_shape(f"reads {it.called()}, which is {shape_text(bottom)}, without values", 0)


RULES: Mapping[str, Rule] = {
    **{name: _neuron for name, facts in LAYERS.items() if facts.neuron},
    "AbsVal": _abs_val,
    "Bias": _bias,
    "Dropout": _dropout,
    "Exp": _exp,
    "Log": _log,
    "PReLU": _prelu,
    "Scale": _scale,
}
