"""A token that cannot stand where it does.

Caffe stops reading at the first one and says nothing of the net behind it. Each message tells what
would be right at that place.

Wrong:

    layer { name "conv1" }

Right:

    layer { name: "conv1" }

Wrong:

    layer { name: "conv1" convolution_param {{ num_output: 8 } }
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF001"
NAME = "unexpected-token"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("unexpected")
