"""A SoftmaxWithLoss that reads the probabilities of a Softmax.

SoftmaxWithLoss takes scores and applies the softmax itself, as its name says. Of probabilities it
takes the softmax once more: all of them lie between 0 and 1, so that what comes out is nearly even.
Of 10 classes none gets more than 23 %, the loss never falls below 1.46, and the gradients are flat.
The net trains without complaint, and badly. Let the loss read the scores; a Softmax that others
read, for use or to be looked at, may stay beside it. Softmaxes that are averaged, joined or cut are
no better; what they should have been made of, nobody can tell, so they are not mended.

Wrong:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "prob" bottom: "label" top: "loss" }

Right:

    layer { name: "prob" type: "Softmax" bottom: "fc8" top: "prob" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" }
"""

from protofix.infogain.relatives import SOFTMAX_TWICE
from protofix.rulebook.chained import applied_twice

CODE = "PF407"
NAME = "softmax-before-softmax-loss"
SEVERITY = "error"
MEETS = "never"
TYPES = ("Softmax",)

check = applied_twice(SOFTMAX_TWICE, "softmax")
