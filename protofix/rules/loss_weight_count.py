"""`loss_weight` that is not written once a top.

It may be left out altogether. A loss with a second top, the probabilities, weighs its first top by
1 if nothing is written, and then one weight is missing; for InfogainLoss a rule of its own says so,
PF405.

Wrong:

    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" loss_weight: 1 loss_weight: 0
            inner_product_param { num_output: 1 } }

Right:

    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" loss_weight: 1
            inner_product_param { num_output: 1 } }
"""

from protofix.rulebook.checks import refused
from protofix.rulebook.weighing import once_a_top

CODE = "PF311"
NAME = "loss-weight-count"
SEVERITY = "error"
FIXES = ("unsafe",)
WANTS = "refusals"

check = refused("loss-weights", lambda layer: layer.type != "InfogainLoss", once_a_top)
