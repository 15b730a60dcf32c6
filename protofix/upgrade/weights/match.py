"""Whether weights still match a net, by layer name and by shape, as Caffe will see it.

Caffe gives each layer of a net the blobs of the layer of that name in the weights
(Caffe 1.0, Net::CopyTrainedLayersFrom), and aborts over a count or a shape that differs. Of the
weights only names, shapes and counts are read, never a value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from protofix.net.layers import Layer
from protofix.net.parameters import Shapes, parameters_of
from protofix.net.shapes import Shape
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.upgrade.weights.mapped import mapped
from protofix.upgrade.weights.stored import LEGACY_DIMS, StoredBlob, StoredLayer, stored_layers
from protofix.upgrade.weights.survey import survey

Kind = Literal["count", "shape", "values", "missing", "ignored", "unchecked"]

_FATAL = ("count", "shape", "values")


@dataclass(frozen=True)
class Mismatch:
    """One thing in which net and weights differ.

    Attributes:
        kind: "count", "shape" or "values" if Caffe aborts over it; "missing" for a layer of the net
            that gets no weights, "ignored" for one of the weights that the net has not, and
            "unchecked" for one whose parameters the net does not tell.
        layer: its name.
        line: what is to be said of it, in one line.

    """

    kind: Kind
    layer: str
    line: str

    @property
    def fatal(self) -> bool:
        """Whether Caffe aborts when it loads the weights."""
        return self.kind in _FATAL


@dataclass(frozen=True)
class _Wanted:
    """A layer of the net and, for each state that is meant and has it, what parameters it has.

    `takes` are the states in which it is the first layer of its name: Caffe gives weights to none
    of the others.
    """

    layer: Layer
    parameters: tuple[tuple[NetState, Shapes | None], ...]
    takes: tuple[NetState, ...]

    @property
    def learns(self) -> bool:
        """Whether it has parameters at all, as far as the net tells."""
        return any(shapes for _, shapes in self.parameters)


@dataclass(frozen=True)
class WeightsMatch:
    """How far weights match a net.

    Attributes:
        matched: names of the layers that get all their parameters from the weights.
        mismatches: everything else, in the order of the weights and then of the net.

    """

    matched: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]

    @property
    def loads(self) -> bool:
        """Whether Caffe loads the weights into the net, be it without some layers."""
        return not any(it.fatal for it in self.mismatches)


def match_weights(view: NetView, weights: Path) -> WeightsMatch:
    """Hold the layers of a net, in all states that are meant, against a `.caffemodel`.

    Dimensions that the prototxt does not tell match any number. Raises WeightsError for anything
    but a whole binary net, and FileError if the file cannot be read.
    """
    with mapped(weights) as file:
        survey(file)  # which refuses whatever is no whole net
        stored = stored_layers(file)
    wanted = _wanted(view)
    named = {layer.name for layer in view.net.layers}
    by_name: dict[str, list[_Wanted]] = {}
    for one in wanted:
        by_name.setdefault(one.layer.name, []).append(one)
    mismatches: list[Mismatch] = []
    for source in stored:
        if source.name not in named and source.blobs:
            mismatches.append(_ignored(source))
        for one in by_name.get(source.name, ()):
            mismatches += _compare(view, one, source)
    found = {source.name for source in stored}
    matched = []
    for one in wanted:
        if one.learns and not (one.takes and one.layer.name in found):
            mismatches.append(_missing(one, one.layer.name in found))
        elif one.learns:
            matched.append(one.layer.name)
    odd = {it.layer for it in mismatches}
    return WeightsMatch(
        tuple(name for name in dict.fromkeys(matched) if name not in odd),
        tuple(dict.fromkeys(mismatches)),
    )


def _wanted(view: NetView) -> list[_Wanted]:
    parameters: dict[int, list[tuple[NetState, Shapes | None]]] = {}
    takes: dict[int, list[NetState]] = {}
    for graph, shapes in zip(view.graphs, view.shapes, strict=True):
        seen: set[str] = set()
        for index, found in parameters_of(graph, shapes).items():
            parameters.setdefault(index, []).append((graph.state, found))
            name = view.net.layers[index].name
            if name not in seen:
                takes.setdefault(index, []).append(graph.state)
            seen.add(name)
    return [
        _Wanted(view.net.layers[index], tuple(found), tuple(takes.get(index, ())))
        for index, found in sorted(parameters.items())
    ]


def _compare(view: NetView, one: _Wanted, source: StoredLayer) -> Iterator[Mismatch]:
    """What differs between a layer and the weights of its name, in the states where it does."""
    states: dict[tuple[Kind, str], list[NetState]] = {}
    for state, shapes in one.parameters:
        if state in one.takes:
            for difference in _differences(one.layer, shapes, source.blobs):
                states.setdefault(difference, []).append(state)
    for (kind, said), where in states.items():
        place = f"layer `{source.name}`{view.where(one.layer, where)}"
        yield Mismatch(kind, source.name, f"{place}: {said}")


def _differences(
    layer: Layer, shapes: Shapes | None, blobs: tuple[StoredBlob, ...]
) -> Iterator[tuple[Kind, str]]:
    if shapes is None:
        if blobs:
            kind = f"a layer of type {layer.type}" if layer.type else "a layer without a type"
            yield "unchecked", f"the net does not tell the parameters of {kind}: not compared"
        return
    if len(shapes) != len(blobs):
        yield (
            "count",
            f"{_counted(len(shapes), 'parameter')} in the net, {len(blobs)} in the weights; "
            "Caffe aborts",
        )
        return
    for index, (shape, blob) in enumerate(zip(shapes, blobs, strict=True)):
        if not _fits(shape, blob):
            yield (
                "shape",
                f"parameter {index} is {_dims(shape)} in the net, {_dims(blob.shape)} in the "
                "weights; Caffe aborts: rename the layer to learn it from scratch",
            )
        elif math.prod(blob.shape) != blob.values:
            yield (
                "values",
                f"parameter {index} is {_dims(blob.shape)} and has {blob.values} values in the "
                "weights; Caffe aborts: the file is damaged",
            )


def _fits(shape: Shape, blob: StoredBlob) -> bool:
    """Whether a parameter can take a blob (Caffe 1.0, Blob::ShapeEquals).

    A blob of the old form has four axes, and those that a parameter has less are 1 in front.
    """
    if shape is None:
        return True
    if blob.legacy:
        if len(shape) > len(LEGACY_DIMS):
            return False
        shape = (*[1] * (len(LEGACY_DIMS) - len(shape)), *shape)
    return len(shape) == len(blob.shape) and all(
        dim in (None, stored) for dim, stored in zip(shape, blob.shape, strict=True)
    )


def _missing(one: _Wanted, taken: bool) -> Mismatch:
    count = max(len(shapes or ()) for _, shapes in one.parameters)
    why = "an earlier layer of that name takes the weights" if taken else "not in the weights"
    name = one.layer.name
    return Mismatch(
        "missing",
        name,
        f"layer `{name}`: {why}; Caffe fills its {_counted(count, 'parameter')} anew",
    )


def _ignored(source: StoredLayer) -> Mismatch:
    blobs = _counted(len(source.blobs), "blob")
    return Mismatch(
        "ignored",
        source.name,
        f"layer `{source.name}`: {blobs} in the weights, but the net has no such layer; Caffe "
        "ignores them",
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _dims(shape: Shape) -> str:
    if shape is None:
        return "of unknown shape"
    return " x ".join("?" if dim is None else str(dim) for dim in shape) or "a single number"
