"""A bottom that no layer before it makes, in some state of the net.

Caffe stops with "Unknown bottom blob". The usual reasons are a slip in the name, a layer that
another phase or stage keeps, and a loss that a deploy net still has.

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "lable" top: "loss" }
"""

from collections.abc import Iterator

from protofix.net.graph import Graph
from protofix.net.layers import BlobName, Layer
from protofix.net.names import in_words, nearest
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rules.rule import Hit, of_nets

CODE = "PF301"
NAME = "unmade-blob"
SEVERITY = "error"
MEETS = "connecting"

_MOST_HINTS = 50  # each looks at all blobs before


def _check(view: NetView) -> Iterator[Hit]:
    """Say each bottom once, with the states in which it is missing."""
    missing: dict[tuple[Layer, BlobName], list[Graph]] = {}
    for graph in view.graphs:
        for layer, bottom in graph.unmade:
            if layer.include and layer.exclude:
                continue  # Nobody knows in which states it is meant: PF303 says so.
            missing.setdefault((layer, bottom), []).append(graph)
    makers = _makers(view) if missing else {}
    for number, ((layer, bottom), graphs) in enumerate(missing.items()):
        near = None
        if bottom.name not in makers and number < _MOST_HINTS:
            near = nearest(bottom.name, _made_before(graphs[0], layer))
        why = _why(view, layer, graphs, makers.get(bottom.name, []), near)
        message = f"{subject_of(layer)} reads `{bottom.name}`, which {why}"
        yield Hit(bottom.start, bottom.end, message)


def _makers(view: NetView) -> dict[str, list[Layer]]:
    makers: dict[str, list[Layer]] = {}
    for layer in view.net.layers:
        for top in layer.tops:
            makers.setdefault(top.name, []).append(layer)
    return makers


def _why(
    view: NetView, layer: Layer, graphs: list[Graph], makers: list[Layer], near: str | None
) -> str:
    states = [graph.state for graph in graphs]
    dropped = [it for it in makers if it.index not in graphs[0].kept]
    before = [it for it in dropped if it.index < layer.index] or dropped
    if before:
        line, _ = view.net.document.source.position(before[0].node.start)
        where = in_words([str(state) for state in states])
        called = f"`{before[0].name}`" if before[0].name else "the layer"
        return f"nothing makes in {where}: {called} of line {line} is not kept there"
    where = view.where(layer, states)
    if layer in makers:
        return f"it makes itself and nothing before it{where}: read a blob that is there"
    if makers:
        return f"only {subject_of(makers[0])} makes, further down{where}: move it up"
    if near is None:
        return f"no layer makes{where}"
    read = any(it.blob == near and it.readers for it in graphs[0].versions)
    slip = f"did you mean `{near}`?" if read else f"is it `{near}`, which nobody reads?"
    return f"no layer makes{where}: {slip}"


def _made_before(graph: Graph, layer: Layer) -> list[str]:
    """The blobs that a layer could read, each once."""
    inputs = [blob.name for blob in graph.net.inputs]
    tops = [top.name for it in graph.layers if it.index < layer.index for top in it.tops]
    return list(dict.fromkeys(inputs + tops))


check = of_nets(_check)
