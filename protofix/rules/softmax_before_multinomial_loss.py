"""A MultinomialLogisticLoss that reads the probabilities of a Softmax.

That is a SoftmaxWithLoss in two layers, and worse: where a probability underflows, the gradient
that comes back through the Softmax is wrong or 0, and a net with large scores stops learning.
SoftmaxWithLoss computes both at once, and right. For one label an image the numbers are the same
otherwise, as both divide by the batch; a `loss_param`, which MultinomialLogisticLoss does not read
and SoftmaxWithLoss does, must go for that. Of a map of scores they mean different losses.

Wrong:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "MultinomialLogisticLoss" bottom: "prob" bottom: "label"
            top: "loss" }

Right:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" }
"""

from protofix.infogain.chains import Chain
from protofix.infogain.plan import Plan
from protofix.infogain.relatives import SOFTMAX_IN_TWO_LAYERS, to_softmax_with_loss
from protofix.net.view import NetView
from protofix.rulebook.chained import chained, losses_of, probabilities
from protofix.rulebook.findings import Fix
from protofix.rulebook.rewriting import rewritten

CODE = "PF408"
NAME = "softmax-before-multinomial-loss"
SEVERITY = "warning"
FIXES = ("safe",)
TYPES = ("MultinomialLogisticLoss",)


def _said(chain: Chain) -> str | None:
    if chain.is_map:
        return None
    return (
        f"`{chain.loss.name}` reads {probabilities(chain)}: a SoftmaxWithLoss of `{chain.scores}` "
        "is both in one, and its gradient is right where a probability underflows"
    )


def _fix(view: NetView, plan: Plan) -> Fix | None:
    """The numbers stay the same of scores that are known to be one row of classes an image."""
    title = f"make {losses_of(plan)} a SoftmaxWithLoss of the scores"
    safe = not any(chain.doubts for chain in plan.chains)
    return rewritten(view, title, to_softmax_with_loss, safe)


check = chained(SOFTMAX_IN_TWO_LAYERS, _said, _fix)
