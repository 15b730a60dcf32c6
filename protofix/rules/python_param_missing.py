"""A Python layer that does not say which class it is.

Caffe imports `module` and makes an object of its class `layer`; without either it aborts.

Wrong:

    layer { name: "crop" type: "Python" top: "crop" python_param { module: "crop" } }

Right:

    layer { name: "crop" type: "Python" top: "crop"
            python_param { module: "crop" layer: "Crop" } }
"""

from collections.abc import Iterator

from protofix.net.python_modules import python_layers
from protofix.net.setup import place_of, subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Scalar

CODE = "PF602"
NAME = "python-param-missing"
SEVERITY = "error"
TYPES = ("Python",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at `python_param`, or at the layer."""
    for layer in view.kept(python_layers(view.net)):
        values = layer.values("python_param")
        missing = [name for name in ("module", "layer") if not _says(values.scalars(name))]
        if missing:
            said = (
                f"{subject_of(layer)} is a Python layer without {' and '.join(missing)}, and Caffe "
                "aborts: write python_param { module, layer }, the file and the class in it"
            )
            yield Hit(*place_of(layer.param("python_param") or layer.node), said)


def _says(written: list[Scalar]) -> bool:
    """Whether a name is given; what is no string the schema check says."""
    return any(it.value or it.kind != "string" for it in written[-1:])


check = of_nets(_check)
