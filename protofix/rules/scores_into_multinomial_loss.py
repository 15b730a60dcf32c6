"""A MultinomialLogisticLoss that reads scores.

It takes the logarithm of what it reads, and has no softmax of its own. Of scores, every one below
1e-20 counts as 1e-20, and larger ones make the loss negative: the net learns to make all scores
large. SoftmaxWithLoss takes scores, and computes both at once.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc8" type: "InnerProduct" bottom: "data" top: "fc8"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "MultinomialLogisticLoss" bottom: "fc8" bottom: "label"
            top: "loss" }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc8" type: "InnerProduct" bottom: "data" top: "fc8"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" }
"""

from collections.abc import Iterator

from protofix.infogain.scores import reads_scores
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.rewriting import rewritten

CODE = "PF417"
NAME = "scores-into-multinomial-loss"
SEVERITY = "error"
MEETS = "never"
TYPES = ("MultinomialLogisticLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the bottom that holds the scores."""
    for loss in view.kept(it for it in view.net.layers if it.type in TYPES):
        if loss.bottoms and reads_scores(view, loss):
            at = loss.bottoms[0]
            said = (
                f"{subject_of(loss)} takes the logarithm of what it reads, yet `{at.name}` holds "
                "scores: a SoftmaxWithLoss applies the softmax that is missing"
            )
            yield Hit(at.start, at.end, said, _fix(view, loss))


def _fix(view: NetView, loss: Layer) -> Fix | None:
    """Another type; none of the V0 format, which has it elsewhere."""
    if loss.format == 0:
        return None
    # What turns losses into others is much, and few nets need it.
    from protofix.infogain.softmax_loss import SOFTMAX_LOSS, with_type

    title = f"make `{loss.name}` a SoftmaxWithLoss"
    return rewritten(view, title, lambda it: with_type(it, loss, SOFTMAX_LOSS), safe=False)


check = of_nets(_check)
