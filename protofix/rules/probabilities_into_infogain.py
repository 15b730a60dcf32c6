"""An InfogainLoss that reads probabilities which are not one plain softmax.

Today's InfogainLoss applies a softmax to whatever it reads. An average of softmaxes, or anything
else that sums to 1, can be kept exactly with a Log layer in between, since softmax(log p) = p.
Outputs of a Sigmoid do not sum to 1, and nothing keeps them: the loss has to be another.
"""

from collections.abc import Iterator

from protofix.infogain.mixtures import find_other_probabilities
from protofix.net.view import NetView
from protofix.rules.rule import Hit, of_nets

CODE = "PF402"
NAME = "probabilities-into-infogain"
SEVERITY = "warning"


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the bottom that holds the probabilities."""
    for found in find_other_probabilities(view):
        bottom = found.loss.bottoms[0]
        message = (
            f"`{found.loss.name}` applies softmax itself on today's Caffe, yet reads "
            f"{found.reason}; {found.advice}"
        )
        yield Hit(bottom.start, bottom.end, message)


check = of_nets(_check)
