"""A net that has its inputs as fields of its own, in place of an Input layer.

Since 2016 Caffe makes an Input layer of them whenever it reads the net. As fields they stand for
all states, and their four dimensions are counted off from one list for all.

A fork that is older than the Input layer needs the fields; nothing is said of its nets.

Wrong:

    input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
"""

from collections.abc import Iterator

from protofix.net.layers import Net
from protofix.net.names import in_words
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.upgrading import LAYERS, Old, old_format

CODE = "PF204"
NAME = "input-fields"
SEVERITY = "info"

_FIELDS = ("input", "input_shape", "input_dim")
_TITLE = "write an Input layer, as `protofix upgrade` does"


def _look(net: Net) -> Old | None:
    if not net.inputs:
        return None
    names = in_words([f"`{blob.name}`" for blob in net.inputs])
    first = min((node for node in net.fields if node.name in _FIELDS), key=lambda it: it.start)
    said = f"the net has {names} as `input` fields of old: write a layer of type Input"
    return Old(first, said)


_check = old_format(_look, (*LAYERS, "input"), _TITLE)


def check(context: Context) -> Iterator[Hit]:
    """Say nothing where Caffe makes no Input layer of them, for want of shapes, as PF312 says."""
    return (hit for hit in _check(context) if hit.fix is not None)
