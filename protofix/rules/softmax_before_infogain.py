"""An InfogainLoss that reads the probabilities of a Softmax.

Until April 2017 InfogainLoss took probabilities; since then it takes scores and applies the
softmax itself. An old net runs on new Caffe without complaint, applies softmax twice, and learns
badly: its gradients are flat. `protofix migrate` lets the loss read the scores, and proves the
numbers equal to those of the old layer.

Wrong:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }
"""

from collections.abc import Iterator

from protofix.infogain.plan import plan_fusing
from protofix.net.view import NetView
from protofix.rules.rule import Hit, of_nets

CODE = "PF401"
NAME = "softmax-before-infogain"
SEVERITY = "error"
MEETS = "never"


def _check(view: NetView) -> Iterator[Hit]:
    """Say each chain at its loss, and why it must not be fused where that is so."""
    # What `migrate` mends is a net by itself, not one that a solver holds.
    alone = view.net.fields is view.net.document.fields
    plan = plan_fusing(view)
    for chain in sorted((*plan.chains, *plan.refused), key=lambda chain: chain.loss.index):
        bottom = chain.loss.bottoms[0]
        softmaxes = " and ".join(f"`{layer.name}`" for layer in chain.softmaxes)
        message = (
            f"`{chain.loss.name}` applies softmax itself on today's Caffe, yet reads "
            f"`{bottom.name}`, the probabilities that Softmax {softmaxes} makes of "
            f"`{chain.scores}`"
        )
        if chain.obstacles:
            message += "; not to be fused: " + "; ".join(o.reason for o in chain.obstacles)
        yield Hit(bottom.start, bottom.end, message, fixable=alone and not chain.obstacles)


check = of_nets(_check)
