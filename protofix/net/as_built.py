"""The layers that Caffe builds of a net in a state, with those that it adds.

Caffe turns `input` fields into an Input layer, folds V0's padding layers into what reads them, and
puts a Split behind each top that is read more than once, a loss weight counting as a reader
(Caffe 1.0, upgrade_proto.cpp and insert_splits.cpp).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from protofix.net.build import Built
from protofix.net.graph import Version, has_loss_weight
from protofix.net.layer_types.registry import facts_of, tops_built, weighs_by_default
from protofix.net.layers import PADDING, Layer
from protofix.net.shapes import Shape, Shapes

_AUTOMATIC = "(automatic)"
_INPUT = "input"


class BuiltLayer(NamedTuple):
    """One layer as Caffe has it; `layer` is None for one that it added.

    `loss_weights` has a weight for each top. `params` is None where their number is not known.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    params: Shapes | None
    loss_weights: tuple[float, ...]
    layer: Layer | None = None


@dataclass(frozen=True, eq=False)
class AsBuilt:
    """A net as Caffe builds it: its layers, the shapes of its blobs by name, and its outputs."""

    layers: tuple[BuiltLayer, ...]
    blobs: dict[str, Shape]
    outputs: tuple[str, ...]


def as_built(built: Built) -> AsBuilt:
    """Add to a net in a state what Caffe adds."""
    layers = tuple(_Naming(built).layers())
    shapes = _Shapes(built)
    blobs: dict[str, Shape] = {}
    available: set[str] = set()
    for one in layers:
        available.difference_update(one.bottoms)
        for slot, top in enumerate(one.tops):
            if top != _AUTOMATIC:
                available.add(top)
            # A layer that works in place may shape its blob anew.
            blobs[top] = shapes.of(one, slot, blobs)
    # Caffe gives the outputs out in the order of their names' bytes.
    outputs = sorted(available, key=lambda name: name.encode("utf-8", "surrogateescape"))
    return AsBuilt(layers, blobs, tuple(outputs))


class _Shapes:
    """The shapes of what the layers make, those that Caffe adds too."""

    def __init__(self, built: Built) -> None:
        self._built = built
        versions = built.graph.versions
        self._inputs = [it.number for it in versions if it.maker is None]

    def of(self, one: BuiltLayer, slot: int, blobs: dict[str, Shape]) -> Shape:
        """The shape of a top; `blobs` are those of the blobs before."""
        if one.layer is None:
            if one.type == "Split":
                return blobs.get(one.bottoms[0])
            return self._built.shapes.get(self._inputs[slot])
        result = self._built.graph.result_of(one.layer, slot)
        return () if result is None else self._built.shapes.get(result.number)


class _Naming:
    """Gives each reader of a blob the name under which Caffe hands it its copy."""

    def __init__(self, built: Built) -> None:
        self._built = built
        graph = built.graph
        self._padding = {layer.index: layer for layer in graph.layers if layer.type == PADDING}
        self._readers: dict[int, int] = {}
        self._handed_out: dict[int, int] = {}
        for layer in graph.layers:
            if layer.index in self._padding:
                continue
            for slot in range(len(layer.bottoms)):
                version = self._read(layer, slot)
                if version is not None:
                    self._readers[version.number] = self._readers.get(version.number, 0) + 1
        for version in graph.versions:
            if self._weight(version):
                self._readers[version.number] = self._readers.get(version.number, 0) + 1
                self._handed_out[version.number] = 1

    def layers(self) -> Iterator[BuiltLayer]:
        """The layers in Caffe's order."""
        graph = self._built.graph
        inputs = [version for version in graph.versions if version.maker is None]
        if inputs:
            names = tuple(version.blob for version in inputs)
            yield BuiltLayer(_INPUT, "Input", (), names, (), (0.0,) * len(names))
            yield from self._splits(_INPUT, inputs)
        for layer in graph.layers:
            if layer.index in self._padding:
                continue
            tops = [graph.result_of(layer, slot) for slot in range(len(layer.tops))]
            results = [version for version in tops if version is not None]
            yield self._layer(layer, results)
            yield from self._splits(layer.name, results)

    def _layer(self, layer: Layer, results: list[Version]) -> BuiltLayer:
        bottoms = tuple(self._name(layer, slot) for slot in range(len(layer.bottoms)))
        tops = tuple(top.name for top in layer.tops)
        weights = list(default_loss_weights(layer))
        tops += (_AUTOMATIC,) * (tops_built(layer, facts_of(layer)) - len(tops))
        if any(self._is_split(version) and self._weight(version) for version in results):
            # The Split carries it on, and the layer is left with what its type weighs by itself.
            weights = list(own_loss_weights(layer))
        weights += [0.0] * (len(tops) - len(weights))
        kind = "Input" if layer.index in self._built.swapped else layer.type
        params = self._built.params.get(layer.index)
        return BuiltLayer(layer.name, kind, bottoms, tops, params, tuple(weights), layer)

    def _splits(self, maker: str, results: list[Version]) -> Iterator[BuiltLayer]:
        for slot, version in enumerate(results):
            if self._is_split(version):
                name = f"{version.blob}_{maker}_{slot}_split"
                count = self._readers[version.number]
                tops = tuple(f"{name}_{copy}" for copy in range(count))
                weights = (self._weight(version), *[0.0] * (count - 1))
                yield BuiltLayer(name, "Split", (version.blob,), tops, (), weights)

    def _name(self, layer: Layer, slot: int) -> str:
        version = self._read(layer, slot)
        if version is None:
            return layer.bottoms[slot].name
        if not self._is_split(version):
            return version.blob
        copy = self._handed_out.get(version.number, 0)
        self._handed_out[version.number] = copy + 1
        maker = self._built.graph.maker_of(version)
        # The inputs come first among the versions, in their order.
        at = version.number if version.maker is None else version.maker.slot
        return f"{version.blob}_{maker.name if maker else _INPUT}_{at}_split_{copy}"

    def _read(self, layer: Layer, slot: int) -> Version | None:
        """What a layer reads, past the padding that Caffe folds into it."""
        version = self._built.graph.source_of(layer, slot)
        while version is not None and version.maker and version.maker.layer in self._padding:
            version = self._built.graph.source_of(self._padding[version.maker.layer], 0)
        return version

    def _is_split(self, version: Version) -> bool:
        return self._readers.get(version.number, 0) > 1

    def _weight(self, version: Version) -> float:
        """The loss weight written for a blob."""
        maker = self._built.graph.maker_of(version)
        if maker is None or version.maker is None or not has_loss_weight(maker, version.maker.slot):
            return 0.0
        return maker.loss_weights[version.maker.slot]


def default_loss_weights(layer: Layer) -> tuple[float, ...]:
    """The loss weight of each top: those written, or 1 for the first top of a loss."""
    return layer.loss_weights or own_loss_weights(layer)


def own_loss_weights(layer: Layer) -> tuple[float, ...]:
    """The loss weights that the tops of a layer have if none is written."""
    rest = (0.0,) * max(0, len(layer.tops) - 1)
    return (1.0, *rest) if weighs_by_default(layer) else (0.0, *rest)[: len(layer.tops)]
