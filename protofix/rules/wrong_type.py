"""A value of another kind than the field takes.

Wrong:

    layer { type: CONVOLUTION }

Right:

    layer { type: "Convolution" }

In `layers`, the V1 format, a type is a name without quotes, and types that came later have none.

Wrong:

    layers { type: "Convolution" }

Right:

    layers { type: CONVOLUTION }
"""

from collections.abc import Iterator
from dataclasses import replace

from protofix.rules.rule import Context, Hit, misfitting
from protofix.rules.upgrading import layers_fix
from protofix.textproto.literals import clip
from protofix.textproto.tree import Scalar, scalars_named

CODE = "PF102"
NAME = "wrong-type"
SEVERITY = "error"

_check = misfitting("wrong-type")


def check(context: Context) -> Iterator[Hit]:
    """Say each, and of a layer type that V1 does not have that it takes a `layer`."""
    strings = _types_of_v1(context)
    for hit in _check(context):
        scalar = strings.get(hit.start)
        yield hit if scalar is None or hit.fix is not None else _newer(context, hit, scalar)


def _types_of_v1(context: Context) -> dict[int, Scalar]:
    """The types of V1 layers that are strings, by where they stand."""
    return {
        scalar.start: scalar
        for view in context.views
        for layer in view.net.layers
        if layer.format == 1
        for scalar in scalars_named(layer.fields, "type")
        if scalar.kind == "string"
    }


def _newer(context: Context, hit: Hit, scalar: Scalar) -> Hit:
    said = (
        f"`layers` have no type `{clip(scalar.value)}`, and none in quotes: write them as `layer`"
    )
    return replace(hit, message=said, fix=layers_fix(context))
