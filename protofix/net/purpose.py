"""What a net is there for: to learn, to be measured, or to be used, and in which states.

No field says so. The losses tell it, where the data comes from, the stages, and what people call
the file.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from protofix.net.graph import Graph
from protofix.net.layer_types.registry import is_loss_type
from protofix.net.layers import PHASES, Layer, Net

_WITHOUT_DATA = ("Input", "Parameter", "DummyData")
_MEASURES = re.compile(r"Accuracy|Eval")
_WORDS = {"TRAIN": ("train",), "TEST": ("test", "val")}
_OTHER = {"TRAIN": "TEST", "TEST": "TRAIN"}


def is_loss(layer: Layer) -> bool:
    """Whether a layer makes a loss: it is of a type that does, or has a loss weight."""
    return is_loss_type(layer) or any(layer.loss_weights)


def measures(layer: Layer) -> bool:
    """Whether a layer compares with labels, so that what it makes is for people to read."""
    return is_loss(layer) or _MEASURES.search(layer.type) is not None


def brings_data(layer: Layer) -> bool:
    """Whether a layer reads data by itself, rather than being fed from a program."""
    return not layer.bottoms and bool(layer.tops) and layer.type not in _WITHOUT_DATA


def is_called(net: Net, *words: str) -> bool:
    """Whether the name of a net's file has one of these words in it."""
    name = PurePath(net.document.source.path).name.lower()
    return any(word in name for word in words)


def is_called_after(net: Net, phase: str) -> bool:
    """Whether a net's file is called after one phase alone: "test.prototxt"."""
    words = _WORDS[phase]
    return is_called(net, *words) and not is_called(net, *_WORDS[_OTHER[phase]])


def is_deployed(graph: Graph) -> bool:
    """Whether a net is built to be used: its stage or its file is called "deploy"."""
    return "deploy" in graph.state.stages or is_called(graph.net, "deploy")


def is_trained(graph: Graph) -> bool:
    """Whether a net is built to learn: in TRAIN, with a loss, and not to be used."""
    trained = graph.state.phase == "TRAIN" and not is_deployed(graph)
    return trained and any(map(is_loss, graph.layers))


def meant_graphs(graphs: tuple[Graph, ...]) -> tuple[Graph, ...]:
    """The graphs of the states that a person can mean; all of them if none can be told.

    A state without data is nobody's: a net whose data layers are all for TRAIN, or for a stage,
    is not meant to be built without that. One whose only data is the matrix of an InfogainLoss
    has none either. And stages that bring two data layers for one blob, or that no rule asks for
    together and that do not fit together, are not meant at once. A phase that some layer is there
    for, and that has no data in any state, is meant all the same: its data was forgotten. Nor is
    the file of a net to be tested or used, which a program feeds, meant to be built in TRAIN where
    it lacks something in that phase alone: what is left of the net that it was made of is no
    mistake.
    """
    if not graphs:
        return graphs
    net = graphs[0].net
    named_for = {"TRAIN": is_called_after(net, "TRAIN"), "TEST": _is_called_test(net)}
    meant = [graph for graph in graphs if _has_data(graph) and not _stages_clash(graph)]
    if named_for["TEST"] and any(it.state.phase == "TEST" and _is_whole(it) for it in meant):
        meant = [graph for graph in meant if not _is_leftover(graph)]
    for phase in PHASES:
        without = [graph for graph in graphs if graph.state.phase == phase]
        if without and all(graph.state.phase != phase or graph not in meant for graph in graphs):
            plainest = without[0]
            for_it = any(_is_for(layer, phase) for layer in plainest.layers)
            if for_it and not named_for[_OTHER[phase]]:
                meant.append(plainest)
    return tuple(graph for graph in graphs if graph in meant) or graphs


def _is_called_test(net: Net) -> bool:
    """Whether a net's file is called after TEST, for which nets to be used are built as well."""
    return is_called_after(net, "TEST") or (
        is_called(net, "deploy") and not is_called_after(net, "TRAIN")
    )


def _is_leftover(graph: Graph) -> bool:
    """Whether a net that reads no data by itself lacks something in TRAIN."""
    fed = not any(map(brings_data, graph.layers))
    return graph.state.phase == "TRAIN" and fed and not _is_whole(graph)


def _is_whole(graph: Graph) -> bool:
    """Whether every blob that is read is made, once."""
    return not graph.unmade and not graph.remade


def _is_for(layer: Layer, phase: str) -> bool:
    """Whether a layer that reads something is there for one phase alone."""
    return bool(layer.bottoms and layer.include) and all(
        rule.phase == phase for rule in layer.include
    )


def _has_data(graph: Graph) -> bool:
    if graph.net.inputs:
        return True
    return any(not layer.bottoms and not _only_matrix(graph, layer) for layer in graph.layers)


def _stages_clash(graph: Graph) -> bool:
    stages = graph.state.stages
    if stages and any(not layer.bottoms for layer, _ in graph.remade):
        return True
    rules = (rule for layer in graph.layers for rule in (*layer.include, *layer.exclude))
    together = len(stages) < 2 or any(stages <= set(rule.stages) for rule in rules)
    return not together and bool(graph.remade or graph.unmade)


def _only_matrix(graph: Graph, layer: Layer) -> bool:
    """Whether all that a layer makes is read as the third bottom of an InfogainLoss alone."""
    uses = [
        use
        for slot in range(len(layer.tops))
        if (version := graph.result_of(layer, slot)) is not None
        for use in version.readers
    ]
    types = {(graph.net.layers[use.layer].type, use.slot) for use in uses}
    return types == {("InfogainLoss", 2)}
