"""A field given twice in a message that takes it once.

Caffe refuses the file rather than choose.

Wrong:

    layer { name: "conv1" name: "conv2" }

Right:

    layer { name: "conv2" }
"""

from protofix.rules.rule import misfitting

CODE = "PF105"
NAME = "repeated-field"
SEVERITY = "error"
check = misfitting("repeated-field")
