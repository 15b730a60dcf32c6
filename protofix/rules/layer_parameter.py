"""A field of a layer that Caffe needs and does not find, or finds and does not take.

Each type of layer checks its own parameters when it is set up, and aborts at the first that will
not do. What is missing is said at the layer, what is wrong at the field.

Wrong:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 } }

Right:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 kernel_size: 3 } }

Wrong:

    layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" lrn_param { local_size: 4 } }
"""

from bisect import bisect_right
from collections.abc import Iterator

from protofix.rulebook.checks import refused
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF305"
NAME = "layer-parameter"
SEVERITY = "error"
WANTS = "refusals"

_SLIPS = ("repeated-field", "unknown-field", "wrong-type")

_check = refused("parameter")


def check(context: Context) -> Iterator[Hit]:
    """Say each but what a layer lacks as it is misspelt or given twice, which has its rule."""
    slips = sorted(it.start for it in context.misfits if it.kind in _SLIPS)
    if not slips:
        yield from _check(context)
        return
    layers = {it.node.start: it.node for view in context.views for it in view.net.layers}
    for hit in _check(context):
        layer = layers.get(hit.start)
        slip = bisect_right(slips, hit.start)
        if layer is None or slip == len(slips) or slips[slip] >= layer.end:
            yield hit
