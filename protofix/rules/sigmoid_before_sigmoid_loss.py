"""A SigmoidCrossEntropyLoss that reads the probabilities of a Sigmoid.

SigmoidCrossEntropyLoss takes scores and applies the sigmoid itself. Of what a Sigmoid made, which
lies between 0 and 1, it takes it once more, and all comes out between 0.5 and 0.73: no label of 0
can ever be met, and the gradients are flat. Let the loss read the scores; a Sigmoid that others
read may stay beside it.

Wrong:

    layer { name: "prob" type: "Sigmoid" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "prob" bottom: "label"
            top: "loss" }

Right:

    layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "fc8" bottom: "label"
            top: "loss" }
"""

from protofix.infogain.chains import Chain
from protofix.infogain.plan import Plan
from protofix.infogain.relatives import SIGMOID_TWICE, read_scores
from protofix.net.view import NetView
from protofix.rulebook.chained import chained, losses_of, probabilities
from protofix.rulebook.findings import Fix
from protofix.rulebook.rewriting import rewritten

CODE = "PF409"
NAME = "sigmoid-before-sigmoid-loss"
SEVERITY = "error"
MEETS = "never"
TYPES = ("SigmoidCrossEntropyLoss",)


def _said(chain: Chain) -> str:
    return (
        f"`{chain.loss.name}` applies sigmoid itself, yet reads {probabilities(chain)}: let it "
        f"read `{chain.scores}`"
    )


def _fix(view: NetView, plan: Plan) -> Fix | None:
    title = f"let {losses_of(plan)} read the scores"
    return rewritten(view, title, lambda document: read_scores(document, SIGMOID_TWICE), safe=False)


check = chained(SIGMOID_TWICE, _said, _fix, "to be mended by hand")
