"""A layer that works in place on a blob which another layer reads too.

Caffe hands copies of a blob to its readers, so that the in-place layer reads a copy and makes a
second blob of the old name: "Top blob produced by multiple sources". What is read before the
in-place layer must be another blob than what it makes.

Wrong:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 8 } }
    layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
    layer { name: "relu" type: "ReLU" bottom: "fc" top: "fc" }

Right:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 8 } }
    layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
    layer { name: "relu" type: "ReLU" bottom: "fc" top: "relu" }
"""

from collections.abc import Iterator

from protofix.net.graph import SharedInPlace
from protofix.net.setup import subject_of
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF310"
NAME = "shared-in-place"
SEVERITY = "error"


def _check(view: NetView) -> Iterator[Hit]:
    found: dict[SharedInPlace, list[NetState]] = {}
    for graph in view.graphs:
        for shared in graph.shared_in_place:
            found.setdefault(shared, []).append(graph.state)
    for (layer, top, other), states in found.items():
        where = view.where(layer, states)
        reader = "is a loss itself" if other is None else f"{subject_of(other)} reads too"
        message = (
            f"{subject_of(layer)} works in place on `{top.name}`, which {reader}{where}: "
            "give its top another name"
        )
        yield Hit(top.start, top.end, message)


check = of_nets(_check)
