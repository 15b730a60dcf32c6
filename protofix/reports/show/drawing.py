"""What there is to draw of a net: boxes of layers, edges between them, and groups of boxes.

A net is drawn in all states at once. Layers that work in place are in the box of the layer whose
blob they change, if they are kept in the same states; boxes that share the beginning of their
names ("inception_3a/", "res2a_") and hang together are a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from protofix.net.build import Built
from protofix.net.graph import Version
from protofix.net.layers import Layer
from protofix.net.names import in_words
from protofix.net.shapes import Shape
from protofix.net.states import NetState
from protofix.reports.show.details import DATA, MISSING, Family, described, family_of
from protofix.reports.show.facts import LayerFacts, NetFacts
from protofix.reports.show.grouping import groups_of
from protofix.reports.show.numbers import factor
from protofix.reports.terminal import printable

ALWAYS, TRAIN, TEST, SOME = "always", "TRAIN", "TEST", "some"
"""When a box is there: in all states drawn, in those of one phase alone, or in others."""

MEANING = {TRAIN: "in TRAIN only", TEST: "in TEST only", SOME: "in some states only"}
COLOURS = {TRAIN: "#0b57a4", TEST: "#a13d00", SOME: "#7a2e8f"}
"""What a legend says of what is not in all states, and the colour of its strokes."""


@dataclass(frozen=True)
class Box:
    """One box: a title, lines below it, and when it is there (`tag` says it in words, or "").

    `group` is the number of its group; None if it is in none. `ends` marks a loss or an output.
    """

    title: str
    lines: tuple[str, ...]
    family: Family
    when: str
    tag: str
    ends: bool
    group: int | None


@dataclass(frozen=True)
class Edge:
    """A blob, or several, on the way from one box (its number) to another."""

    source: int
    target: int
    blobs: tuple[str, ...]
    when: str


@dataclass(frozen=True)
class Drawing:
    """A net to draw: its title, its states, and what is in it. `groups` are the groups' names."""

    title: str
    states: tuple[str, ...]
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    groups: tuple[str, ...]

    def members(self) -> list[list[int]]:
        """The numbers of the boxes of each group."""
        found: list[list[int]] = [[] for _ in self.groups]
        for number, box in enumerate(self.boxes):
            if box.group is not None:
                found[box.group].append(number)
        return found


def drawings(every: Sequence[NetFacts]) -> list[Drawing]:
    """The nets of a file, each in all of its states at once."""
    by_net = groupby(every, key=lambda facts: id(facts.built.graph.net))
    return [_Draft(tuple(states)).drawing() for _, states in by_net]


class _Draft:
    """Works out the boxes of one net."""

    def __init__(self, every: tuple[NetFacts, ...]) -> None:
        self._every = every
        self._net = every[0].built.graph.net
        self._states: dict[int, list[int]] = {}
        for number, facts in enumerate(every):
            for layer in facts.built.graph.layers:
                self._states.setdefault(layer.index, []).append(number)
        self._inputs = {blob.name: number for number, blob in enumerate(self._net.inputs)}
        # The layers of each box, by its number; the boxes of inputs have none.
        self._layers: list[list[Layer]] = [[] for _ in self._inputs]
        self._box_of: dict[int, int] = {}
        self._missing: dict[str, int] = {}
        self._ends = self._outputs()
        for index in sorted(self._states):
            self._put(self._net.layers[index])

    def drawing(self) -> Drawing:
        edges = self._edges()
        titles = self._titles()
        # What nobody makes is in no group; its boxes come last.
        count = len(titles)
        within = [(edge.source, edge.target) for edge in edges if edge.source < count]
        names, group_of = groups_of(titles, within)
        boxes = [
            self._input_box(blob.name, group_of.get(number))
            for number, blob in enumerate(self._net.inputs)
        ]
        facts = self._facts()
        for number in range(len(boxes), len(self._layers)):
            boxes.append(self._box(number, facts, group_of.get(number)))
        boxes += [
            Box(printable(name), ("made by no layer",), MISSING, ALWAYS, "", False, None)
            for name in self._missing
        ]
        first = self._every[0]
        title = f"{first.file}: {first.name}" if first.name else first.file
        states = tuple(_state_text(facts.state) for facts in self._every)
        return Drawing(
            printable(title), states, tuple(boxes), tuple(edges), tuple(map(printable, names))
        )

    def _put(self, layer: Layer) -> None:
        """Put a layer into the box of the one whose blob it changes, or into one of its own."""
        box = self._changed(layer)
        if box is None:
            box = len(self._layers)
            self._layers.append([])
        self._layers[box].append(layer)
        self._box_of[layer.index] = box

    def _changed(self, layer: Layer) -> int | None:
        if len(layer.tops) != 1 or len(layer.bottoms) != 1:
            return None
        if layer.tops[0].name != layer.bottoms[0].name:
            return None
        boxes = set()
        for number in self._states[layer.index]:
            source = self._every[number].built.graph.source_of(layer, 0)
            if source is None or source.maker is None:
                return None
            maker = self._net.layers[source.maker.layer]
            if len(maker.tops) != 1 or self._states[maker.index] != self._states[layer.index]:
                return None
            boxes.add(self._box_of[maker.index])
        return boxes.pop() if len(boxes) == 1 else None

    def _edges(self) -> list[Edge]:
        found: dict[tuple[int, int], dict[str, None]] = {}
        states: dict[tuple[int, int], set[int]] = {}
        for number, facts in enumerate(self._every):
            for layer in facts.built.graph.layers:
                target = self._box_of[layer.index]
                for slot, bottom in enumerate(layer.bottoms):
                    source = self._source(facts.built, layer, slot)
                    if source != target:
                        pair = (source, target)
                        found.setdefault(pair, {})[bottom.name] = None
                        states.setdefault(pair, set()).add(number)
        return [
            Edge(*pair, tuple(map(printable, blobs)), self._when(states[pair]))
            for pair, blobs in found.items()
        ]

    def _source(self, built: Built, layer: Layer, slot: int) -> int:
        """The box of what a layer reads."""
        version = built.graph.source_of(layer, slot)
        if version is None:
            name = layer.bottoms[slot].name
            return self._missing.setdefault(name, len(self._layers) + len(self._missing))
        return self._inputs[version.blob] if version.maker is None else self._made_in(version)

    def _made_in(self, version: Version) -> int:
        assert version.maker is not None
        return self._box_of[version.maker.layer]

    def _titles(self) -> list[str]:
        inputs = [blob.name for blob in self._net.inputs]
        return inputs + [layers[0].name for layers in self._layers[len(inputs) :]]

    def _facts(self) -> dict[int, list[LayerFacts]]:
        """What is told of each layer, in the states that keep it."""
        found: dict[int, list[LayerFacts]] = {}
        for facts in self._every:
            for layer in facts.layers:
                if layer.layer is not None:
                    found.setdefault(layer.layer.index, []).append(layer)
        return found

    def _input_box(self, name: str, group: int | None) -> Box:
        shapes = [facts.built.shapes.get(self._inputs[name]) for facts in self._every]
        lines = ("input", *filter(None, [_shape(shapes)]))
        return Box(printable(name), lines, DATA, ALWAYS, "", False, group)

    def _box(self, number: int, facts: dict[int, list[LayerFacts]], group: int | None) -> Box:
        layers = self._layers[number]
        head, last = layers[0], facts[layers[-1].index]
        losses = [top for layer in layers for top in facts[layer.index][0].tops if top.loss_weight]
        lines = [described(head)]
        if layers[1:]:
            lines.append("+ " + ", ".join(map(described, layers[1:])))
        lines += self._tops(head, last)
        lines += [f"loss × {factor(top.loss_weight)}" for top in losses]
        ends = [name for layer in layers for name in self._ends.get(layer.index, ())]
        outputs = [name for name in ends if name not in {top.name for top in losses}]
        if outputs:
            alone = outputs == [head.name] or len(last[0].tops) == 1
            lines.append("output" if alone else f"output {in_words(outputs)}")
        states = self._states[head.index]
        return Box(
            printable(head.name) or "(no name)",
            tuple(map(printable, lines)),
            family_of(head, bool(losses)),
            self._when(states),
            self._tag(states),
            bool(losses or outputs),
            group,
        )

    def _tops(self, head: Layer, every: list[LayerFacts]) -> Iterator[str]:
        """The shapes of what a box makes, by name unless there is one that is named like it."""
        tops = every[0].tops
        for slot, top in enumerate(tops):
            shape = _shape([facts.tops[slot].shape for facts in every])
            plain = len(tops) == 1 and top.name == head.name
            if top.name.startswith("(") and not shape:
                continue
            if shape or not plain:
                yield shape if plain else f"{top.name} {shape}".rstrip()

    def _outputs(self) -> dict[int, list[str]]:
        """The blobs that nobody reads in some state, by the layers that make them."""
        found: dict[int, dict[str, None]] = {}
        for facts in self._every:
            for version in facts.built.graph.outputs():
                if version.maker is not None:
                    found.setdefault(version.maker.layer, {})[version.blob] = None
        return {layer: list(names) for layer, names in found.items()}

    def _when(self, states: Iterable[int]) -> str:
        there = set(states)
        if len(there) == len(self._every):
            return ALWAYS
        phases = {self._every[number].state.phase for number in there}
        return phases.pop() if len(phases) == 1 else SOME

    def _tag(self, states: list[int]) -> str:
        """When a box is there, in words; nothing if it is in all states."""
        if len(states) == len(self._every):
            return ""
        there = [self._every[number].state for number in states]
        phases = {state.phase for state in there}
        of_phase = [facts.state for facts in self._every if facts.state.phase in phases]
        if len(phases) == 1 and len(of_phase) == len(there):
            return f"{there[0].phase} only"
        return f"in {'; '.join(map(_state_text, there))}"


def _state_text(state: NetState) -> str:
    return printable(str(state))


def _shape(shapes: Sequence[Shape]) -> str:
    """A blob's shape in all states: "64×20×24×24", "64|100×10"; nothing if it is not known."""
    known = [shape for shape in dict.fromkeys(shapes) if shape is not None]
    if not known or all(shape and set(shape) == {None} for shape in known):
        return ""
    if len({len(shape) for shape in known}) > 1:
        return " | ".join(_joined([shape]) for shape in known)
    return _joined(known)


def _joined(shapes: Sequence[tuple[int | None, ...]]) -> str:
    dims = (
        dict.fromkeys("?" if dim is None else str(dim) for dim in at)
        for at in zip(*shapes, strict=True)
    )
    return "×".join("|".join(dim) for dim in dims) or "scalar"
