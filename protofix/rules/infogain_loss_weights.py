"""An InfogainLoss with two tops and not one loss_weight for each.

The second top gives the probabilities, and Caffe aborts unless it is told that they are no loss.
(Before April 2017 the layer makes no second top: with `target = "legacy"` PF414 says so.)

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" top: "prob" }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" top: "prob" loss_weight: 1 loss_weight: 0 }
"""

from collections.abc import Iterator

from protofix.rulebook.checks import refused
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.rulebook.weighing import once_a_top

CODE = "PF405"
NAME = "infogain-loss-weights"
SEVERITY = "error"
WANTS = "refusals"

_TODAY = refused("loss-weights", lambda layer: layer.type == "InfogainLoss", once_a_top)
_BEFORE = refused(
    "loss-weights",
    lambda layer: layer.type == "InfogainLoss" and len(layer.tops) < 2,
    once_a_top,
)


def check(context: Context) -> Iterator[Hit]:
    """Say it at the last weight; of a second top only where the layer may have one."""
    yield from (_TODAY if context.target == "fused" else _BEFORE)(context)
