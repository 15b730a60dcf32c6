"""A whole number that the field cannot hold.

Wrong:

    layer { convolution_param { num_output: -1 } }

Right:

    layer { convolution_param { num_output: 96 } }
"""

from protofix.rulebook.checks import misfitting

CODE = "PF103"
NAME = "out-of-range"
SEVERITY = "error"
WANTS = "misfits"
check = misfitting("out-of-range")
