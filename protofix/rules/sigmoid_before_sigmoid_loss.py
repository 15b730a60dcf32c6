"""A SigmoidCrossEntropyLoss that reads the probabilities of a Sigmoid.

SigmoidCrossEntropyLoss takes scores and applies the sigmoid itself. Of what a Sigmoid made, which
lies between 0 and 1, it takes it once more, and all comes out between 0.5 and 0.73: no label of 0
can ever be met, and the gradients are flat. Let the loss read the scores; a Sigmoid that others
read may stay beside it. Sigmoids that are joined, cut or averaged are said too, and not mended.

Wrong:

    layer { name: "prob" type: "Sigmoid" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "prob" bottom: "label"
            top: "loss" }

Right:

    layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "fc8" bottom: "label"
            top: "loss" }
"""

from protofix.infogain.relatives import SIGMOID_TWICE
from protofix.rulebook.chained import applied_twice

CODE = "PF409"
NAME = "sigmoid-before-sigmoid-loss"
SEVERITY = "error"
MEETS = "never"
TYPES = ("SigmoidCrossEntropyLoss",)

check = applied_twice(SIGMOID_TWICE, "sigmoid")
