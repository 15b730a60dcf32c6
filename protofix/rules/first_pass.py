"""What Caffe builds without a word, and aborts at as soon as the layer runs.

Some checks of Caffe wait for the first batch: whether a mean fits the images, whether DummyData's
fillers can fill its blobs, whether the two inputs of an HDF5Output are alike, whether a dropout
ratio is one. It is a warning, since errors are what a net is not even built with.

Wrong:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            dropout_param { dropout_ratio: 50 } }

Right:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            dropout_param { dropout_ratio: 0.5 } }
"""

from protofix.rulebook.checks import refused

CODE = "PF313"
NAME = "first-pass"
SEVERITY = "warning"
WANTS = "refusals"

check = refused("first-pass")
