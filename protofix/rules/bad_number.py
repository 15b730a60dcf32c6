"""A number that is none: two points, an empty exponent, octal with an 8, a letter behind it.

Wrong:

    input_dim: 08

Right:

    input_dim: 8
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF003"
NAME = "bad-number"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("number")
