"""A net in the V1 format of 2014: `layers { type: RELU }`.

Caffe 1.0 still reads it, and upgrades it each time. Its list of layer types is closed: what came
later, BatchNorm and Python layers among them, cannot be written in it, and one `layer` beside it
makes Caffe refuse the net. A net with fields or types that no fork known here has is not rewritten:
nobody can tell whether its Caffe reads `layer`.

Wrong:

    input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
    layers { name: "relu" type: RELU bottom: "data" top: "relu" }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
"""

from protofix.net.layers import Net
from protofix.net.names import counted
from protofix.rulebook.upgrading import LAYERS, LAYERS_TITLE, Old, newer_types, old_format

CODE = "PF203"
NAME = "v1-layers"
SEVERITY = "info"


def _look(net: Net) -> Old | None:
    old = [layer for layer in net.layers if layer.format == 1]
    if not old or net.is_v0 or any(newer_types(net)):  # Of those PF102 says it.
        return None
    count = counted(len(old), "layer")
    said = f'{count} in the V1 format of 2014, `layers {{ }}`: write `layer {{ type: "..." }}`'
    return Old(old[0].node, said)


check = old_format(_look, LAYERS, LAYERS_TITLE)
