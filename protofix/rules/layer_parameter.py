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

from collections.abc import Iterator

from protofix.rules.rule import Context, Hit, refused

CODE = "PF305"
NAME = "layer-parameter"
SEVERITY = "error"

_check = refused("parameter")


def check(context: Context) -> Iterator[Hit]:
    """Say each but what a layer lacks because it is misspelt there: that is said by its rule."""
    slips = {it.start for it in context.misfits if it.kind in ("unknown-field", "wrong-type")}
    missed = {
        layer.node.start: layer.node for view in context.views for layer in view.net.layers if slips
    }
    for hit in _check(context):
        layer = missed.get(hit.start)
        if layer is None or not any(layer.start < slip < layer.end for slip in slips):
            yield hit
