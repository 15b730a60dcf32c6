"""Who makes and who reads each blob, in one state of a net.

A blob's name may stand for several contents: an in-place layer makes a new one under the old
name. Each content is a *version*, with the one who makes it and all who read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import NamedTuple

from protofix.net.layers import PHASES, BlobName, Layer, Net
from protofix.net.states import NetState, keeps


class Use(NamedTuple):
    """One bottom or top: the layer (its index in the file) and which of its blobs."""

    layer: int
    slot: int


@dataclass(frozen=True)
class Version:
    """One content of a blob; `maker` is None for a net's `input`."""

    number: int
    blob: str
    maker: Use | None
    readers: tuple[Use, ...]


class Unmade(NamedTuple):
    """A bottom that no layer before makes."""

    layer: Layer
    bottom: BlobName


class Remade(NamedTuple):
    """A top that another layer has made already, not in place, which Caffe refuses."""

    layer: Layer
    top: BlobName


class SharedInPlace(NamedTuple):
    """A top made in place of a blob that `other` reads too, which Caffe refuses.

    It hands each reader a copy, so that the layer does not work in place at all. `other` is None
    where the blob counts as a loss instead.
    """

    layer: Layer
    top: BlobName
    other: Layer | None


@dataclass(frozen=True, eq=False)
class Graph:
    """A net in one state, in the order of its layers."""

    net: Net
    state: NetState
    layers: tuple[Layer, ...]
    versions: tuple[Version, ...]
    made: dict[Use, int] = field(repr=False)
    read: dict[Use, int] = field(repr=False)
    unmade: tuple[Unmade, ...]
    remade: tuple[Remade, ...]
    shared_in_place: tuple[SharedInPlace, ...]

    @cached_property
    def kept(self) -> frozenset[int]:
        """Indices of the layers kept."""
        return frozenset(layer.index for layer in self.layers)

    def source_of(self, layer: Layer, slot: int) -> Version | None:
        """What a layer reads as its bottom `slot`; None if nobody makes it or there is none."""
        number = self.read.get(Use(layer.index, slot))
        return None if number is None else self.versions[number]

    def result_of(self, layer: Layer, slot: int = 0) -> Version | None:
        """What a layer makes as its top `slot`; None if it has no such top."""
        number = self.made.get(Use(layer.index, slot))
        return None if number is None else self.versions[number]

    def maker_of(self, version: Version) -> Layer | None:
        """The layer that makes a version; None for a net's `input`."""
        return None if version.maker is None else self.net.layers[version.maker.layer]

    def outputs(self) -> list[Version]:
        """The versions that nobody reads: Caffe gives them out, and prints them while training."""
        return [version for version in self.versions if not version.readers]


def build_graph(net: Net, state: NetState) -> Graph:
    """Connect the layers that `state` keeps as Caffe does (Caffe 1.0, Net::Init)."""
    blobs: list[str] = []
    makers: list[Use | None] = []
    readers: list[list[Use]] = []
    current: dict[str, int] = {}
    made: dict[Use, int] = {}
    read: dict[Use, int] = {}
    unmade: list[Unmade] = []
    remade: list[Remade] = []

    def make(name: str, maker: Use | None) -> None:
        if maker is not None:
            made[maker] = len(blobs)
        current[name] = len(blobs)
        blobs.append(name)
        makers.append(maker)
        readers.append([])

    for given in net.inputs:
        make(given.name, None)
    kept = tuple(layer for layer in net.layers if keeps(state, layer))
    for layer in kept:
        for slot, bottom in enumerate(layer.bottoms):
            number = current.get(bottom.name)
            if number is None:
                unmade.append(Unmade(layer, bottom))
            else:
                read[Use(layer.index, slot)] = number
                readers[number].append(Use(layer.index, slot))
        for slot, top in enumerate(layer.tops):
            in_place = slot < len(layer.bottoms) and layer.bottoms[slot].name == top.name
            if top.name in current and not in_place:
                remade.append(Remade(layer, top))
            make(top.name, Use(layer.index, slot))
    versions = tuple(
        Version(number, blob, maker, tuple(uses))
        for number, (blob, maker, uses) in enumerate(zip(blobs, makers, readers, strict=True))
    )
    shared = tuple(_shared_in_place(net, kept, versions, read))
    return Graph(net, state, kept, versions, made, read, tuple(unmade), tuple(remade), shared)


def has_loss_weight(layer: Layer, slot: int) -> bool:
    """Whether a loss weight other than 0 is written for a top: to Caffe the loss reads it then."""
    weights = layer.loss_weights
    return slot < len(weights) and weights[slot] != 0


def _shared_in_place(
    net: Net, kept: tuple[Layer, ...], versions: tuple[Version, ...], read: dict[Use, int]
) -> Iterator[SharedInPlace]:
    for layer in kept:
        for slot, top in enumerate(layer.tops):
            if slot >= len(layer.bottoms) or layer.bottoms[slot].name != top.name:
                continue
            number = read.get(Use(layer.index, slot))
            if number is None:
                continue
            version = versions[number]
            others = (use for use in version.readers if use != Use(layer.index, slot))
            other = next(others, None)
            maker = version.maker
            if other is not None:
                yield SharedInPlace(layer, top, net.layers[other.layer])
            elif maker is not None and has_loss_weight(net.layers[maker.layer], maker.slot):
                yield SharedInPlace(layer, top, None)


def meant_graphs(graphs: tuple[Graph, ...]) -> tuple[Graph, ...]:
    """The graphs of the states that a person can mean; all of them if none can be told.

    A state without data is nobody's: a net whose data layers are all for TRAIN, or for a stage,
    is not meant to be built without that. One whose only data is the matrix of an InfogainLoss
    has none either. And stages that bring two data layers for one blob, or that no rule asks for
    together and that do not fit together, are not meant at once. A phase that some layer is there
    for, and that has no data in any state, is meant all the same: its data was forgotten.
    """
    meant = [graph for graph in graphs if _has_data(graph) and not _stages_clash(graph)]
    for phase in PHASES:
        without = [graph for graph in graphs if graph.state.phase == phase]
        if without and all(graph.state.phase != phase or graph not in meant for graph in graphs):
            plainest = without[0]
            for_it = any(_is_for(layer, phase) for layer in plainest.layers)
            if for_it and not _is_called_otherwise(plainest.net, phase):
                meant.append(plainest)
    return tuple(graph for graph in graphs if graph in meant) or graphs


def _is_for(layer: Layer, phase: str) -> bool:
    """Whether a layer that reads something is there for one phase alone."""
    return bool(layer.bottoms and layer.include) and all(
        rule.phase == phase for rule in layer.include
    )


def _is_called_otherwise(net: Net, phase: str) -> bool:
    """Whether a net's file is called after the other phase alone: "test.prototxt"."""
    name = PurePath(net.document.source.path).name.lower()
    words = {"TRAIN": ("train",), "TEST": ("test", "val")}
    others = (word for other, its in words.items() if other != phase for word in its)
    return any(word in name for word in others) and not any(word in name for word in words[phase])


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
