"""An InfogainLoss that reads the probabilities of a Softmax.

Until April 2017 InfogainLoss took probabilities; since then it takes scores and applies the
softmax itself. An old net runs on new Caffe without complaint, applies softmax twice, and learns
badly: its gradients are flat. `protofix migrate` lets the loss read the scores, and proves the
numbers equal to those of the old layer. A `loss_param` goes then, which that did not read.

Wrong:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

A field that only today's layer reads shows that a net was written for it. What such a net computes
changes with the fix, so that is not made unasked.

Wrong:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" axis: 1 } }
"""

from protofix.infogain.chains import INFOGAIN, Chain
from protofix.infogain.fuse import fuse
from protofix.infogain.plan import Plan
from protofix.net.view import NetView
from protofix.rulebook.chained import chained, losses_of, probabilities
from protofix.rulebook.checks import on_target
from protofix.rulebook.findings import Fix
from protofix.rulebook.rewriting import rewritten
from protofix.rulebook.unread import goes_too

CODE = "PF401"
NAME = "softmax-before-infogain"
SEVERITY = "error"
MEETS = "never"
TYPES = ("InfogainLoss",)
RESTS_ON = "data"


def _said(chain: Chain) -> str:
    return (
        f"`{chain.loss.name}` applies softmax itself on today's Caffe, yet reads "
        f"{probabilities(chain)}"
    )


def _fix(view: NetView, plan: Plan) -> Fix | None:
    """The fusing of all chains of a net that may be fused.

    It keeps the numbers of the older layer. A net that was written for today's changes its.
    """
    legacy = [chain.loss for chain in plan.chains if chain.written_for == "legacy"]
    title = f"let {losses_of(plan)} read the scores, as `protofix migrate` does{goes_too(legacy)}"
    safe = len(legacy) == len(plan.chains)
    return rewritten(view, title, lambda document: fuse(document).document, safe)


# The older layer wants the Softmax.
check = on_target("fused", chained(INFOGAIN, _said, _fix))
