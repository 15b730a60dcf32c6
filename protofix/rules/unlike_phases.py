"""A layer whose parameters have other shapes in TEST than in TRAIN.

The solver hands the parameters of its training net to its test nets, by the layers' names, and
aborts where they differ.

Wrong:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" include { phase: TRAIN }
            inner_product_param { num_output: 5 } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" include { phase: TEST }
            inner_product_param { num_output: 6 } }

Right:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 5 } }
"""

from collections import Counter
from collections.abc import Iterator

from protofix.net.build import Built
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.shapes import Shapes, shape_text, shapes_differ
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF314"
NAME = "unlike-phases"
SEVERITY = "error"
RESTS_ON = "data"


def _check(view: NetView) -> Iterator[Hit]:
    """Say each layer once, at the one for TEST."""
    trained = [built for built in view.built if built.graph.state.phase == "TRAIN"]
    said: set[int] = set()
    for one in trained[:1]:  # The others are other nets: of another stage, say.
        of_name = {layer.name: (layer, params) for layer, params in _learned(one)}
        for other in view.built:
            if other.graph.state.phase != "TEST":
                continue
            for layer, params in _learned(other):
                first, shapes = of_name.get(layer.name, (layer, params))
                if layer.index in said or not _differ(shapes, params):
                    continue
                said.add(layer.index)
                yield Hit(layer.node.start, layer.node.name_end, _message(first, shapes, params))


def _learned(built: Built) -> Iterator[tuple[Layer, Shapes]]:
    """The layers that have parameters, and a name of their own: others are PF329's."""
    learned = [
        (layer, params) for layer in built.graph.layers if (params := built.params[layer.index])
    ]
    names = Counter(layer.name for layer, _ in learned)
    for layer, params in learned:
        if names[layer.name] == 1:
            yield layer, params


def _differ(one: Shapes, other: Shapes) -> bool:
    return len(one) != len(other) or any(map(shapes_differ, one, other))


def _message(layer: Layer, train: Shapes, test: Shapes) -> str:
    in_train, in_test = (
        " and ".join(shape_text(shape) for shape in shapes) for shapes in (train, test)
    )
    return (
        f"the parameters of {subject_of(layer)} are {in_train} in TRAIN and {in_test} in TEST, so "
        "that a solver cannot test what it trains: make them alike"
    )


check = of_nets(_check)
