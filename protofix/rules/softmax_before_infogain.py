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

A field that only today's layer reads shows that a net was written for it. What such a net computes
changes with the fix, so that is not made unasked.

Wrong:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss"
            infogain_loss_param { source: "H.binaryproto" axis: 1 } }
"""

from collections.abc import Iterator

from protofix.infogain.fuse import fuse
from protofix.infogain.plan import Plan, plan_fusing
from protofix.net.view import NetView
from protofix.rules.rule import Context, Fix, Hit
from protofix.textproto.edits import edits_between

CODE = "PF401"
NAME = "softmax-before-infogain"
SEVERITY = "error"
MEETS = "never"


def check(context: Context) -> Iterator[Hit]:
    """Say each chain at its loss, and why it must not be fused where that is so."""
    if context.target == "fused":  # The older layer wants the Softmax.
        for view in context.views:
            yield from _check(view)


def _check(view: NetView) -> Iterator[Hit]:
    plan = plan_fusing(view)
    fix = _fix(view, plan)
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
        yield Hit(bottom.start, bottom.end, message, None if chain.obstacles else fix)


def _fix(view: NetView, plan: Plan) -> Fix | None:
    """The fusing of all chains of a net that may be fused.

    It keeps the numbers of the older layer. A net that was written for today's changes its.
    """
    document = view.net.document
    # A net that a solver holds is not fused: the rewrite is of a net by itself.
    if not plan.chains or view.net.fields is not document.fields:
        return None
    after = fuse(document).document
    losses = " and ".join(f"`{chain.loss.name}`" for chain in plan.chains)
    title = f"let {losses} read the scores, as `protofix migrate` does"
    safe = all(chain.written_for == "legacy" for chain in plan.chains)
    return Fix(title, tuple(edits_between(document.text, after.text)), safe)
