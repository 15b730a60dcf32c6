"""A net that has both `layers` (the V1 format) and `layer` (today's).

Caffe refuses it; older ones lost one kind without a word, and so does today's where the `layers`
are in the V0 format.

Wrong:

    layers { name: "a" type: RELU bottom: "x" top: "x" }
    layer { name: "b" type: "ReLU" bottom: "x" top: "x" }

Right:

    layer { name: "a" type: "ReLU" bottom: "x" top: "x" }
    layer { name: "b" type: "ReLU" bottom: "x" top: "x" }
"""

from collections.abc import Iterator

from protofix.net.view import NetView
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.upgrading import layers_fix, rarer_format

CODE = "PF201"
NAME = "mixed-formats"
SEVERITY = "error"


def check(context: Context) -> Iterator[Hit]:
    """Say it once a net, at the first layer of the rarer kind."""
    for view in context.views:
        if view.net.mixed:
            yield _hit(context, view)


def _hit(context: Context, view: NetView) -> Hit:
    new = sum(layer.format == 2 for layer in view.net.layers)
    old = len(view.net.layers) - new
    rarer = rarer_format(view.net)[0].node
    does = "drops every `layer` beside V0's `layers`" if view.net.is_v0 else "refuses it"
    message = (
        f"the net mixes {new} `layer` and {old} `layers`, and Caffe {does}: "
        "write all of them as `layer`"
    )
    fix = layers_fix(context, unsafe=True)
    return Hit(rarer.start, rarer.name_end, message, fix)
