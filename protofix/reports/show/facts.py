"""What is told of a net in one state, whatever the form: its layers, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from protofix.net.as_built import AsBuilt, BuiltLayer, as_built, default_loss_weights
from protofix.net.backward import Backward, backward_of
from protofix.net.build import Built
from protofix.net.costs import multiply_adds
from protofix.net.layers import Layer
from protofix.net.parameters import NO_SPEC, ParamSpec, param_specs
from protofix.net.shapes import Shape, Shapes, count, is_known
from protofix.net.states import NetState
from protofix.net.values import string_of

VALUE_BYTES = 4
"""Bytes of a value: Caffe computes in single precision."""


@dataclass(frozen=True)
class Top:
    """A blob that a layer makes; `loss_weight` is 0 for one that is no loss."""

    name: str
    shape: Shape
    in_place: bool
    loss_weight: float


@dataclass(frozen=True)
class Param:
    """A parameter of a layer; `owner` is the layer before that has it too, under this name."""

    name: str
    shape: Shape
    lr_mult: float
    decay_mult: float
    owner: str | None

    @property
    def frozen(self) -> bool:
        """Whether it never learns."""
        return self.lr_mult == 0


@dataclass(frozen=True)
class LayerFacts:
    """A layer as it is shown.

    `memory` is in bytes, of all tops; it and `multiply_adds`, those of a forward pass, are None
    where they are not known, as `params` is where not even their number is. `layer` is None for
    one that Caffe adds.
    """

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[Top, ...]
    params: tuple[Param, ...] | None
    memory: int | None
    multiply_adds: int | None
    backward: bool
    under_loss: bool
    layer: Layer | None


@dataclass(frozen=True)
class Sum:
    """What is known of a sum, and of how many layers nothing is."""

    known: int
    unknown: int


class Refused(NamedTuple):
    """An error for which Caffe would not build a net."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, eq=False)
class NetFacts:
    """A net in one state.

    `refused` are the errors for which Caffe would not build it, its first one first. `layers` are
    those of the file that the state keeps, before them an Input for the net's `input` fields;
    `built_layers` are Caffe's, Splits included.
    """

    file: str
    name: str
    state: NetState
    given: Mapping[str, Shape]
    refused: tuple[Refused, ...]
    built: Built
    as_built: AsBuilt
    layers: tuple[LayerFacts, ...]
    built_layers: tuple[LayerFacts, ...]

    @cached_property
    def memory(self) -> Sum:
        """Bytes of all tops of the layers as built, as Caffe's log counts them.

        It is the "Memory required for data" of Net::Init: every top of every layer, so that a blob
        made in place counts once for each layer, and a Split's copies count too.
        """
        return _sum(layer.memory for layer in self.built_layers)

    @cached_property
    def multiply_adds(self) -> Sum:
        """Multiply-adds of one forward pass."""
        return _sum(layer.multiply_adds for layer in self.layers)

    @cached_property
    def learnable(self) -> Sum:
        """Values of the parameters that learn, each counted once."""
        return self._values(frozen=False)

    @cached_property
    def frozen(self) -> Sum:
        """Values of the parameters that do not."""
        return self._values(frozen=True)

    @cached_property
    def shared(self) -> Sum:
        """Values that layers take over from others before them; they are in no other sum."""
        shared = [it for layer in self.layers for it in layer.params or () if it.owner is not None]
        return _sum(count(it.shape) for it in shared)

    @property
    def losses(self) -> list[tuple[str, str, float]]:
        """Each blob that counts as a loss, the layer that makes it, and its weight."""
        return [
            (top.name, layer.name, top.loss_weight)
            for layer in self.layers
            for top in layer.tops
            if top.loss_weight
        ]

    def wanted(self) -> Iterator[tuple[str, Shape]]:
        """The blobs whose shapes nothing tells, with what is known of them."""
        refused = {refusal.layer.index for refusal in self.built.refusals}
        for version in self.built.graph.versions:
            shape = self.built.shapes.get(version.number)
            if is_known(shape):
                continue
            maker = self.built.graph.maker_of(version)
            if maker is not None and (
                maker.index in refused or not all(map(is_known, self.built.bottoms_of(maker)))
            ):
                continue
            yield version.blob, shape

    def _values(self, frozen: bool) -> Sum:
        found: list[int | None] = []
        for layer in self.layers:
            if layer.params is None and not frozen:
                found.append(None)
            found += [
                count(param.shape)
                for param in layer.params or ()
                if param.owner is None and param.frozen == frozen
            ]
        return _sum(found)


def net_facts(
    file: str, built: Built, given: Mapping[str, Shape], refused: Iterable[Refused] = ()
) -> NetFacts:
    """Gather what there is to tell of a net that was built in a state with the shapes given."""
    net = built.graph.net
    whole = as_built(built)
    gather = _Gather(built, whole, backward_of(whole, net.fields))
    built_layers = tuple(gather.built_layers())
    return NetFacts(
        file,
        string_of(net.fields, "name") or "",
        built.graph.state,
        given,
        tuple(refused),
        built,
        whole,
        tuple(gather.layers(built_layers)),
        built_layers,
    )


class _Gather:
    """Makes the facts of the layers of one net."""

    def __init__(self, built: Built, whole: AsBuilt, backward: Backward) -> None:
        self._built = built
        self._whole = whole
        self._backward = backward
        self._multipliers = _said_multipliers(whole)

    def built_layers(self) -> Iterator[LayerFacts]:
        """Caffe's layers, with Caffe's names for what they read."""
        owners: dict[str, str] = {}
        for index, one in enumerate(self._whole.layers):
            shapes = self._top_shapes(one)
            tops = tuple(
                Top(
                    name,
                    shapes[slot],
                    slot < len(one.bottoms) and one.bottoms[slot] == name,
                    one.loss_weights[slot],
                )
                for slot, name in enumerate(one.tops)
            )
            yield LayerFacts(
                one.name,
                one.type,
                one.bottoms,
                tops,
                self._params(one, owners),
                _memory(shapes),
                self._multiply_adds(one, shapes),
                self._backward.needed[index],
                self._backward.under_loss[index],
                one.layer,
            )

    def layers(self, built_layers: tuple[LayerFacts, ...]) -> Iterator[LayerFacts]:
        """The file's layers, with the names that the file gives the blobs."""
        by_index = {it.layer.index: it for it in built_layers if it.layer is not None}
        yield from (it for it in built_layers if it.layer is None and it.type == "Input")
        for layer in self._built.graph.layers:
            found = by_index.get(layer.index)
            bottoms = tuple(bottom.name for bottom in layer.bottoms)
            weights = default_loss_weights(layer)
            shapes = self._built.tops_of(layer)
            tops = tuple(
                Top(
                    top.name,
                    shapes[slot],
                    slot < len(bottoms) and bottoms[slot] == top.name,
                    weights[slot] if slot < len(weights) else 0.0,
                )
                for slot, top in enumerate(layer.tops)
            )
            if found is None:  # V0's padding, which Caffe folds into what reads it.
                yield LayerFacts(
                    layer.name, layer.type, bottoms, tops, (), 0, 0, False, False, layer
                )
                continue
            # Caffe adds a top to a loss that names none.
            tops += found.tops[len(tops) :]
            yield LayerFacts(
                layer.name,
                layer.type,
                bottoms,
                tops,
                found.params,
                found.memory,
                found.multiply_adds,
                found.backward,
                found.under_loss,
                layer,
            )

    def _top_shapes(self, one: BuiltLayer) -> Shapes:
        if one.layer is None:
            return tuple(self._whole.blobs.get(name) for name in one.tops)
        shapes = self._built.tops_of(one.layer)
        # The tops that Caffe adds are losses, single values.
        return shapes + ((),) * (len(one.tops) - len(shapes))

    def _multiply_adds(self, one: BuiltLayer, tops: Shapes) -> int | None:
        if one.layer is None:
            return 0
        phase = self._built.graph.state.phase
        return multiply_adds(one.layer, phase, self._built.bottoms_of(one.layer), tops, one.params)

    def _params(self, one: BuiltLayer, owners: dict[str, str]) -> tuple[Param, ...] | None:
        """The parameters of a layer; `owners` are the layers that had the named ones first."""
        if one.params is None:
            return None
        found = []
        for place, shape in enumerate(one.params):
            spec = _spec(one, place)
            rate, decay = self._multipliers.get(spec.name, (spec.lr_mult, spec.decay_mult))
            if one.type == "BatchNorm":  # Caffe sets them itself (batch_norm_layer.cpp).
                rate = 0.0
            owner = owners.get(spec.name)
            if spec.name:
                owners.setdefault(spec.name, one.name)
            found.append(Param(spec.name, shape, _or_one(rate), _or_one(decay), owner))
        return tuple(found)


def _said_multipliers(net: AsBuilt) -> dict[str, tuple[float | None, float | None]]:
    """The multipliers of the parameters with names: whichever layer gives one gives it to all."""
    said: dict[str, tuple[float | None, float | None]] = {}
    for one in net.layers:
        for place in range(len(one.params or ())):
            spec = _spec(one, place)
            if spec.name:
                rate, decay = said.get(spec.name, (None, None))
                said[spec.name] = (
                    spec.lr_mult if rate is None else rate,
                    spec.decay_mult if decay is None else decay,
                )
    return said


def _spec(one: BuiltLayer, place: int) -> ParamSpec:
    specs = param_specs(one.layer) if one.layer else ()
    return specs[place] if place < len(specs) else NO_SPEC


def _or_one(multiplier: float | None) -> float:
    return 1.0 if multiplier is None else multiplier


def _memory(shapes: Shapes) -> int | None:
    values = _sum(map(count, shapes))
    return None if values.unknown else values.known * VALUE_BYTES


def _sum(numbers: Iterable[int | None]) -> Sum:
    known = unknown = 0
    for number in numbers:
        if number is None:
            unknown += 1
        else:
            known += number
    return Sum(known, unknown)
