"""A name or number that the enum does not have.

Caffe refuses a whole file for one. Names of values are in capitals; some are a fork's.

Wrong:

    layer { include { phase: train } }

Right:

    layer { include { phase: TRAIN } }
"""

from collections.abc import Iterator

from caffe_proto import forks_with_type
from protofix.net.binding import Misfit
from protofix.net.dialects import who_knows
from protofix.net.names import nearest, slip_of_type
from protofix.rules.rule import Context, Hit, known_by

CODE = "PF104"
NAME = "unknown-enum-value"
SEVERITY = "error"

_MANY = 8
_V1_TYPES = "V1LayerParameter.LayerType"


def check(context: Context) -> Iterator[Hit]:
    """Say each with who knows it, what was meant, or what there is."""
    for misfit in context.misfits:
        if misfit.kind == "unknown-enum-value":
            yield Hit(misfit.start, misfit.end, misfit.message + _advice(misfit, context))


def _advice(misfit: Misfit, context: Context) -> str:
    place = f" in {context.dialect.title}"
    forks = [name for name in who_knows(misfit) if name != context.dialect.name]
    if forks:
        return f"{place}: {known_by(forks)}"
    names = list(context.schema.enums[misfit.owner].values)
    meant = nearest(misfit.name, names)
    if meant and meant.lower() == misfit.name.lower():
        return f"{place}: write {meant}"
    if meant:
        return f"{place}: did you mean {meant}?"
    today = slip_of_type(misfit.name) if misfit.owner == _V1_TYPES else None
    if today is not None:
        return f"{place}: as a `layer` of type `{today}`, {known_by(forks_with_type(today))}"
    there = ", ".join(names) if len(names) <= _MANY else ", ".join(names[: _MANY - 2]) + ", ..."
    return f"{place}: it has {there}"
