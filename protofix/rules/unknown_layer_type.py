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

from caffe_proto import dialects_with_type
from protofix.net.binding import Lack
from protofix.net.names import nearest, old_type, slip_of_type
from protofix.rules.rule import Context, Hit, lacking, who_has_it

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


_check = lacking(NAME, _advice)


def check(context: Context) -> Iterator[Hit]:
    """Say it of each layer that some state keeps: Caffe does not look at the others."""
    dropped = [
        layer.node
        for view in context.views
        for layer in view.net.layers
        if not any(layer.index in graph.kept for graph in (*view.graphs, *view.others))
    ]
    for hit in _check(context):
        if not any(node.start <= hit.start < node.end for node in dropped):
            yield hit
