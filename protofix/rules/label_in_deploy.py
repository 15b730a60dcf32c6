"""A net for use that still wants labels.

Where a net is used, nobody has labels: the net that is made of a training net for it ends with the
scores or the probabilities, and its losses, accuracies and labels are gone. One that keeps them
asks for a blob that has to be filled with something, and computes what nobody wants.

A net is for use if its stage or its file is called "deploy", or if it reads no data by itself and
gives out probabilities beside its loss in TEST. In TRAIN, a net with a loss is there to learn, and
one that has losses alone to give out is not held to be for use in TEST either.

Wrong:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
    layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
    layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }

Right:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 8 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.graph import Graph, Version
from protofix.net.layers import BlobName, Layer
from protofix.net.names import in_words
from protofix.net.purpose import brings_data, is_deployed, is_trained, measures
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit

CODE = "PF326"
NAME = "label-in-deploy"
SEVERITY = "warning"

_PROBABILITIES = {"ArgMax", "Sigmoid", "Softmax"}


def _check(view: NetView) -> Iterator[Hit]:
    """Say each label once, with the states in which the net is for use."""
    wanted: dict[tuple[BlobName, str], tuple[Layer | None, list[NetState]]] = {}
    for graph in view.graphs:
        results = _probabilities(graph)
        if not results and not (is_deployed(graph) and _gives_more(graph)):
            continue
        for version in graph.versions:
            if version.readers and _is_fed(graph, version) and _are_labels(graph, version):
                maker = graph.maker_of(version)
                slot = 0 if version.maker is None else version.maker.slot
                top = view.net.inputs[version.number] if maker is None else maker.tops[slot]
                said = _said(graph, version, None if is_deployed(graph) else results)
                wanted.setdefault((top, said), (maker, []))[1].append(graph.state)
    for (top, said), (maker, states) in wanted.items():
        where = "" if maker is None else view.where(maker, states).strip()
        yield Hit(top.start, top.end, f"{where}: {said}" if where else said)


def _probabilities(graph: Graph) -> list[str]:
    """What a net that is fed from a program gives out for it to use, and not to learn."""
    if is_trained(graph) or any(map(brings_data, graph.layers)):
        return []
    return [
        version.blob
        for version in graph.outputs()
        if (maker := graph.maker_of(version)) is not None and maker.type in _PROBABILITIES
    ]


def _gives_more(graph: Graph) -> bool:
    """Whether a net gives out anything but losses and the like: a distance may be its purpose."""
    makers = (graph.maker_of(version) for version in graph.versions if not version.readers)
    read = {
        source.number
        for layer in graph.layers
        if measures(layer) and (source := graph.source_of(layer, 0)) is not None
    }
    learned = any(
        not measures(maker) and bool(maker.bottoms)
        for number in read
        if (maker := graph.maker_of(graph.versions[number])) is not None
    )
    return learned or any(it is not None and not measures(it) for it in makers)


def _said(graph: Graph, version: Version, results: list[str] | None) -> str:
    names = dict.fromkeys(graph.net.layers[use.layer].name for use in version.readers)
    readers = [f"`{name}`" for name in names]
    wants = f"only {in_words(readers)} want{'s' if len(names) == 1 else ''} it, as labels"
    away = f"take {in_words([f'`{version.blob}`', *readers])} away"
    if results is None:
        return f"`{version.blob}` has to be fed, though {wants}: in a net for use, {away}"
    given = in_words([f"`{name}`" for name in results])
    return f"`{version.blob}` has to be fed to get {given}, though {wants}: for use, {away}"


def _is_fed(graph: Graph, version: Version) -> bool:
    maker = graph.maker_of(version)
    return maker is None or maker.type == "Input"


def _are_labels(graph: Graph, version: Version) -> bool:
    """Whether a blob is read as labels alone: behind the scores, by what measures with them."""
    return all(use.slot > 0 and measures(graph.net.layers[use.layer]) for use in version.readers)


check = of_nets(_check)
