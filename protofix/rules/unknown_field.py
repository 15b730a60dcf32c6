"""A field that the message does not have.

Caffe refuses a whole file for one. It is a slip of the pen, a field of a fork, or one that belongs
in another message. `protofix check --dialect` holds a file against a fork, and `--schema` against
a schema of your own.

Wrong:

    layer { type: "Convolution" convolution_param { kernal_size: 3 } }

Right:

    layer { type: "Convolution" convolution_param { kernel_size: 3 } }

Wrong:

    layer { type: "Convolution" num_output: 96 }

Right:

    layer { type: "Convolution" convolution_param { num_output: 96 } }
"""

from collections.abc import Iterator

from caffe_proto import Schema, forks_with_field
from protofix.net.binding import Misfit
from protofix.net.dialects import who_knows
from protofix.net.names import nearest, param_of_type
from protofix.rules.rule import Context, Hit, known_by
from protofix.textproto.tree import scalars_named

CODE = "PF101"
NAME = "unknown-field"
SEVERITY = "error"


def check(context: Context) -> Iterator[Hit]:
    """Say each with who knows it, where it belongs, or what was meant."""
    for misfit in context.misfits:
        if misfit.kind == "unknown-field":
            yield Hit(misfit.start, misfit.end, misfit.message + _advice(misfit, context))


def _advice(misfit: Misfit, context: Context) -> str:
    if not misfit.name:
        return ""
    place = f" in {context.dialect.title}"
    forks = [name for name in who_knows(misfit) if name != context.dialect.name]
    if forks:
        return f"{place}: {known_by(forks)}"
    today = forks_with_field("LayerParameter", misfit.name)
    if misfit.owner == "V1LayerParameter" and today:
        return f"{place}: in a `layer` of today's, {known_by(today)}"
    home = _home(misfit, context.schema)
    if home is not None:
        return f"{place}: it belongs in `{home}`"
    owner = context.schema.messages.get(misfit.owner)
    meant = nearest(misfit.name, owner.fields) if owner else None
    return f"{place}: did you mean `{meant}`?" if meant else f"{place}, nor in any fork known here"


def _home(misfit: Misfit, schema: Schema) -> str | None:
    """The message of a layer in which a field belongs that stands in the layer itself."""
    if misfit.within is None or misfit.owner not in ("LayerParameter", "V1LayerParameter"):
        return None
    homes = [
        field.name
        for field in schema.messages[misfit.owner].fields.values()
        if field.kind == "message" and misfit.name in schema.messages[field.type_name or ""].fields
    ]
    types = scalars_named(misfit.within.fields, "type")
    own = param_of_type(types[-1].value, homes) if types else None
    likely = [home for home in ("transform_param", own) if home in homes]
    if likely:
        return likely[0]
    return homes[0] if len(homes) == 1 else None
