"""A net in the V0 format of 2013: `layers { layer { ... } }`.

Caffe 1.0 still reads it, and upgrades it each time. Many forks and nearly all tools around Caffe
know today's `layer` alone, and no layer type that came later can be written in it.

Wrong:

    input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
    layers { layer { name: "fc" type: "innerproduct" num_output: 10 } bottom: "data" top: "fc" }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
"""

from protofix.net.layers import Net
from protofix.net.names import counted
from protofix.rulebook.upgrading import LAYERS, LAYERS_TITLE, Old, old_format

CODE = "PF202"
NAME = "v0-layers"
SEVERITY = "info"


def _look(net: Net) -> Old | None:
    old = [layer for layer in net.layers if layer.format == 0]
    if not old:
        return None
    count = counted(len(old), "layer")
    said = f"{count} in the V0 format of 2013, `layers {{ layer {{ }} }}`: write `layer {{ }}`"
    return Old(old[0].node, said)


check = old_format(_look, LAYERS, LAYERS_TITLE)
