"""A layer that reads or makes more or fewer blobs than its type does.

Caffe stops with "takes 2 bottom blob(s) as input" or "produces 1 top blob(s) as output". A third
bottom of a SoftmaxWithLoss mostly comes from a net for a fork, whose loss weighs positions by it.
Caffe's own weighs classes, and that as another layer: InfogainLoss, whose third bottom is H.

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" top: "loss" }

Right:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" }

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" }
"""

from protofix.rulebook.checks import refused

CODE = "PF304"
NAME = "blob-count"
SEVERITY = "error"
WANTS = "refusals"

check = refused("blob-count")
