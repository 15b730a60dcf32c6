"""What Caffe builds without a word, and aborts at as soon as the layer runs.

Some checks of Caffe wait for the first batch: whether a mean fits the images, whether DummyData's
fillers can fill its blobs, whether the two inputs of an HDF5Output are alike, whether a dropout
ratio is one. A blob without values has no memory to run on: a kernel that is larger than what is
left of an image, by just so much, makes an image of height 0, and a `slice_point` at the end of an
axis makes a part of nothing. It is said of the layer that loses the values, and of no Input, whose
shape a program may set before the first pass. It is a warning, since errors are what a net is not
even built with.

Wrong:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            dropout_param { dropout_ratio: 50 } }

Right:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            dropout_param { dropout_ratio: 0.5 } }

Wrong:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
    layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
            pooling_param { pool: AVE kernel_size: 7 } }

Right:

    layer { name: "data" type: "Input" top: "data"
            input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }
    layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"
            pooling_param { pool: AVE global_pooling: true } }
"""

from protofix.rulebook.checks import refused

CODE = "PF313"
NAME = "first-pass"
SEVERITY = "warning"
WANTS = "refusals"

check = refused("first-pass")
