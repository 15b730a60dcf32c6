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

from caffe_proto import Schema, dialects_with_field
from protofix.net.binding import Lack
from protofix.net.names import nearest, param_of_type
from protofix.rules.rule import Context, lacking, who_has_it
from protofix.textproto.tree import scalars_named

CODE = "PF101"
NAME = "unknown-field"
SEVERITY = "error"


def _advice(lack: Lack, context: Context) -> str | None:
    today = dialects_with_field("LayerParameter", lack.name)
    if lack.owner == "V1LayerParameter" and today:
        return f"in a `layer` of today's, {who_has_it(today)}"
    home = _home(lack, context.schema)
    if home is not None:
        return f"it belongs in `{home}`"
    owner = context.schema.messages.get(lack.owner)
    meant = nearest(lack.name, owner.fields) if owner else None
    return f"did you mean `{meant}`?" if meant else None


def _home(lack: Lack, schema: Schema) -> str | None:
    """The message of a layer in which a field belongs that stands in the layer itself."""
    if lack.within is None or lack.owner not in ("LayerParameter", "V1LayerParameter"):
        return None
    homes = [
        field.name
        for field in schema.messages[lack.owner].fields.values()
        if field.kind == "message" and lack.name in schema.messages[field.type_name or ""].fields
    ]
    types = scalars_named(lack.within.fields, "type")
    own = param_of_type(types[-1].value, homes) if types else None
    likely = [home for home in ("transform_param", own) if home in homes]
    if likely:
        return likely[0]
    return homes[0] if len(homes) == 1 else None


check = lacking(NAME, _advice)
