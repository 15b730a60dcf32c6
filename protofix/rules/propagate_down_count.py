"""`propagate_down` that is not written once a bottom.

It may be left out altogether. Otherwise Caffe aborts: it does not guess which bottoms are meant.

Wrong:

    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            propagate_down: true propagate_down: false
            inner_product_param { num_output: 10 } }

Right:

    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            propagate_down: true
            inner_product_param { num_output: 10 } }
"""

from protofix.rulebook.checks import refused

CODE = "PF309"
NAME = "propagate-down-count"
SEVERITY = "error"
WANTS = "refusals"

check = refused("marks")
