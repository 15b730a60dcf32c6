"""A bracket without its partner, or with one of the other kind.

Wrong:

    layer { name: "conv1"
    layer { name: "relu1" }

Right:

    layer { name: "conv1" }
    layer { name: "relu1" }
"""

from protofix.rules.rule import diagnosed

CODE = "PF005"
NAME = "unbalanced-bracket"
SEVERITY = "error"
check = diagnosed("bracket")
