"""A top that another layer has made already, without being in place.

Caffe stops with "Top blob produced by multiple sources". Where the layer was meant to work in
place, its bottom must be that blob too.

Wrong:

    layer { name: "data" type: "Python" top: "data" }
    layer { name: "relu1" type: "ReLU" bottom: "data" top: "conv1" }
    layer { name: "relu2" type: "ReLU" bottom: "data" top: "conv1" }

Right:

    layer { name: "data" type: "Python" top: "data" }
    layer { name: "relu1" type: "ReLU" bottom: "data" top: "conv1" }
    layer { name: "relu2" type: "ReLU" bottom: "conv1" top: "conv1" }
"""

from collections.abc import Iterator

from protofix.net.layers import BlobName, Layer
from protofix.net.setup import subject_of
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rules.rule import Hit, of_nets

CODE = "PF302"
NAME = "remade-blob"
SEVERITY = "error"


def _check(view: NetView) -> Iterator[Hit]:
    """Say each top once, with the states in which it is made twice."""
    remade: dict[tuple[Layer, BlobName], list[NetState]] = {}
    for graph in view.graphs:
        # One that cannot read its blob, cannot work in place on it either.
        lost = {layer for layer, _ in graph.unmade}
        for layer, top in graph.remade:
            if layer in lost:
                continue
            remade.setdefault((layer, top), []).append(graph.state)
    for (layer, top), states in remade.items():
        where = view.where(layer, states)
        others = (
            other.name
            for other in view.net.layers[: layer.index]
            if any(blob.name == top.name for blob in other.tops)
        )
        if [blob.name for blob in layer.tops].count(top.name) > 1:
            message = (
                f"{subject_of(layer)} gives two of its tops the name `{top.name}`{where}: give "
                "each its own"
            )
        else:
            maker = next((f"`{other}`" for other in others), "the net's input")
            message = (
                f"{subject_of(layer)} makes `{top.name}`, which {maker} has made already{where}: "
                "give it another name, or read it to work in place"
            )
        yield Hit(top.start, top.end, message)


check = of_nets(_check)
