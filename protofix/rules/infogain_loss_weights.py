"""An InfogainLoss with two tops and not one loss_weight for each.

The second top gives the probabilities, and Caffe aborts unless it is told that they are no loss.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" top: "prob" }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" top: "prob" loss_weight: 1 loss_weight: 0 }
"""

from protofix.rules.rule import refused

CODE = "PF405"
NAME = "infogain-loss-weights"
SEVERITY = "error"

check = refused("loss-weights", lambda layer: layer.type == "InfogainLoss")
