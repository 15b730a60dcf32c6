"""InnerProduct and Embed (Caffe 1.0, inner_product_layer.cpp and embed_layer.cpp)."""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.convolution import num_output, refuse_bias_of_nothing, with_bias
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import MOST_AXES, Shape, count, product


def _inner_product(it: Setup) -> Made:
    values = it.values("inner_product_param")
    bottom = it.bottom()
    axis = values.integer("axis", 1)
    at = it.axis(axis, values.field("axis"))
    output = num_output(it, values)
    inner = product(bottom[at:]) if bottom is not None and at is not None else None
    weights: Shape = (output, inner)
    if values.boolean("transpose", False):
        weights = (inner, output)
    if bottom is not None and at is not None:
        refuse_bias_of_nothing(it, values, product(bottom[:at]))
        top: Shape = (*bottom[:at], output)
    else:
        top = (*[None] * axis, output) if bottom is None and 0 <= axis < MOST_AXES else None
    return Made((top,), with_bias(it, values, weights, output))


def _embed(it: Setup) -> Made:
    values = it.values("embed_param")
    bottom = it.bottom()
    output = num_output(it, values)
    words = values.integer("input_dim")
    if not words:
        at = values.field("input_dim")
        it.refuse("needs input_dim, the count of the numbers that it embeds", at)
        words = None
    refuse_bias_of_nothing(it, values, count(bottom))
    top = None if bottom is None else (*bottom, output)
    return Made((top,), with_bias(it, values, (words, output), output))


RULES: Mapping[str, Rule] = {"Embed": _embed, "InnerProduct": _inner_product}
