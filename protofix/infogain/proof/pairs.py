"""The losses of two nets side by side: which belong together, and what both can be given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protofix.infogain.chains import softmax_axis
from protofix.infogain.losses import class_axis, source_of
from protofix.infogain.proof.heads import COMPUTED_LOSSES, Head, foreign_to_caffe, head_of
from protofix.net.build import Built, build
from protofix.net.graph import Graph, Version, build_graph
from protofix.net.layers import Layer
from protofix.net.purpose import is_loss
from protofix.net.shapes import Shape, canonical_axis, merged
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.net.which_caffe import CAFFE_1_0

NOT_OF_CLASSES = "it is no loss of classes"
"""Why a loss is compared as text."""

OTHER_SCORES = "the two nets read different scores"
"""Why a loss of classes cannot be computed in both nets."""

UNMADE = "no layer makes the scores that both nets read: give the whole net"
"""Why neither of two fragments can be computed."""

_LARGEST_SIDE = 3
"""Sides of maps are taken short: what they are does not matter, that they are does."""
_CLASSES = 5
"""The number of classes where nothing tells it."""
_MOST_CLASSES = 2_000
"""Random numbers for more classes would prove no more and take gigabytes."""


@dataclass(frozen=True, eq=False)
class LossPair:
    """A loss of both nets in one state."""

    state: NetState
    old_built: Built
    new_built: Built
    old: Layer
    new: Layer


@dataclass(frozen=True, eq=False)
class Heads:
    """The parts of both nets from the same scores to a loss.

    The n-th of `old.scores` is the n-th of `new.scores`.
    """

    old: Head
    new: Head

    @property
    def labels(self) -> tuple[Version, Version] | None:
        """What both read as labels."""
        ours, theirs = self.old.label, self.new.label
        return (ours, theirs) if ours is not None and theirs is not None else None

    @property
    def begin_with_probabilities(self) -> bool:
        """Whether a Log layer takes what both heads begin with for probabilities."""
        begin = {version.number for version in self.new.scores}
        return any(
            layer.type == "Log"
            and (source := self.new.graph.source_of(layer, 0)) is not None
            and source.number in begin
            for layer in self.new.layers
        )

    def axes(self) -> list[int]:
        """The class axis of each of the scores, as far as the layers that read them tell."""
        return [
            _class_axis(self.new, version, shape)
            for version, shape in zip(self.new.scores, self.known_shapes(), strict=True)
        ]

    def known_shapes(self) -> list[Shape]:
        """What is known of the shapes of the scores from either net."""
        return [
            merged(self.old.shape_of(ours), self.new.shape_of(theirs))
            for ours, theirs in zip(self.old.scores, self.new.scores, strict=True)
        ]

    def shapes(self, images: int, classes: int | None, true_size: bool) -> list[tuple[int, ...]]:
        """Shapes to try: so many images and classes, maps short unless the true size is asked for.

        `classes` are those that an H is for; the net's own count goes before it.
        """
        found: list[tuple[int, ...]] = []
        for shape, axis in zip(self.known_shapes(), self.axes(), strict=True):
            if shape is None:
                found.append((images, classes or _CLASSES))
                continue
            dims = []
            for index, dim in enumerate(shape):
                if index == axis:
                    dims.append(_class_count(dim, classes))
                elif true_size:
                    dims.append(dim or (images if index == 0 else _LARGEST_SIDE))
                elif index == 0:
                    dims.append(images)
                else:
                    dims.append(_LARGEST_SIDE if dim is None else min(dim, _LARGEST_SIDE))
            found.append(tuple(dims))
        return found


def pairs_of(old: NetView, new: NetView) -> tuple[list[LossPair], list[str]]:
    """The losses of both nets, state by state, and what has no other, a sentence each."""
    states = dict.fromkeys([*(g.state for g in old.graphs), *(g.state for g in new.graphs)])
    pairs: list[LossPair] = []
    problems: dict[str, None] = {}
    for state in states:
        ours, theirs = _built_in(old, state), _built_in(new, state)
        left, right = _losses(ours.graph), _losses(theirs.graph)
        for one, two in list(_matched(ours, theirs, left, right)):
            pairs.append(LossPair(state, ours, theirs, one, two))
            left.remove(one)
            right.remove(two)
        problems.update(dict.fromkeys(f"in {state} the loss `{one.name}` is gone" for one in left))
        problems.update(dict.fromkeys(f"in {state} the loss `{one.name}` is new" for one in right))
    return pairs, list(problems)


def _built_in(view: NetView, state: NetState) -> Built:
    for built in view.built:
        if built.graph.state == state:
            return built
    return build(build_graph(view.net, state), CAFFE_1_0)


def _losses(graph: Graph) -> list[Layer]:
    return [layer for layer in graph.layers if is_loss(layer)]


def _matched(
    old: Built, new: Built, left: Sequence[Layer], right: Sequence[Layer]
) -> Iterator[tuple[Layer, Layer]]:
    """By their names; if as many are left, by what they read and have, and else by their order."""
    rest = list(right)
    alone = []
    for one in left:
        other = next((two for two in rest if two.name == one.name), None)
        if other is None:
            alone.append(one)
        else:
            rest.remove(other)
            yield one, other
    if len(alone) != len(rest):
        return
    for likeness in (_scores_h_and_weight, _scores_and_h, _scores, _nothing):
        for one in list(alone):
            wanted = likeness(old, one)
            two = next((it for it in rest if likeness(new, it) == wanted), None)
            if two is not None:
                alone.remove(one)
                rest.remove(two)
                yield one, two


def _scores_h_and_weight(built: Built, loss: Layer) -> tuple[object, ...]:
    return *_scores_and_h(built, loss), loss.loss_weights or (1.0,)


def _scores_and_h(built: Built, loss: Layer) -> tuple[object, ...]:
    third = built.graph.source_of(loss, 2)
    maker = built.graph.maker_of(third) if third else None
    return *_scores(built, loss), source_of(loss), maker and maker.name


def _scores(built: Built, loss: Layer) -> tuple[object, ...]:
    head = head_of(built, loss)
    return loss.type not in COMPUTED_LOSSES and loss.type, *(_key(head, it) for it in head.scores)


def _nothing(built: Built, loss: Layer) -> tuple[object, ...]:
    return ()


def heads_of(pair: LossPair) -> Heads | str:
    """Both heads of a pair, cut at the same scores; or why they are not to be compared."""
    if pair.old.type not in COMPUTED_LOSSES or pair.new.type not in COMPUTED_LOSSES:
        return NOT_OF_CLASSES
    for loss in (pair.old, pair.new):
        foreign = foreign_to_caffe(loss)
        if foreign:
            return foreign
    old, new = head_of(pair.old_built, pair.old), head_of(pair.new_built, pair.new)
    for _ in range(len(pair.old_built.graph.layers) + len(pair.new_built.graph.layers)):
        missing = _unmatched(old, new)
        longer = next((h for v in missing if (h := new.extended(v)) is not None), None)
        if longer is not None:
            new = longer
            continue
        missing = _unmatched(new, old)
        longer = next((h for v in missing if (h := old.extended(v)) is not None), None)
        if longer is None:
            break
        old = longer
    if not old.scores and not new.scores:
        return UNMADE
    if not old.scores or len(old.scores) != len(new.scores):
        return OTHER_SCORES
    keys = {_key(new, version): version for version in new.scores}
    order = [keys.get(_key(old, version)) for version in old.scores]
    if len(new.scores) > 1 and None not in order:
        ordered = tuple(version for version in order if version is not None)
        new = Head(new.graph, new.built, new.loss, new.layers, ordered)
    return Heads(old, new)


def _unmatched(one: Head, other: Head) -> list[Version]:
    """The scores of `other` that `one` does not have."""
    own = {_key(one, version) for version in one.scores}
    return [version for version in other.scores if _key(other, version) not in own]


def _key(head: Head, version: Version) -> tuple[str, int, str]:
    maker = head.graph.maker_of(version)
    if version.maker is None or maker is None:
        return "", 0, version.blob
    return maker.name, version.maker.slot, "" if maker.name else version.blob


def _class_count(dim: int | None, classes: int | None) -> int:
    """How many classes to try: the net's own count, short where no H is for so many."""
    if dim is None:
        return classes or _CLASSES
    # An H that does not fit is not to fit the short count either.
    most = max(_MOST_CLASSES, (classes or 0) + 1)
    return dim if dim == classes else min(dim, most)


def _class_axis(head: Head, version: Version, shape: Shape) -> int:
    """The axis along which the classes lie: that of the layer that reads the scores, or 1."""
    rank = len(shape) if shape is not None else 2
    axis = 1
    for layer in head.layers:
        reads = any(
            head.graph.source_of(layer, slot) is version for slot in range(len(layer.bottoms))
        )
        if not reads:
            continue
        if layer.type == "Softmax":
            axis = softmax_axis(layer)
        elif layer.type in ("InfogainLoss", "SoftmaxWithLoss"):
            axis = class_axis(layer)
    index = canonical_axis(axis, rank)
    return min(1, rank - 1) if index is None else index
