"""A value of another kind than the field takes.

Wrong:

    layer { type: CONVOLUTION }

Right:

    layer { type: "Convolution" }
"""

from protofix.rules.rule import misfitting

CODE = "PF102"
NAME = "wrong-type"
SEVERITY = "error"
check = misfitting("wrong-type")
