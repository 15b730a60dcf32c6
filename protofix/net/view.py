"""A net in all of its states at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protofix.net.graph import Graph, Version, build_graph, meant_graphs
from protofix.net.layers import Layer, Net, bind
from protofix.net.shapes import Shape, shapes_of
from protofix.net.states import NetState, states_of
from protofix.textproto.tree import Document


@dataclass(frozen=True)
class NetView:
    """A net, its graph in each state a person can mean, and the shapes of that graph's versions.

    `others` are the graphs of the states that nobody means, for want of data, say.
    """

    net: Net
    graphs: tuple[Graph, ...]
    shapes: tuple[dict[int, Shape], ...]
    others: tuple[Graph, ...]

    def keeping(self, layer: Layer) -> Iterator[tuple[Graph, dict[int, Shape]]]:
        """The states that keep a layer."""
        for graph, shapes in zip(self.graphs, self.shapes, strict=True):
            if layer.index in graph.kept:
                yield graph, shapes

    def where(self, layer: Layer, states: Sequence[NetState]) -> str:
        """Say in which states: " in TEST", or nothing if it is in all that keep the layer."""
        if len(states) == sum(1 for _ in self.keeping(layer)):
            return ""
        return f" in {' and in '.join(map(str, states))}"

    def results(self, layer: Layer) -> Iterator[tuple[Graph, Version]]:
        """Everything that a layer makes, in every state that keeps it."""
        for graph, _ in self.keeping(layer):
            for slot in range(len(layer.tops)):
                version = graph.result_of(layer, slot)
                assert version is not None
                yield graph, version


def view_of(document: Document) -> NetView:
    """Bind a document and build its graph in each state that a person can mean."""
    net = bind(document)
    every = tuple(build_graph(net, state) for state in states_of(net))
    graphs = meant_graphs(every)
    others = tuple(graph for graph in every if graph not in graphs)
    return NetView(net, graphs, tuple(shapes_of(graph) for graph in graphs), others)
