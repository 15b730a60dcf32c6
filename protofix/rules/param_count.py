"""More `param` in a layer than it has parameters.

Caffe stops with "Too many params specified". A layer has a parameter for its weights and one for
its bias, if `bias_term` leaves it that; many types have none.

Wrong:

    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            param { lr_mult: 1 } param { lr_mult: 2 }
            inner_product_param { num_output: 10 bias_term: false } }

Right:

    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            param { lr_mult: 1 }
            inner_product_param { num_output: 10 bias_term: false } }
"""

from protofix.rulebook.checks import refused

CODE = "PF308"
NAME = "param-count"
SEVERITY = "error"
WANTS = "refusals"

check = refused("param-count")
