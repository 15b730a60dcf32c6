"""An `input` of a net without a shape, with one that is none, or given twice.

Caffe makes an Input layer of a net's `input` fields, and takes the shapes from `input_shape`, one
an input, or else from `input_dim`, four numbers an input. Without any it leaves the inputs out
altogether, and stops at the first layer that reads one: "Unknown bottom blob".

Wrong:

    input: "data"
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }

Right:

    input: "data"
    input_shape { dim: 1 dim: 3 dim: 227 dim: 227 }
    layer { name: "relu" type: "ReLU" bottom: "data" top: "relu" }
"""

from collections.abc import Iterator

from protofix.net.layers import BlobName
from protofix.net.shapes import is_possible, shape_text
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF312"
NAME = "input-shape"
SEVERITY = "error"
MEETS = "connecting"

_RIGHT = "write `input_shape { dim: ... }` once for each input"


def _check(view: NetView) -> Iterator[Hit]:
    shapes = view.net.input_shapes
    names: set[str] = set()
    for index, given in enumerate(view.net.inputs):
        if given.name in names:
            yield _hit(given, "is given twice, and Caffe makes a blob once: take one away")
        names.add(given.name)
        if index >= len(shapes) or (not view.net.has_input_shapes and len(shapes[index]) < 4):
            without = "has no shape" if index >= len(shapes) else "has fewer than 4 input_dim"
            yield _hit(given, f"{without}, and Caffe cannot build it: {_RIGHT}")
        elif any(dim < 0 for dim in shapes[index]):
            shape = shape_text(shapes[index])
            yield _hit(given, f"is {shape}: no dimension can be less than 0")
        elif not is_possible(shapes[index]):
            yield _hit(given, f"is {shape_text(shapes[index])}, more than Caffe has room for")


def _hit(given: BlobName, message: str) -> Hit:
    return Hit(given.start, given.end, f"the input `{given.name}` {message}")


_check_nets = of_nets(_check)


def check(context: Context) -> Iterator[Hit]:
    """Say each; a fork from before the Input layer leaves no input out, whoever makes the blob."""
    yield from _check_nets(context)
    for view in context.views:
        for given in view.net.unshaped_inputs:
            if "input" in context.upgrader.left:
                yield _hit(given, f"has no shape, and Caffe cannot build it: {_RIGHT}")
