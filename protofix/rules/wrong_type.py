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

Among `layer`, it is `layers` that is the slip: mixed-formats says so.
"""

from collections.abc import Iterator
from dataclasses import replace

from protofix.net.binding import Misfit
from protofix.rulebook.checks import hit_of
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit, Said
from protofix.rulebook.lacks import others_with, who_takes_several
from protofix.rulebook.upgrading import layers_fix, newer_types, rarer_format
from protofix.textproto.literals import clip
from protofix.textproto.tree import Scalar, scalars_named

CODE = "PF102"
NAME = "wrong-type"
SEVERITY = "error"
WANTS = "misfits"


def check(context: Context) -> Iterator[Hit]:
    """Say each; of a list, who takes it; of a type that V1 does not have, that it takes `layer`."""
    newer = {it.start: it for view in context.views for _, it in newer_types(view.net)}
    mixed = dict(_of_mixed_formats(context))
    for misfit in context.misfits:
        if misfit.kind == NAME:
            hit = hit_of(_with_those_that_take_it(misfit, context))
            if hit.start in mixed:
                yield replace(hit, fix=None, within=mixed[hit.start])
            elif hit.start in newer:
                yield _newer(context, hit, newer[hit.start])
            else:
                yield hit


def _of_mixed_formats(context: Context) -> Iterator[tuple[int, Said]]:
    """The types in quotes of `layers` among `layer`, with what is said of that.

    Such a layer is one of today's, and what is wrong is one letter.
    """
    for view in context.views:
        if view.net.mixed:
            said = Said("mixed-formats", rarer_format(view.net)[0].node.start)
            for layer in view.net.layers:
                for scalar in scalars_named(layer.fields, "type") if layer.format == 1 else ():
                    if scalar.kind == "string":
                        yield scalar.start, said


def _with_those_that_take_it(misfit: Misfit, context: Context) -> Misfit:
    others = others_with(misfit, context)
    if not others:
        return misfit
    said = f"{misfit.message}, in {context.dialect.title}: {who_takes_several(others)}"
    return misfit._replace(message=said)


def _newer(context: Context, hit: Hit, scalar: Scalar) -> Hit:
    name = clip(scalar.value)
    said = f"`layers` have no type `{name}`, which came after them: write all layers as `layer`"
    return replace(hit, message=said, fix=layers_fix(context))
