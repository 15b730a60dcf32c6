"""A bottom that no layer before it makes, in some state of the net.

Caffe stops with "Unknown bottom blob". The usual reasons are a slip in the name, a layer that
another phase or stage keeps, and a loss that a deploy net still has.

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "lable" top: "loss" }
"""

from collections.abc import Iterator

from protofix.net.layers import BlobName, Layer
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rules.rule import Hit, of_nets

CODE = "PF301"
NAME = "unmade-blob"
SEVERITY = "error"


def _check(view: NetView) -> Iterator[Hit]:
    """Say each bottom once, with the states in which it is missing."""
    missing: dict[tuple[Layer, BlobName], list[NetState]] = {}
    for graph in view.graphs:
        for layer, bottom in graph.unmade:
            missing.setdefault((layer, bottom), []).append(graph.state)
    makers = _makers(view) if missing else {}
    for (layer, bottom), states in missing.items():
        where = view.where(layer, states)
        why = _why(makers.get(bottom.name, []), layer)
        message = f"`{layer.name}` reads `{bottom.name}`, which {why}{where}"
        yield Hit(bottom.start, bottom.end, message)


def _makers(view: NetView) -> dict[str, list[Layer]]:
    makers: dict[str, list[Layer]] = {}
    for layer in view.net.layers:
        for top in layer.tops:
            makers.setdefault(top.name, []).append(layer)
    return makers


def _why(makers: list[Layer], layer: Layer) -> str:
    later = [other for other in makers if other.index >= layer.index]
    if makers and len(later) == len(makers):
        return f"only `{later[0].name}` makes, further down"
    return f"`{makers[0].name}` does not make" if makers else "no layer makes"


check = of_nets(_check)
