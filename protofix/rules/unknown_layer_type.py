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

from caffe_proto import dialects_with_type
from protofix.net.binding import Lack
from protofix.net.names import nearest, old_type, slip_of_type
from protofix.rules.rule import Context, lacking, who_has_it

CODE = "PF109"
NAME = "unknown-layer-type"
SEVERITY = "error"


def _advice(lack: Lack, context: Context) -> str | None:
    types = context.dialect.types
    slip = slip_of_type(lack.name)
    if types is None:
        return f"did you mean `{slip}`?"
    today = old_type(lack.name)
    if today is not None:
        return f"that is what old formats call `{today}`"
    if slip is not None and slip not in types:
        return f"did you mean `{slip}`? {who_has_it(dialects_with_type(slip))}"
    meant = slip or nearest(lack.name, sorted(types))
    return f"did you mean `{meant}`?" if meant else None


check = lacking(NAME, _advice)
