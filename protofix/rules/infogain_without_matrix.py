"""An InfogainLoss without H: neither a third bottom nor a source.

Caffe aborts. `protofix migrate --source`, `--compute-h` or `--h-data` gives it one.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" top: "loss" }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }
"""

from collections.abc import Iterator

from protofix.infogain.losses import has_matrix, infogain_losses
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF403"
NAME = "infogain-without-matrix"
SEVERITY = "error"
TYPES = ("InfogainLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    for loss in view.kept(infogain_losses(view.net)):
        if not has_matrix(loss):
            message = (
                f"`{loss.name}` has no matrix H: give infogain_loss_param {{ source }} "
                "or a third bottom"
            )
            yield Hit(loss.node.start, loss.node.name_end, message)


check = of_nets(_check)
