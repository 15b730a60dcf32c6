"""An InfogainLoss with two tops and not one loss_weight for each.

The second top gives the probabilities, and Caffe aborts unless it is told that they are no loss.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" top: "prob" }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" top: "prob" loss_weight: 1 loss_weight: 0 }
"""

from collections.abc import Iterator

from protofix.infogain.losses import infogain_losses
from protofix.rules.rule import Context, Hit

CODE = "PF405"
NAME = "infogain-loss-weights"
SEVERITY = "error"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the second top."""
    if context.view is None:
        return
    for loss in infogain_losses(context.view.net):
        if len(loss.tops) > 1 and len(loss.loss_weights) != len(loss.tops):
            top = loss.tops[1]
            message = (
                f"`{loss.name}` has {len(loss.tops)} tops and {len(loss.loss_weights)} "
                "loss_weight, and Caffe aborts: write `loss_weight: 1 loss_weight: 0`"
            )
            yield Hit(top.start, top.end, message)
