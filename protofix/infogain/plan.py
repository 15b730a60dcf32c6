"""What fusing all the chains of a net at once asks for beyond their losses.

A Softmax that two losses share is needed by neither once both are fused, so what goes and what
stays is worked out for all chains together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from protofix.infogain.chains import INFOGAIN, Chain, Obstacle, Pattern, find_chains
from protofix.net.graph import Graph, Use, Version
from protofix.net.layers import Layer
from protofix.net.view import NetView


class Rename(NamedTuple):
    """An in-place Softmax that stays gets a top of its own; these are its readers' bottoms."""

    activation: Layer
    name: str
    readers: tuple[Use, ...]


class Staying(NamedTuple):
    """A Softmax that stays: who reads it yet, and in which states nobody does, then and now.

    `outputs` are the states in which it was an output before, `idle` those in which only fused
    losses read it.
    """

    activation: Layer
    readers: tuple[Layer, ...]
    outputs: tuple[str, ...]
    idle: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The chains to fuse and those to leave, and what fusing does to the layers around them.

    `goes` are the layers that nobody needs any more, `loose_tops` what a Split makes for nobody.
    """

    chains: tuple[Chain, ...]
    refused: tuple[Chain, ...]
    goes: tuple[Layer, ...]
    loose_tops: tuple[Use, ...]
    renames: tuple[Rename, ...]
    staying: tuple[Staying, ...]

    def index_after(self, index: int) -> int:
        """Index that a layer which stays has once the others are gone."""
        return index - sum(layer.index < index for layer in self.goes)


def plan_fusing(
    view: NetView, overruled: frozenset[str] = frozenset(), pattern: Pattern = INFOGAIN
) -> Plan:
    """Plan to fuse every chain that may be. `overruled` are kinds of obstacles not to heed."""
    chains = find_chains(view, pattern)
    refused = [c for c in chains if any(o.kind not in overruled for o in c.obstacles)]
    ready = [chain for chain in chains if chain not in refused]
    while True:
        planner = _Planner(view, ready)
        problems = planner.problems()
        if not problems:
            break
        # Fusing the others may take a layer away or leave it, so they are planned anew.
        for chain, obstacles in problems:
            refused.append(replace(chain, obstacles=(*chain.obstacles, *obstacles)))
        failed = [chain for chain, _ in problems]
        ready = [chain for chain in ready if chain not in failed]
    refused.sort(key=lambda chain: chain.loss.index)
    return Plan(
        chains=tuple(ready),
        refused=tuple(refused),
        goes=planner.goes,
        loose_tops=planner.loose_tops,
        renames=planner.renames,
        staying=planner.staying(),
    )


class _Planner:
    def __init__(self, view: NetView, chains: Sequence[Chain]) -> None:
        self.view = view
        self.chains = chains
        self.fused = {Use(chain.loss.index, 0) for chain in chains}
        self.going: set[int] = set()
        self.goes = self._unneeded()
        self.loose_tops = self._loose_tops()
        self.in_place_problems: dict[int, Obstacle] = {}
        self.renames = tuple(self._renames())

    def problems(self) -> list[tuple[Chain, list[Obstacle]]]:
        """The chains that cannot be fused, and why."""
        found = []
        for chain in self.chains:
            obstacles = [
                self.in_place_problems[layer.index]
                for layer in chain.activations
                if layer.index in self.in_place_problems
            ] or list(dict.fromkeys(self._scores_lost(chain)))
            if obstacles:
                found.append((chain, obstacles))
        return found

    def staying(self) -> tuple[Staying, ...]:
        """The Softmax layers that stay."""
        found = []
        activations = {layer.index: layer for chain in self.chains for layer in chain.activations}
        for activation in activations.values():
            if activation.index in self.going:
                continue
            readers: dict[int, Layer] = {}
            outputs, idle = [], []
            for graph, version in self.view.results(activation):
                others = [u for u in version.readers if u not in self.fused]
                others = [use for use in others if use.layer not in self.going]
                readers |= {use.layer: self.view.net.layers[use.layer] for use in others}
                if not version.readers:
                    outputs.append(str(graph.state))
                elif not others:
                    idle.append(str(graph.state))
            found.append(Staying(activation, tuple(readers.values()), tuple(outputs), tuple(idle)))
        return tuple(found)

    def _unneeded(self) -> tuple[Layer, ...]:
        """The layers of the chains that serve fused losses alone."""
        layers = {
            layer.index: layer
            for chain in self.chains
            for layer in (*chain.activations, *chain.path)
        }
        # From the losses backwards: a layer goes if all that reads it goes.
        for index in sorted(layers, reverse=True):
            layer = layers[index]
            versions = [version for _, version in self.view.results(layer)]
            if all(version.readers and self._only_fused(version) for version in versions) and all(
                map(self._only_fused, self._elsewhere(layer))
            ):
                self.going.add(index)
        return tuple(layers[index] for index in sorted(self.going))

    def _loose_tops(self) -> tuple[Use, ...]:
        splits = {
            layer.index: layer
            for chain in self.chains
            for layer in chain.path
            if layer.type == "Split" and layer.index not in self.going
        }
        return tuple(
            Use(split.index, slot)
            for split in splits.values()
            for slot in range(len(split.tops))
            if all(
                (version := graph.result_of(split, slot)) is not None
                and version.readers
                and self._only_fused(version)
                for graph, _ in self.view.keeping(split)
            )
        )

    def _elsewhere(self, layer: Layer) -> Iterator[Version]:
        """What a layer makes in states that nobody means; a reader there needs it all the same."""
        for graph in self.view.others:
            for slot in range(len(layer.tops)):
                version = graph.result_of(layer, slot)
                if version is not None:
                    yield version

    def _only_fused(self, version: Version) -> bool:
        return all(use in self.fused or use.layer in self.going for use in version.readers)

    def _renames(self) -> Iterator[Rename]:
        """What each in-place Softmax that others read asks for."""
        taken = {blob.name for layer in self.view.net.layers for blob in layer.tops}
        taken |= {blob.name for blob in self.view.net.inputs}
        activations = {layer.index: layer for chain in self.chains for layer in chain.activations}
        for activation in activations.values():
            if activation.index in self.going or not activation.works_in_place():
                continue
            readers = self._other_readers(activation)
            if isinstance(readers, Obstacle):
                self.in_place_problems[activation.index] = readers
                continue
            name = f"{activation.tops[0].name}_prob"
            while name in taken:
                name += "_"
            taken.add(name)
            yield Rename(activation, name, readers)

    def _other_readers(self, activation: Layer) -> tuple[Use, ...] | Obstacle:
        name = activation.tops[0].name
        problem = f"{activation.type} `{activation.name}` works in place on `{name}`, and "
        uses: set[Use] = set()
        for graph, version in self.view.results(activation):
            if not version.readers:
                return Obstacle("in-place", f"{problem}`{name}` is an output in {graph.state}")
            uses |= set(version.readers) - self.fused
        readers = tuple(sorted(use for use in uses if use.layer not in self.going))
        for use in readers:
            reader = self.view.net.layers[use.layer]
            if use.slot < len(reader.tops) and reader.tops[use.slot].name == name:
                reason = f"`{reader.name}` works in place on its probabilities"
                return Obstacle("in-place", problem + reason)
            for graph, _ in self.view.keeping(reader):
                source = graph.source_of(reader, use.slot)
                if source is None or graph.maker_of(source) != activation:
                    reason = f"in {graph.state} `{reader.name}` reads another `{name}`"
                    return Obstacle("in-place", problem + reason)
        return readers

    def _scores_lost(self, chain: Chain) -> Iterator[Obstacle]:
        """The scores must still be what the loss finds under their name."""
        without = self.going | {rename.activation.index for rename in self.renames}
        for graph, _ in self.view.keeping(chain.loss):
            for maker in chain.activations:
                wanted = graph.source_of(maker, 0)
                if maker.index not in graph.kept or wanted is None:
                    continue
                found = _version_at(graph, chain.scores, chain.loss.index, without)
                if found is None or wanted.number != found.number:
                    changer = graph.maker_of(found) if found is not None else None
                    by = f" by `{changer.name}`" if changer is not None else ""
                    reason = (
                        f"`{chain.scores}` is changed{by} between the {maker.type} and the loss"
                    )
                    yield Obstacle("scores-changed", reason)


def _version_at(graph: Graph, blob: str, layer: int, without: set[int]) -> Version | None:
    """What a layer at that index would read under a name, were some layers gone."""
    found = None
    for version in graph.versions:
        maker = version.maker
        if version.blob == blob and (
            maker is None or (maker.layer < layer and maker.layer not in without)
        ):
            found = version
    return found
