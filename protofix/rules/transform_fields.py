"""A data layer of the V1 format with its transformation outside `transform_param`.

`scale`, `mean_file`, `crop_size` and `mirror` of `data_param`, `image_data_param` and
`window_data_param` have a message of their own since 2014. Caffe moves them there whenever it
reads such `layers`.

Wrong:

    layers { name: "data" type: DATA top: "data"
             data_param { source: "train_lmdb" batch_size: 64 mirror: true } }

Right:

    layers { name: "data" type: DATA top: "data" transform_param { mirror: true }
             data_param { source: "train_lmdb" batch_size: 64 } }
"""

from protofix.net.layers import Layer, Net
from protofix.rulebook.upgrading import Old, old_format
from protofix.textproto.tree import Node
from protofix.upgrade.facts import TRANSFORM_FIELDS, TRANSFORMED_PARAMS

CODE = "PF205"
NAME = "transform-fields"
SEVERITY = "info"


def _look(net: Net) -> Old | None:
    for layer in net.layers:
        node = _field(layer)
        if node is not None:
            said = f"`{node.name}` of `{layer.name}` belongs in `transform_param` since 2014"
            return Old(node, said)
    return None


def _field(layer: Layer) -> Node | None:
    home = TRANSFORMED_PARAMS.get(layer.type) if layer.format == 1 else None
    param = layer.param(home) if home else None
    fields = param.fields if param else ()
    return next((node for node in fields if node.name in TRANSFORM_FIELDS), None)


check = old_format(_look, ("data",), "move it into `transform_param`, as `protofix upgrade` does")
