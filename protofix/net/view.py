"""A net in all of its states at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from protofix.net.build import Built, build
from protofix.net.data_files import DataFiles
from protofix.net.graph import Graph, Version, build_graph
from protofix.net.layers import Layer, Net, bind
from protofix.net.purpose import meant_graphs
from protofix.net.shapes import Shape
from protofix.net.states import AskedState, NetState, states_of
from protofix.net.which_caffe import CAFFE_1_0, WhichCaffe
from protofix.textproto.tree import Document, Message

_REMEMBERED = 8  # documents; a rewrite looks at one a dozen times


@dataclass(frozen=True)
class NetView:
    """A net, built in each state a person can mean.

    `others` are the graphs of the states that nobody means, for want of data, say.
    """

    net: Net
    built: tuple[Built, ...]
    others: tuple[Graph, ...]

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """The graphs of those states."""
        return tuple(one.graph for one in self.built)

    @property
    def shapes(self) -> tuple[dict[int, Shape], ...]:
        """The shapes of the versions of those graphs."""
        return tuple(one.shapes for one in self.built)

    def keeping(self, layer: Layer) -> Iterator[tuple[Graph, dict[int, Shape]]]:
        """The states that keep a layer."""
        for graph, shapes in zip(self.graphs, self.shapes, strict=True):
            if layer.index in graph.kept:
                yield graph, shapes

    def kept(self, layers: Iterable[Layer]) -> Iterator[Layer]:
        """Those of some layers that a state keeps."""
        for layer in layers:
            if any(layer.index in built.graph.kept for built in self.built):
                yield layer

    def dropped(self) -> Iterator[Layer]:
        """The layers that no state keeps, not even one that nobody means."""
        graphs = (*self.graphs, *self.others)
        for layer in self.net.layers:
            if not any(layer.index in graph.kept for graph in graphs):
                yield layer

    def where(self, layer: Layer, states: Sequence[NetState]) -> str:
        """Say in which states: " in TEST", or nothing if it is in all that keep the layer."""
        if len(states) == sum(1 for _ in self.keeping(layer)):
            return ""
        return f" in {self.in_words(layer, states)}"

    def in_words(self, layer: Layer, states: Sequence[NetState]) -> str:
        """States in words: a phase alone for all of several that keep a layer in it."""
        keeping = {graph.state for graph, _ in self.keeping(layer)}
        parts: list[str] = []
        for phase in dict.fromkeys(state.phase for state in states):
            named = [str(state) for state in states if state.phase == phase]
            whole = len(named) == sum(state.phase == phase for state in keeping)
            parts += [phase] if whole and len(named) > 1 else named
        return " and in ".join(parts)

    def results(self, layer: Layer) -> Iterator[tuple[Graph, Version]]:
        """Everything that a layer makes, in every state that keeps it."""
        for graph, _ in self.keeping(layer):
            for slot in range(len(layer.tops)):
                version = graph.result_of(layer, slot)
                assert version is not None
                yield graph, version


class NetBuilder:
    """Binds a net, and builds it in whatever states are asked for, in each of them once."""

    def __init__(
        self,
        document: Document,
        caffe: WhichCaffe,
        within: Message | None = None,
        given: Mapping[str, Shape] | None = None,
        files: DataFiles | None = None,
    ) -> None:
        """The net is the document, or a message `within` it, for that Caffe.

        `given` and `files` tell the shapes of data, as `build` has it.
        """
        self.net = bind(document, within)
        self._given = given
        self._files = files
        self._caffe = caffe
        self._graphs: dict[NetState, Graph] = {}
        self._built: dict[Graph, Built] = {}

    def view(self, asked: Sequence[AskedState] = ()) -> NetView:
        """The net in the states asked for, without any in each that a person can mean."""
        net = self.net
        states = dict.fromkeys(one.of_net(net.fields) for one in asked) or states_of(net)
        every = tuple(map(self._graph, states))
        graphs = every if asked else meant_graphs(every)
        others = tuple(graph for graph in every if graph not in graphs)
        return NetView(net, tuple(map(self._build, graphs)), others)

    def _graph(self, state: NetState) -> Graph:
        if state not in self._graphs:
            self._graphs[state] = build_graph(self.net, state)
        return self._graphs[state]

    def _build(self, graph: Graph) -> Built:
        if graph not in self._built:
            self._built[graph] = build(graph, self._caffe, self._given, self._files)
        return self._built[graph]


@lru_cache(_REMEMBERED)
def view_of(document: Document) -> NetView:
    """A document's net in each state that a person can mean, told from its text alone.

    It is as Caffe 1.0 builds it: who rewrites losses, or proves that they are the same, means its.
    """
    return NetBuilder(document, CAFFE_1_0).view()
