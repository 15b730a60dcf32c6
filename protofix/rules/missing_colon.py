"""A list of plain values without a colon before it; only messages may do without.

Wrong:

    input_dim [1, 3, 227, 227]

Right:

    input_dim: [1, 3, 227, 227]
"""

from protofix.rulebook.checks import misfitting

CODE = "PF107"
NAME = "missing-colon"
SEVERITY = "error"
WANTS = "misfits"
check = misfitting("missing-colon")
