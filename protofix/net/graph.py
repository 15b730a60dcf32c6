"""Who makes and who reads each blob, in one state of a net.

A blob's name may stand for several contents: an in-place layer makes a new one under the old
name. Each content is a *version*, with the one who makes it and all who read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from protofix.net.layers import BlobName, Layer, Net
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

    @cached_property
    def by_name(self) -> dict[str, tuple[Layer, ...]]:
        """The layers kept of each name, in their order."""
        found: dict[str, list[Layer]] = {}
        for layer in self.layers:
            found.setdefault(layer.name, []).append(layer)
        return {name: tuple(layers) for name, layers in found.items()}

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
            if top.name in current and not layer.works_in_place(slot):
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
            if not layer.works_in_place(slot):
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
