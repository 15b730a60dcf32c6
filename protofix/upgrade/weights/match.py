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
from typing import Literal, NamedTuple

from protofix.net.layers import Layer
from protofix.net.names import counted
from protofix.net.shapes import Shape, Shapes
from protofix.net.states import NetState
from protofix.net.view import NetView
from protofix.upgrade.weights.mapped import mapped
from protofix.upgrade.weights.stored import LEGACY_DIMS, StoredBlob, StoredLayer, stored_layers
from protofix.upgrade.weights.survey import survey
from protofix.upgrade.weights.wanted import Wanted, filled_parameters, wanted_layers

Kind = Literal["count", "shape", "values", "missing", "ignored", "unchecked", "other net"]

_FATAL = ("count", "shape", "values")
_NO_USE: Kind = "other net"


@dataclass(frozen=True)
class Mismatch:
    """One thing in which net and weights differ.

    Attributes:
        kind: "count", "shape" or "values" if Caffe aborts over it; "missing" for a layer of the net
            that gets no weights, "ignored" for one of the weights that the net has not,
            "unchecked" for one whose parameters the net does not tell, and "other net" if no layer
            takes anything.
        layer: its name; empty if it is about all.
        line: what is to be said of it, in one line.

    """

    kind: Kind
    layer: str
    line: str

    @property
    def fatal(self) -> bool:
        """Whether Caffe aborts when it loads the weights."""
        return self.kind in _FATAL


class PartMatch(NamedTuple):
    """A layer that matches in what the net tells of its parameters, which is not all.

    Attributes:
        layer: its name.
        line: what the net and the weights have, with `?` for what the net does not tell.

    """

    layer: str
    line: str


@dataclass(frozen=True)
class WeightsMatch:
    """How far weights match a net.

    Attributes:
        matched: names of the layers that get all their parameters from the weights.
        partly: the layers that match as far as the net tells their parameters.
        mismatches: everything else, in the order of the weights and then of the net.

    """

    matched: tuple[str, ...]
    partly: tuple[PartMatch, ...]
    mismatches: tuple[Mismatch, ...]

    @property
    def loads(self) -> bool:
        """Whether Caffe loads the weights into the net, be it without some layers."""
        return not any(it.fatal for it in self.mismatches)

    @property
    def useful(self) -> bool:
        """Whether a layer of the net takes anything; if not, they are another net's weights."""
        return not any(it.kind == _NO_USE for it in self.mismatches)


def match_weights(view: NetView, weights: Path) -> WeightsMatch:
    """Hold the layers of a net, in all states that are meant, against a `.caffemodel`.

    Dimensions that the prototxt does not tell match any number, but the layer only partly then.
    Raises WeightsError for anything but a whole binary net, and FileError if the file cannot be
    read.
    """
    with mapped(weights, to_match=True) as file:
        survey(file)  # which refuses whatever is no whole net
        stored = stored_layers(file)
    wanted = wanted_layers(view)
    named = {layer.name for layer in view.net.layers}
    by_name: dict[str, list[Wanted]] = {}
    for one in wanted:
        by_name.setdefault(one.layer.name, []).append(one)
    mismatches: list[Mismatch] = []
    partly: dict[str, PartMatch] = {}
    taken = False
    for source in stored:
        if source.name not in named and source.blobs:
            mismatches.append(_ignored(source))
        for one in by_name.get(source.name, ()):
            taken = taken or bool(one.takes and source.blobs)
            mismatches += _compare(view, one, source)
            for part in _untold(view, one, source):
                partly.setdefault(part.layer, part)
    found = {source.name for source in stored}
    filled = filled_parameters(wanted, found)
    matched = []
    for one in wanted:
        lacking = one.lacking(filled)
        if lacking:
            mismatches.append(_missing(one, one.layer.name in found, lacking))
        elif one.learns:
            matched.append(one.layer.name)
    if not taken and any(one.learns for one in wanted) and not any(it.fatal for it in mismatches):
        mismatches.insert(0, _other_net())
    odd = {it.layer for it in mismatches}
    return WeightsMatch(
        tuple(name for name in dict.fromkeys(matched) if name not in odd and name not in partly),
        tuple(part for name, part in partly.items() if name not in odd),
        tuple(dict.fromkeys(mismatches)),
    )


def _compare(view: NetView, one: Wanted, source: StoredLayer) -> Iterator[Mismatch]:
    """What differs between a layer and the weights of its name, in the states where it does."""
    states: dict[tuple[Kind, str], list[NetState]] = {}
    for state, shapes in one.parameters:
        if state in one.takes:
            for difference in _differences(one.layer, shapes, source.blobs):
                states.setdefault(difference, []).append(state)
    for (kind, said), where in states.items():
        place = f"layer `{source.name}`{view.where(one.layer, where)}"
        yield Mismatch(kind, source.name, f"{place}: {said}")


def _untold(view: NetView, one: Wanted, source: StoredLayer) -> Iterator[PartMatch]:
    """What could not be compared, in the first state and the first parameter where it is so."""
    for state, shapes in one.parameters:
        if state not in one.takes or shapes is None or len(shapes) != len(source.blobs):
            continue
        for index, (shape, blob) in enumerate(zip(shapes, source.blobs, strict=True)):
            if shape is None or None in shape:
                where = [it for it, other in one.parameters if it in one.takes and other == shapes]
                yield PartMatch(
                    source.name,
                    f"layer `{source.name}`{view.where(one.layer, where)}: matches as far as the "
                    f"net tells: parameter {index} is {_dims(shape)} in the net, "
                    f"{_dims(blob.shape)} in the weights",
                )


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
            f"{counted(len(shapes), 'parameter')} in the net, {len(blobs)} in the weights; "
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
        elif blob.values is None:
            yield (
                "unchecked",
                f"parameter {index} has raw data of a type that nobody knows: not counted",
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


def _missing(one: Wanted, taken: bool, lacking: int) -> Mismatch:
    count = max(len(shapes or ()) for _, shapes in one.parameters)
    why = "an earlier layer of that name takes the weights" if taken else "not in the weights"
    name, number = one.layer.name, counted(count, "parameter")
    which = f"its {number}" if lacking == count else f"{lacking} of its {number}"
    return Mismatch("missing", name, f"layer `{name}`: {why}; Caffe fills {which} anew")


def _other_net() -> Mismatch:
    said = "no layer of the net takes anything from these weights, which are those of another net; "
    return Mismatch(_NO_USE, "", f"{said}Caffe loads them without a word and fills all anew")


def _ignored(source: StoredLayer) -> Mismatch:
    blobs = counted(len(source.blobs), "blob")
    return Mismatch(
        "ignored",
        source.name,
        f"layer `{source.name}`: {blobs} in the weights, but the net has no such layer; Caffe "
        "ignores them",
    )


def _dims(shape: Shape) -> str:
    if shape is None:
        return "of unknown shape"
    return " x ".join("?" if dim is None else str(dim) for dim in shape) or "a single number"
