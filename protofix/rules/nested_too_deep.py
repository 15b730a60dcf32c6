"""Messages nested deeper than any message of Caffe can be.

Caffe's own schema needs six levels. `protofix check` does not read on behind such a place.
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF007"
NAME = "nested-too-deep"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("depth")
