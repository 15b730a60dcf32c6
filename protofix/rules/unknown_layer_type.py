"""A layer whose type Caffe does not have.

Caffe stops with "Unknown layer type". It is a slip of the pen, a fork's type, or the name that an
old format had for it. A schema of your own (`--schema`) does not tell which types there are: with
one, only what is clearly a slip of a known type is reported.

Wrong:

    layer { name: "conv1" type: "CONVOLUTION" }

Right:

    layer { name: "conv1" type: "Convolution" }

Wrong:

    layer { name: "fc" type: "InerProduct" }

Right:

    layer { name: "fc" type: "InnerProduct" }
"""

from collections.abc import Iterator

from caffe_proto import forks_with_type
from protofix.net.binding import Misfit
from protofix.net.dialects import who_knows
from protofix.net.names import nearest, old_type, slip_of_type
from protofix.rules.rule import Context, Hit, known_by

CODE = "PF109"
NAME = "unknown-layer-type"
SEVERITY = "error"


def check(context: Context) -> Iterator[Hit]:
    """Say each with who knows it, or what was meant."""
    for misfit in context.misfits:
        if misfit.kind == "unknown-layer-type":
            yield Hit(misfit.start, misfit.end, misfit.message + _advice(misfit, context))


def _advice(misfit: Misfit, context: Context) -> str:
    place = f" in {context.dialect.title}"
    types = context.dialect.types
    if types is None:
        return f"{place}: did you mean `{slip_of_type(misfit.name)}`?"
    forks = [name for name in who_knows(misfit) if name != context.dialect.name]
    if forks:
        return f"{place}: {known_by(forks)}"
    today = old_type(misfit.name)
    if today is not None:
        return f"{place}: that is what old formats call `{today}`"
    slip = slip_of_type(misfit.name)
    if slip is not None and slip not in types:
        return f"{place}: did you mean `{slip}`? {known_by(forks_with_type(slip))}"
    meant = slip or nearest(misfit.name, sorted(types))
    return f"{place}: did you mean `{meant}`?" if meant else f"{place}, nor in any fork known here"
