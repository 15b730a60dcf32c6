"""A message without a field that it must have.

Wrong:

    layer { type: "Clip" clip_param { min: 0 } }

Right:

    layer { type: "Clip" clip_param { min: 0 max: 6 } }
"""

from protofix.rulebook.checks import misfitting

CODE = "PF106"
NAME = "missing-field"
SEVERITY = "error"
WANTS = "misfits"
check = misfitting("missing-field")
