"""Softmax and Sigmoid before the relatives of InfogainLoss.

SoftmaxWithLoss and SigmoidCrossEntropyLoss apply theirs again. MultinomialLogisticLoss takes the
logarithm of the probabilities it is given, so that Softmax → MultinomialLogisticLoss is
SoftmaxWithLoss for one row of classes an image: the sum over the batch, divided by its size (Caffe
1.0, multinomial_logistic_loss_layer.cpp). The two differ in what they make of a probability that
underflows: the loss of one below 1e-20 ends at 46 in the first and goes on to 87 in the other,
whose gradient is right there.
"""

from __future__ import annotations

from protofix.infogain.chains import Pattern, softmax_axis
from protofix.infogain.fuse import FuseOptions, carry_over, rewire
from protofix.infogain.plan import Plan, plan_fusing
from protofix.net.layers import Layer, bind
from protofix.net.view import view_of
from protofix.textproto.tree import Document


def _no_axis(_: Layer) -> None:
    return None


SOFTMAX_TWICE = Pattern(
    "Softmax", frozenset({"SoftmaxWithLoss", "SoftmaxWithLossOHEM"}), softmax_axis, None
)
"""A softmax of a softmax."""

SIGMOID_TWICE = Pattern("Sigmoid", frozenset({"SigmoidCrossEntropyLoss"}), _no_axis, None)
"""A sigmoid of a sigmoid."""

SOFTMAX_IN_TWO_LAYERS = Pattern(
    "Softmax",
    frozenset({"MultinomialLogisticLoss"}),
    _no_axis,
    "MultinomialLogisticLoss takes one label an image, a number among all its positions, "
    "SoftmaxWithLoss a label a position",
)
"""What SoftmaxWithLoss does in one."""


def read_scores(document: Document, pattern: Pattern) -> Document:
    """Let the losses of all chains of a pattern read their scores, and nothing else."""
    plan = plan_fusing(view_of(document), pattern=pattern)
    return rewire(document, plan, None, _notes_of(plan)) if plan.chains else document


def to_softmax_with_loss(document: Document) -> Document:
    """Make a SoftmaxWithLoss of each Softmax → MultinomialLogisticLoss for which it is the same."""
    # All that turns losses into others is much, and few nets need it.
    from protofix.infogain.softmax_loss import SOFTMAX_LOSS, with_type
    from protofix.infogain.sources.taking import without_fields

    plan = plan_fusing(view_of(document), pattern=SOFTMAX_IN_TWO_LAYERS)
    if not plan.chains:
        return document
    notes = _notes_of(plan)
    document = rewire(document, plan, FuseOptions(), notes)
    for chain in plan.chains:
        index = plan.index_after(chain.loss.index)
        # What the loss never read there would count now.
        document = without_fields(document, index, "softmax_param")
        document = with_type(document, bind(document).layers[index], SOFTMAX_LOSS)
        document = carry_over(document, index, chain, "softmax_param", notes[chain.loss.index])
    return document


def _notes_of(plan: Plan) -> dict[int, list[str]]:
    return {chain.loss.index: [] for chain in plan.chains}
