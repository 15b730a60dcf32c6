"""A name or number that the enum does not have.

Wrong:

    layer { include { phase: train } }

Right:

    layer { include { phase: TRAIN } }
"""

from protofix.rules.rule import misfitting

CODE = "PF104"
NAME = "unknown-enum-value"
SEVERITY = "error"
check = misfitting("unknown-enum-value")
