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

from caffe_proto import dialects_with_field, fields_anywhere
from protofix.net.binding import Lack
from protofix.net.homes import any_home, home_in_fork, likely_home, messages_around
from protofix.net.names import field_called, nearest
from protofix.rules.rule import Context, lacking, who_has_it

CODE = "PF101"
NAME = "unknown-field"
SEVERITY = "error"


def _advice(lack: Lack, context: Context) -> str | None:
    today = dialects_with_field("LayerParameter", lack.name)
    if lack.owner == "V1LayerParameter" and today:
        return f"in a `layer` of today's, {who_has_it(today)}"
    around = messages_around(context.document, lack.node) if lack.node else ()
    home = likely_home(lack, around, context.schema)
    if home is not None:
        return home
    owner = context.schema.messages.get(lack.owner)
    fields = owner.fields if owner else {}
    return (
        _did_you_mean(nearest(lack.name, fields))
        or any_home(lack, around, context.schema)
        or _did_you_mean(field_called(lack.name, fields))
        or home_in_fork(lack)
        or _slip_of_a_fork(lack)
    )


def _did_you_mean(name: str | None) -> str | None:
    return None if name is None else f"did you mean `{name}`?"


def _slip_of_a_fork(lack: Lack) -> str | None:
    meant = nearest(lack.name, fields_anywhere(lack.owner))
    if meant is None:
        return None
    return f"did you mean `{meant}`? {who_has_it(dialects_with_field(lack.owner, meant))}"


check = lacking(NAME, _advice)
