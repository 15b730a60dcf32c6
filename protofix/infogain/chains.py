"""Softmax → InfogainLoss and its relatives in every state of a net, and whether it may be fused.

What makes a chain safe to fuse, and what does not, was checked against both layers as Caffe
computed them before and after April 2017; each obstacle below names its reason. The relatives are
other losses that hold the Softmax or Sigmoid in front of them, or that one which does is like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from protofix.infogain.losses import loss_axis
from protofix.infogain.traces import Trace, passes, traces_of
from protofix.net.layers import Layer
from protofix.net.shapes import Shape, canonical_axis, class_count
from protofix.net.values import bool_of, integer_of, integers_of
from protofix.net.view import NetView
from protofix.textproto.tree import Scalar, messages_named, scalars_named

MAP_OBSTACLES = frozenset({"map", "maybe-map"})
"""The obstacles that a person may overrule: the loss then becomes one a position."""


@dataclass(frozen=True)
class Pattern:
    """What a chain is made of: a type of activation, and the types of loss that read it.

    `own_axis` is the axis along which a loss takes its softmax, None where it says none. Where a
    loss of one row of classes an image is all that fusing keeps, `maps` says why; else it is None.
    """

    activation: str
    losses: frozenset[str]
    own_axis: Callable[[Layer], int | None]
    maps: str | None


INFOGAIN = Pattern(
    "Softmax",
    frozenset({"InfogainLoss"}),
    loss_axis,
    "the old layer took one label an image and a matrix over all its positions, the new one a "
    "label a position",
)
"""The chain that all began with."""


class Obstacle(NamedTuple):
    """Why a chain must not be fused."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Chain:
    """A Softmax (or Sigmoid) whose probabilities a loss reads.

    `activations` holds that layer, or one for each state where states have their own. `path` are
    the layers between, nearest to the Softmax first. `scores` is the blob the fused loss shall
    read, along `axis` (as the Softmax writes it), `shape` that blob's shape as far as it is known.
    `written_for` is "fused" where the loss has something that only the fused layer knows, else
    "legacy". Without `obstacles` the chain may be fused; `doubts` are to be said all the same.
    """

    loss: Layer
    activations: tuple[Layer, ...]
    path: tuple[Layer, ...]
    scores: str
    axis: int
    shape: Shape
    written_for: str
    obstacles: tuple[Obstacle, ...]
    doubts: tuple[str, ...]

    @property
    def activation(self) -> Layer:
        """The Softmax to name when one is to be named."""
        return self.activations[0]

    @property
    def is_map(self) -> bool:
        """Whether the scores are, or may be, more than one row of classes an image."""
        return any(obstacle.kind in MAP_OBSTACLES for obstacle in self.obstacles)


def softmax_axis(layer: Layer) -> int:
    """The axis of a Softmax layer."""
    param = layer.param("softmax_param")
    axis = integer_of(param.fields, "axis") if param else None
    return 1 if axis is None else axis


def engine_of(layer: Layer) -> Scalar | None:
    """The engine that a layer's `softmax_param` names, if it does."""
    param = layer.param("softmax_param")
    found = scalars_named(param.fields, "engine") if param else []
    return found[-1] if found else None


def find_chains(view: NetView, pattern: Pattern = INFOGAIN) -> list[Chain]:
    """Every chain of a net, in the order of their losses in the file."""
    found = []
    for loss in (layer for layer in view.net.layers if layer.type in pattern.losses):
        traces = list(traces_of(view, loss, pattern.activation))
        if any(trace.activation for trace in traces):
            found.append(_ChainBuilder(view, pattern, loss, traces).chain())
    return found


class _ChainBuilder:
    def __init__(self, view: NetView, pattern: Pattern, loss: Layer, traces: list[Trace]) -> None:
        self.view = view
        self.pattern = pattern
        self.loss = loss
        self.traces = [trace for trace in traces if trace.activation is not None]
        self.strays = [trace for trace in traces if trace.activation is None]
        self.activations = tuple(dict.fromkeys(t.activation for t in self.traces if t.activation))
        self.path = tuple(dict.fromkeys(layer for t in self.traces for layer in t.path))
        first = self.traces[0]
        self.axis = softmax_axis(self.activations[0])
        self.shape = self._scores_shape(first)
        self.scores = self.activations[0].bottoms[0].name if self.activations[0].bottoms else ""
        fused_only = loss_axis(loss) is not None or len(loss.tops) > 1
        self.written_for = "fused" if fused_only else "legacy"
        self.doubts: list[str] = []

    def chain(self) -> Chain:
        obstacles = tuple(dict.fromkeys(self._obstacles()))
        return Chain(
            loss=self.loss,
            activations=self.activations,
            path=self.path,
            scores=self.scores,
            axis=self.axis,
            shape=self.shape,
            written_for=self.written_for,
            obstacles=obstacles,
            doubts=tuple(dict.fromkeys(self.doubts)),
        )

    def _scores_shape(self, trace: Trace) -> Shape:
        assert trace.activation is not None
        version = trace.graph.source_of(trace.activation, 0)
        return None if version is None else trace.shapes.get(version.number)

    def _obstacles(self) -> Iterator[Obstacle]:
        yield from self._format_obstacles()
        yield from self._state_obstacles()
        for layer in (*self.activations, *self.path):
            # A Split loses a top, so weights of 0, one a top, would be one too many.
            if any(layer.loss_weights) or (layer.loss_weights and layer.type == "Split"):
                weights = ", ".join(f"{weight:g}" for weight in layer.loss_weights)
                reason = f"{layer.type} `{layer.name}` has loss_weight {weights}: it is a loss too"
                yield Obstacle("link-is-a-loss", reason)
        for layer in (*self.activations, *self.path):
            down = scalars_named(layer.fields, "propagate_down")
            if down and not bool_of(layer.fields, "propagate_down", True):
                reason = f"`{layer.name}` has propagate_down false: it keeps the gradient back"
                yield Obstacle("propagate-down", reason)
        for trace in self.traces:
            yield from self._second_activation(trace)
            yield from self._shape_obstacles(trace)

    def _second_activation(self, trace: Trace) -> Iterator[Obstacle]:
        """Fused, the loss would read probabilities again, and look like a chain for ever."""
        assert trace.activation is not None
        version = trace.graph.source_of(trace.activation, 0)
        while version is not None:
            maker = trace.graph.maker_of(version)
            if maker is None or not (
                maker.type == self.pattern.activation or passes(maker, trace.graph.state)
            ):
                return
            if maker.type == self.pattern.activation:
                kind = maker.type.lower()
                reason = f"`{trace.activation.name}` is a {kind} of the {kind} `{maker.name}`"
                yield Obstacle("two-softmaxes", reason)
                return
            version = trace.graph.source_of(maker, 0)

    def _format_obstacles(self) -> Iterator[Obstacle]:
        if self.view.net.mixed:
            reason = "the file mixes `layer` and `layers`, which Caffe refuses: use one of them"
            yield Obstacle("mixed-formats", reason)
        if any(layer.format == 0 for layer in (self.loss, *self.activations, *self.path)):
            reason = "the net is in the V0 format: upgrade it to today's first"
            yield Obstacle("old-format", reason)
        for layer in (*self.activations, *self.path):
            if len(layer.bottoms) != 1:
                reason = f"{layer.type} `{layer.name}` has {len(layer.bottoms)} bottoms, not one"
                yield Obstacle("bottoms", reason)
        if len(self.loss.bottoms) < 2:
            yield Obstacle("no-label", f"`{self.loss.name}` has no label as second bottom")

    def _state_obstacles(self) -> Iterator[Obstacle]:
        if self.strays:
            stray = self.strays[0]
            maker = stray.stopped_at.name if stray.stopped_at else "the net's input"
            reason = (
                f"the states disagree: in {self.traces[0].graph.state} it reads the "
                f"{self.pattern.activation} `{self.activations[0].name}`, in {stray.graph.state} "
                f"what `{maker}` makes"
            )
            yield Obstacle("states-disagree", reason)
        told_apart = {
            (
                layer.bottoms[0].name if layer.bottoms else "",
                softmax_axis(layer),
                engine.value if (engine := engine_of(layer)) else None,
            )
            for layer in self.activations
        }
        if len(told_apart) > 1:
            names = " and ".join(f"`{layer.name}`" for layer in self.activations)
            reason = f"the states disagree: {names} differ in what they read, axis or engine"
            yield Obstacle("states-disagree", reason)
        paths = {tuple(layer.index for layer in trace.path) for trace in self.traces}
        if len(paths) > 1 and any(layer.type in ("Flatten", "Reshape") for layer in self.path):
            reason = "the states disagree: different layers reshape the probabilities"
            yield Obstacle("states-disagree", reason)

    def _shape_obstacles(self, trace: Trace) -> Iterator[Obstacle]:
        shape = self._scores_shape(trace)
        written = self.pattern.own_axis(self.loss)
        if written is not None and not _same_axis(written, self.axis, shape):
            reason = (
                f"Softmax `{self.activations[0].name}` works along axis {self.axis}, "
                f"`{self.loss.name}` along axis {written}"
            )
            yield Obstacle("axes-differ", reason)
        elif self.pattern.maps is None or written is not None:
            # Only a layer that takes a label a position reads an axis.
            yield from self._reshape_obstacles(trace, class_count(shape, self.axis))
        else:
            yield from self._row_obstacles(trace, self.pattern.maps)

    def _row_obstacles(self, trace: Trace, maps: str) -> Iterator[Obstacle]:
        """The scores must be one row of classes an image."""
        shape = self._scores_shape(trace)
        if shape is None:
            evidence = self._map_evidence(trace)
            if self.axis not in (1, -1):
                reason = f"the Softmax works along axis {self.axis} of scores of unknown shape"
                yield Obstacle("unknown-shape", reason)
            elif evidence:
                yield Obstacle("maybe-map", f"`{self.scores}` may be a map: {evidence}")
            else:
                self.doubts.append(
                    f"the shape of `{self.scores}` cannot be told from the file; "
                    "taken to be N x C, one label an image"
                )
            yield from self._reshape_obstacles(trace, None)
            return
        axis = canonical_axis(self.axis, len(shape))
        if axis is None or axis == 0:
            reason = f"the Softmax works along axis {self.axis} of `{self.scores}`, " + (
                "the batch" if axis == 0 else f"which has {len(shape)} axes"
            )
            yield Obstacle("class-axis", reason)
            return
        if shape[axis] == 1 and any(dim not in (1, None) for dim in shape[1:]):
            reason = (
                f"the Softmax works along axis {self.axis} of `{self.scores}`, which has length 1"
            )
            yield Obstacle("class-axis", f"{reason} ({_dims(shape)})")
            return
        others = [dim for index, dim in enumerate(shape) if index not in (0, axis)]
        if any(dim is not None and dim != 1 for dim in others):
            yield Obstacle("map", f"`{self.scores}` is a map ({_dims(shape)}): {maps}")
        elif None in others:
            reason = (
                f"`{self.scores}` ({_dims(shape)}) may be a map, for which the old layer and "
                "the new one mean different losses; the file does not tell its size"
            )
            yield Obstacle("maybe-map", reason)
        yield from self._reshape_obstacles(trace, shape[axis])

    def _map_evidence(self, trace: Trace) -> str | None:
        """What speaks for a map where the shape of the scores is unknown."""
        graph = trace.graph
        label = graph.source_of(self.loss, 1)
        shape = trace.shapes.get(label.number) if label else None
        if shape and any(dim not in (1, None) for dim in shape[1:]):
            return f"its labels are ({_dims(shape)})"
        # Layers of a fork, whose shapes nobody knows, mostly keep a map a map.
        assert trace.activation is not None
        waiting = [graph.source_of(trace.activation, 0)]
        seen: set[int] = set()
        while waiting:
            version = waiting.pop()
            maker = graph.maker_of(version) if version else None
            if version is None or maker is None or version.number in seen:
                continue
            seen.add(version.number)
            shape = trace.shapes.get(version.number)
            if shape is None:
                waiting += [graph.source_of(maker, slot) for slot in range(len(maker.bottoms))]
            elif any(dim != 1 for dim in shape[2:]):
                return f"it is made of `{version.blob}` ({_dims(shape)})"
        return None

    def _reshape_obstacles(self, trace: Trace, classes: int | None) -> Iterator[Obstacle]:
        """Flatten and Reshape on the way must leave one row of classes an image."""
        scores = self._scores_shape(trace) or ()
        axis = canonical_axis(self.axis, len(scores))
        is_map = any(dim != 1 for index, dim in enumerate(scores) if index not in (0, axis))
        for layer in trace.path:
            if layer.type not in ("Flatten", "Reshape"):
                continue
            if is_map:
                reason = (
                    f"{layer.type} `{layer.name}` reshapes probabilities that are or may be a map"
                )
                yield Obstacle("class-axis", reason)
                continue
            result = trace.graph.result_of(layer)
            shape = trace.shapes.get(result.number) if result is not None else None
            if not _keeps_rows(layer, shape, classes):
                reason = f"{layer.type} `{layer.name}` moves the class axis of the probabilities"
                yield Obstacle("class-axis", reason)


def _same_axis(one: int, other: int, shape: Shape) -> bool:
    if one == other:
        return True
    if shape is None:
        return False
    return canonical_axis(one, len(shape)) == canonical_axis(other, len(shape)) is not None


def _keeps_rows(layer: Layer, shape: Shape, classes: int | None) -> bool:
    """Whether a Flatten or Reshape of N x C x 1 x ... leaves N rows of C numbers each."""
    if layer.type == "Flatten":
        param = layer.param("flatten_param")
        first = integer_of(param.fields, "axis") if param else None
        # Behind the batch axis there are only ones beside the classes: any of it may be flattened.
        return first is None or first >= 1 or (shape is not None and len(shape) > 1 and first < -1)
    param = layer.param("reshape_param")
    if param is None:
        return False
    dims = [d for m in messages_named(param.fields, "shape") for d in integers_of(m.fields, "dim")]
    start, count = integer_of(param.fields, "axis") or 0, integer_of(param.fields, "num_axes")
    if start == 1 and count in (None, -1):
        dims = [0, *dims]
    elif start != 0 or count not in (None, -1):
        return False
    if not dims:
        return False
    rows, rest = dims[0], dims[1:]
    # A batch written as -1 or as a number is kept if the classes are.
    rows_kept = rows == 0 or (classes is not None and classes in rest and -1 not in rest)
    row = [dim for dim in rest if dim != 1]
    whole = len(row) == 1 and (row[0] in (0, -1) or row[0] == classes)
    return rows_kept and whole


def _dims(shape: Shape) -> str:
    return " x ".join("?" if dim is None else str(dim) for dim in shape or ())
