r"""A string that is not closed on its line, or holds an escape that there is not.

The finding is at the opening quote, however far away Caffe notices.

Wrong:

    name: "CaffeNet
    name: "C:\data"

Right:

    name: "CaffeNet"
    name: "C:\\data"
"""

from protofix.rulebook.checks import diagnosed

CODE = "PF002"
NAME = "bad-string"
SEVERITY = "error"
WANTS = "diagnoses"
check = diagnosed("string")
