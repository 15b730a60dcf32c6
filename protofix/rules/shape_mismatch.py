"""Blobs whose shapes do not fit the layer that reads them, or one another.

A kernel larger than its image, a group that does not divide the channels, labels that are not one a
score, an axis that a blob does not have: Caffe aborts where the layer is set up. Shapes are worked
out as far as the file tells them; what depends on data that is not there is never held against a
net, and can be given by `--given`.

Wrong:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 4 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 kernel_size: 3 group: 2 } }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 4 dim: 3 dim: 32 dim: 32 } } }
    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 9 kernel_size: 3 group: 3 } }
"""

from collections.abc import Iterator

from protofix.rulebook.checks import refused
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF306"
NAME = "shape-mismatch"
SEVERITY = "error"
WANTS = "refusals"

_TODAY = refused("shape")
_BEFORE = refused("shape", lambda layer: layer.type != "InfogainLoss")


def check(context: Context) -> Iterator[Hit]:
    """Say what does not fit; the InfogainLoss of before April 2017 has a rule of its own."""
    yield from (_TODAY if context.target == "fused" else _BEFORE)(context)
