"""A byte order mark before the first field.

Editors write it unseen, as it is here; Caffe refuses the whole file for it. Save the file as UTF-8
without it.

Wrong:

    \ufeffname: "CaffeNet"

Right:

    name: "CaffeNet"
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF006"
NAME = "byte-order-mark"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("byte-order-mark")
