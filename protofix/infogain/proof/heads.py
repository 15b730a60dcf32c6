"""The part of a net between its scores and a loss, computed forward and back.

What stands there learns nothing, so it is the same function in two nets whatever their weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from caffe_proto import base_schema
from protofix.infogain.losses import class_axis
from protofix.infogain.maths import (
    LOG_THRESHOLD,
    Normalization,
    fused_loss,
    identity,
    legacy_loss,
    softmax,
    softmax_backward,
    softmax_with_loss,
)
from protofix.infogain.proof.operations import (
    MAKERS_OF_PROBABILITIES,
    OPERATIONS,
    Array,
    Backward,
    CannotRun,
    can_run,
)
from protofix.net.build import Built
from protofix.net.graph import Graph, Version
from protofix.net.layers import Layer
from protofix.net.shapes import Shape, canonical_axis
from protofix.net.values import enum_of, integer_of
from protofix.textproto.literals import parse_bool
from protofix.textproto.tree import fields_named

Era = Literal["legacy", "fused"]
"""Which InfogainLoss a Caffe has: the one before April 2017, or the one since."""


def refuse_unknown_era(era: Era) -> None:
    """Raise ValueError for a word that is none, as callers without types may give."""
    if era not in get_args(Era):
        raise ValueError(f'the target is "fused" or "legacy", not {era!r}')


COMPUTED_LOSSES = ("InfogainLoss", "MultinomialLogisticLoss", "SoftmaxWithLoss")
"""The losses of classes, which are computed; others are only compared as text."""

_HEEDLESS = ("Flatten", "Reshape", "Softmax")
"""The types that give a gradient whatever propagate_down says, if their layer runs back at all."""

_MODES = tuple(mode.value for mode in Normalization)
_NEARLY_FLOOR = 1e7 * LOG_THRESHOLD
"""Below this the floor shows in the seventh digit, where it is added and no maximum (Log)."""


class LossSettings(NamedTuple):
    """What a loss layer says of itself that changes its numbers."""

    axis: int
    normalization: Normalization
    ignore_label: int | None
    loss_weight: float
    aborts: str | None


@dataclass(frozen=True, eq=False)
class Head:
    """A loss, and the layers before it as far back as they can be computed and matter.

    `layers` are in the net's order and end with the loss; `scores` are the contents that they read
    and none of them makes, apart from labels and H.
    """

    graph: Graph
    built: Built
    loss: Layer
    layers: tuple[Layer, ...]
    scores: tuple[Version, ...]

    @property
    def label(self) -> Version | None:
        """What the loss reads as its labels."""
        return self.graph.source_of(self.loss, 1)

    def shape_of(self, version: Version) -> Shape:
        """The shape of a content, as far as it is known."""
        return self.built.shapes.get(version.number)

    def extended(self, at: Version) -> Head | None:
        """The head with the layer that makes one of its scores; None if that cannot be computed."""
        maker = self.graph.maker_of(at)
        if maker is None or not can_run(maker, self.graph.state.phase):
            return None
        return _head(self.graph, self.built, self.loss, {*self.layers, maker})


class Outcome(NamedTuple):
    """A loss, its gradients at the scores, and the images with a probability below the floor."""

    loss: float
    gradients: tuple[Array, ...]
    underflows: NDArray[np.bool_]

    @property
    def finite(self) -> bool:
        """Whether all of it are numbers."""
        return bool(np.isfinite(self.loss)) and all(
            np.isfinite(one).all() for one in self.gradients
        )


def head_of(built: Built, loss: Layer) -> Head:
    """The part of a net that a loss's numbers hang on.

    It begins at the first layer that makes scores probabilities; with none, at what the loss reads.
    """
    graph = built.graph
    reached = _computed_before(graph, loss)
    found: set[Layer] = set()
    # In the net's order, so that what a layer reads has been told before it.
    for layer in graph.layers:
        if layer not in reached:
            continue
        if layer.type in MAKERS_OF_PROBABILITIES or found.intersection(_makers(graph, layer)):
            found.add(layer)
    return _head(graph, built, loss, {loss, *found})


def _computed_before(graph: Graph, loss: Layer) -> set[Layer]:
    """The layers before a loss from which it can be computed, as far back as there are such."""
    reached: set[Layer] = set()
    first = _maker(graph, loss, 0)
    waiting = [] if first is None else [first]
    while waiting:
        layer = waiting.pop()
        if layer not in reached and can_run(layer, graph.state.phase):
            reached.add(layer)
            waiting += _makers(graph, layer)
    return reached


def _makers(graph: Graph, layer: Layer) -> list[Layer]:
    """The layers that make what a layer reads."""
    found = (_maker(graph, layer, slot) for slot in range(len(layer.bottoms)))
    return [maker for maker in found if maker is not None]


def _maker(graph: Graph, layer: Layer, slot: int) -> Layer | None:
    source = graph.source_of(layer, slot)
    return graph.maker_of(source) if source is not None else None


def _head(graph: Graph, built: Built, loss: Layer, needed: set[Layer]) -> Head:
    layers = tuple(layer for layer in graph.layers if layer in needed)
    made = {
        version.number
        for layer in layers
        for slot in range(len(layer.tops))
        if (version := graph.result_of(layer, slot)) is not None
    }
    scores: dict[int, Version] = {}
    for layer in layers:
        for slot in range(1 if layer is loss else len(layer.bottoms)):
            source = graph.source_of(layer, slot)
            if source is not None and source.number not in made:
                scores.setdefault(source.number, source)
    return Head(graph, built, loss, layers, tuple(scores.values()))


def foreign_to_caffe(loss: Layer) -> str:
    """What a loss has that only a fork's layer computes with, in words; "" if it has none."""
    messages = base_schema().messages
    for name, kind in (("loss_param", "LossParameter"), ("softmax_param", "SoftmaxParameter")):
        param = loss.param(name)
        for field in param.fields if param else ():
            if field.name not in messages[kind].fields:
                return f"`{loss.name}` has {name}.{field.name}, which only forks of Caffe know"
    if loss.type != "InfogainLoss" and len(loss.bottoms) > 2:
        return f"`{loss.name}` reads {len(loss.bottoms)} blobs, which only forks of Caffe take"
    return ""


def settings_of(loss: Layer) -> LossSettings:
    """What a loss says of itself, as today's Caffe reads it."""
    param = loss.param("loss_param")
    fields = param.fields if param else ()
    mode = enum_of(fields, "normalization", _MODES)
    normalize = fields_named(fields, "normalize")
    aborts = None
    if loss.type == "InfogainLoss":
        if normalize:
            aborts = "`normalize` is in its loss_param, on which Caffe aborts"
    elif mode is None and normalize:
        written = normalize[-1].scalars
        mode = "VALID" if written and parse_bool(written[-1].value) else "BATCH_SIZE"
    weights = loss.loss_weights
    if loss.type == "SoftmaxWithLoss" and len(loss.tops) > 1:
        aborts = "it has two tops, and the softmax inside it takes its loss weights for its own"
    elif len(weights) != len(loss.tops) and (weights or len(loss.tops) > 1):
        aborts = f"it has {len(weights)} loss_weight for {len(loss.tops)} tops"
    return LossSettings(
        class_axis(loss),
        Normalization(mode) if mode else Normalization.VALID,
        integer_of(fields, "ignore_label"),
        weights[0] if weights else 1.0,
        aborts,
    )


@dataclass(frozen=True, eq=False)
class Batch:
    """Numbers for the scores of a head, one label a place, and an H if it is to be another.

    With `softmax_axes` what a head is given are the softmaxes of the scores along these axes: it
    begins with probabilities, whoever makes them, and gradients are those at the scores.
    """

    about: str
    scores: tuple[Array, ...]
    labels: NDArray[np.int64]
    matrix: Array | None = None
    softmax_axes: tuple[int, ...] = ()


def scores_at_loss(head: Head, scores: Sequence[Array]) -> Array:
    """What the loss reads when the head is given these scores. Raises `CannotRun`."""
    values, _ = _forward(head, scores)
    return values[_number_of(head.graph.source_of(head.loss, 0))]


def run(
    head: Head,
    era: Era,
    batch: Batch,
    matrix: Callable[[int], Array],
    settings: LossSettings | None = None,
) -> Outcome:
    """Compute a head's loss and its gradients as a Caffe of that era does.

    `matrix` gives H for a number of classes. `settings` may stand for the loss's own.

    Raises `CannotRun` where that Caffe aborts.
    """
    loss = head.loss
    given = batch.scores
    if batch.softmax_axes:
        given = tuple(map(softmax, batch.scores, batch.softmax_axes))
    values, backward = _forward(head, given)
    reads = values[_number_of(head.graph.source_of(loss, 0))]
    setting = settings or settings_of(loss)
    value, gradient, probabilities = _loss(loss, era, reads, batch, matrix, setting)
    images = len(batch.scores[0])
    low = _low_images(probabilities, images)
    for layer, made, _ in backward:
        if layer.type == "Softmax":
            low = low | _low_images(made[0], images)
    gradients = _back(head, values, backward, gradient)
    if batch.softmax_axes:
        for one in given:
            low = low | _low_images(one, images)
        gradients = tuple(map(softmax_backward, gradients, given, batch.softmax_axes))
    return Outcome(value, gradients, low)


def _number_of(version: Version | None) -> int:
    if version is None:
        raise CannotRun("reads a blob that nothing makes")
    return version.number


_Trail = list[tuple[Layer, list[Array], Backward]]


def _forward(head: Head, scores: Sequence[Array]) -> tuple[dict[int, Array], _Trail]:
    graph = head.graph
    values = {version.number: array for version, array in zip(head.scores, scores, strict=True)}
    trail: _Trail = []
    for layer in head.layers:
        if layer is head.loss:
            continue
        bottoms = [
            values[_number_of(graph.source_of(layer, slot))] for slot in range(len(layer.bottoms))
        ]
        try:
            step = OPERATIONS[layer.type](layer, bottoms)
        except CannotRun as error:
            raise CannotRun(f"`{layer.name}` {error}") from None
        trail.append((layer, step.tops, step.backward))
        for slot, top in enumerate(step.tops[: len(layer.tops)]):
            version = graph.result_of(layer, slot)
            if version is not None:
                values[version.number] = top
    return values, trail


def _back(
    head: Head, values: Mapping[int, Array], trail: _Trail, gradient: Array
) -> tuple[Array, ...]:
    graph = head.graph
    sums: dict[int, Array] = {number: np.zeros(array.shape) for number, array in values.items()}
    if _learns_through(head.loss, 0):
        sums[_number_of(graph.source_of(head.loss, 0))] += gradient
    for layer, _, backward in reversed(trail):
        up = [
            sums[version.number]
            for slot in range(len(layer.tops))
            if (version := graph.result_of(layer, slot)) is not None
        ]
        with np.errstate(invalid="ignore", over="ignore"):
            down = backward(up)
        for slot, one in enumerate(down):
            source = graph.source_of(layer, slot)
            shared = source is not None and len(source.readers) > 1
            if _learns_through(layer, slot) or (layer.type in _HEEDLESS and shared):
                sums[_number_of(source)] += one
    return tuple(sums[version.number] for version in head.scores)


def _learns_through(layer: Layer, slot: int) -> bool:
    marks = layer.propagate_down
    return slot >= len(marks) or parse_bool(marks[slot].value) is not False


def _loss(
    loss: Layer,
    era: Era,
    reads: Array,
    batch: Batch,
    matrix: Callable[[int], Array],
    setting: LossSettings,
) -> tuple[float, Array, Array]:
    """A loss's value, its gradient to what it reads, and the probabilities that it takes."""
    legacy = loss.type == "MultinomialLogisticLoss" or (
        loss.type == "InfogainLoss" and era == "legacy"
    )
    if legacy:
        if len(loss.tops) > 1:
            raise CannotRun("has two tops, and the layer makes one")
        if len(batch.labels) != len(reads):
            raise CannotRun("takes one label an image, and the scores are a map")
        dim = reads.size // len(reads)
        infogain = matrix(dim) if loss.type == "InfogainLoss" else identity(dim)
        weight = setting.loss_weight
        with _said():
            value, gradient = legacy_loss(reads, batch.labels, infogain, loss_weight=weight)
        return value, gradient, reads
    # Before 2017 a SoftmaxWithLoss gave its probabilities as a second top.
    if setting.aborts is not None and not (era == "legacy" and loss.type == "SoftmaxWithLoss"):
        raise CannotRun(setting.aborts)
    axis = canonical_axis(setting.axis, reads.ndim)
    if axis is None:
        raise CannotRun(f"has axis {setting.axis} for scores of {reads.ndim} axes")
    compute = (
        partial(softmax_with_loss, reads, batch.labels)
        if loss.type == "SoftmaxWithLoss"
        else partial(fused_loss, reads, batch.labels, matrix(reads.shape[axis]))
    )
    with _said():
        result = compute(
            axis=axis,
            normalization=setting.normalization,
            ignore_label=setting.ignore_label,
            loss_weight=setting.loss_weight,
        )
    return result.loss, result.gradient, result.probabilities


@contextmanager
def _said() -> Iterator[None]:
    """Make what the formulas refuse a reason why Caffe aborts."""
    try:
        with np.errstate(all="ignore"):  # A weight of inf gives what is no number.
            yield
    except CannotRun:
        raise
    except ValueError as error:
        raise CannotRun(f"cannot be computed: {error}") from None


def _low_images(probabilities: Array, images: int) -> NDArray[np.bool_]:
    """The images with a probability below the floor; all of them if they cannot be told apart."""
    low = np.asarray(~(probabilities >= _NEARLY_FLOOR))
    if probabilities.size % images:
        return np.full(images, bool(low.any()))
    return np.asarray(low.reshape(images, -1).any(axis=1))
