"""Messages nested deeper than any message of Caffe can be.

Caffe's own schema needs six levels, and protobuf reads a net with more than a hundred from no
binary file. What stands behind such a place is not read: other mistakes there are said once this
one is mended.
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF007"
NAME = "nested-too-deep"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("depth")
