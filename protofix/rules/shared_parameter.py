"""Parameters of one name that cannot be one and the same.

Layers that give a parameter the same name share it. Its shape must be the same in all of them (the
same count of values, where `share_mode: PERMISSIVE` asks for no more), and so must the multipliers
of its rates where they are written. Caffe aborts otherwise.

Wrong:

    layer { name: "a" type: "Parameter" top: "a" param { name: "w" }
            parameter_param { shape { dim: 2 dim: 3 } } }
    layer { name: "b" type: "Parameter" top: "b" param { name: "w" }
            parameter_param { shape { dim: 3 dim: 2 } } }

Right:

    layer { name: "a" type: "Parameter" top: "a" param { name: "w" }
            parameter_param { shape { dim: 2 dim: 3 } } }
    layer { name: "b" type: "Parameter" top: "b" param { name: "w" share_mode: PERMISSIVE }
            parameter_param { shape { dim: 3 dim: 2 } } }
"""

from protofix.rulebook.checks import refused

CODE = "PF307"
NAME = "shared-parameter"
SEVERITY = "error"
WANTS = "refusals"

check = refused("shared-param")
