"""A field of a layer that Caffe needs and does not find, or finds and does not take.

Each type of layer checks its own parameters when it is set up, and aborts at the first that will
not do. What is missing is said at the layer, what is wrong at the field.

Wrong:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 } }

Right:

    layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
            convolution_param { num_output: 8 kernel_size: 3 } }

Wrong:

    layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" lrn_param { local_size: 4 } }
"""

from protofix.rules.rule import refused

CODE = "PF305"
NAME = "layer-parameter"
SEVERITY = "error"

check = refused("parameter")
