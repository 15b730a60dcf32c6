"""A field that the message does not have.

Caffe refuses a whole file for one. It is a slip of the pen, or a field of a fork.

Wrong:

    layer { convolution_param { kernal_size: 3 } }

Right:

    layer { convolution_param { kernel_size: 3 } }
"""

from protofix.rules.rule import misfitting

CODE = "PF101"
NAME = "unknown-field"
SEVERITY = "error"
check = misfitting("unknown-field")
