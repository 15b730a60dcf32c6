"""Layers that make few values of many: Reduction and ArgMax.

Facts from Caffe 1.0: reduction_layer.cpp, argmax_layer.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import MOST_AXES, count, shape_text, values_text
from protofix.net.values import enum_of

_OPERATIONS = ("", "SUM", "ASUM", "SUMSQ", "MEAN")  # in the order of their numbers
_POWERS = ("ASUM", "SUMSQ")  # which Caffe sums without a vector of ones, that cannot be empty


def _reduction(it: Setup) -> Made:
    values = it.values("reduction_param")
    axis = values.integer("axis", 0)
    bottom = it.bottom()
    if bottom is None:
        # What stays is the axes before, whatever comes in.
        return Made(((None,) * axis if 0 <= axis < MOST_AXES else None,))
    at = it.axis(axis, values.field("axis"))
    if at is None:
        return it.unknown()
    operation = enum_of(values.fields, "operation", _OPERATIONS)
    # In place the bottom is by then what is left of it, one value each.
    if 0 in bottom[at:] and operation not in _POWERS and not it.layer.works_in_place():
        it.refuse_shape(
            f"sums {it.called()}, which is {shape_text(bottom)}, from axis {at} on: there are no "
            "values",
            0,
        )
    return Made((bottom[:at],))


def _argmax(it: Setup) -> Made:
    values = it.values("argmax_param")
    top_k, field = values.integer("top_k", 1), values.field("top_k")
    fits = top_k > 0
    if not fits:
        it.refuse(f"has top_k {top_k}: it must be at least 1", field)
    bottom = it.bottom()
    if bottom is None:
        return it.unknown()
    if values.has("axis"):
        at = it.axis(values.integer("axis", 0), values.field("axis"))
        if at is None:
            return it.unknown()
        choice, along = bottom[at], f"along axis {at}"
    else:
        if not bottom:
            it.refuse_shape(f"reads {it.called()}, a single value, without axes", 0)
            return it.unknown()
        at, choice, along = None, count(bottom, 1), "in each item"
    if fits and choice is not None and top_k > choice:
        fits = False
        it.refuse_shape(
            f"asks for the best {values_text(top_k)} {along} of {it.called()}, which is "
            f"{shape_text(bottom)}: there are {values_text(choice)}",
            0 if field is None else field,
        )
    best = top_k if fits else None
    if at is not None:
        return Made(((*bottom[:at], best, *bottom[at + 1 :]),))
    # Where they are, and with out_max_val how great they are.
    kinds = 2 if values.boolean("out_max_val", False) else 1
    return Made(((bottom[0], kinds, best, *[1] * (len(bottom) - 3)),))


RULES: Mapping[str, Rule] = {"ArgMax": _argmax, "Reduction": _reduction}
