"""The H that a loss has, where it can be read, and what stands in where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from protofix.files import NewFile
from protofix.infogain.compute_h import compute_h_weights
from protofix.infogain.given_by import GivenBy, compute_h_params, given_by
from protofix.infogain.losses import infogain_losses
from protofix.infogain.maths import identity
from protofix.infogain.matrix.given import GivenFiles
from protofix.infogain.matrix.values import Array, MatrixError, shape_text
from protofix.infogain.proof.differences import upstream_differences
from protofix.infogain.proof.heads import Era
from protofix.net.graph import Graph, Version
from protofix.net.layers import Layer
from protofix.net.view import view_of
from protofix.textproto.literals import parse_integer
from protofix.textproto.tree import Document

Kind = Literal["read", "computed", "identity", "unknown", "missing"]


@dataclass(frozen=True, eq=False)
class LossMatrix:
    """H of a loss.

    Attributes:
        kind: "read" from a file; "computed" from each batch's labels by a ComputeH layer;
            "identity" for the losses that have no H; "unknown" where it is not here or cannot be
            read; "missing" for an InfogainLoss that has none.
        origin: where it comes from, in words.
        values: L x L, if it was read.
        classes: L, where it is known.
        ignore_label: of the ComputeH layer.
        fault: why Caffe aborts at it, "" if it does not as far as is known.
        legacy_fault: why a Caffe before April 2017 would, where today's does not.
        made: the content of the net that it is, where only the layers that make it tell what.

    """

    kind: Kind
    origin: str
    values: Array | None = None
    classes: int | None = None
    ignore_label: int | None = None
    fault: str = ""
    legacy_fault: str = ""
    made: Version | None = None

    def of_batch(self, labels: NDArray[np.int64], classes: int) -> Array:
        """H for a batch. Raises ValueError if its classes are others, or it is not known."""
        if self.kind == "identity":
            return identity(classes)
        if self.classes not in (None, classes):
            raise ValueError(f"H is for {self.classes} classes, the scores have {classes}")
        if self.kind == "computed":
            # The labels that are ignored count for none, whoever ignores them.
            known = labels[(labels >= 0) & (labels < classes) & (labels != self.ignore_label)]
            return compute_h_weights(known, classes)
        if self.values is None:
            raise ValueError(f"H is not known: {self.origin}")
        return self.values


def same_matrix(one: LossMatrix, other: LossMatrix) -> bool:
    """Whether two losses have the same H as far as can be told, in Caffe's float32.

    What makes them is not looked at: `made_differently` tells of that.
    """
    if one.kind != other.kind:
        return _is_identity(one) and _is_identity(other)
    if one.values is not None and other.values is not None:
        with np.errstate(over="ignore"):
            return np.array_equal(one.values.astype(np.float32), other.values.astype(np.float32))
    if one.kind == "unknown" and one.made is not None and other.made is not None:
        return True
    return (one.classes, one.ignore_label, one.origin) == (
        other.classes,
        other.ignore_label,
        other.origin,
    ) or one.kind in ("identity", "missing")


def made_differently(one: LossMatrix, other: LossMatrix, old: Graph, new: Graph) -> list[str]:
    """In what the layers differ that make the H of two losses, where only they tell what it is."""
    if one.kind != other.kind or one.made is None or other.made is None:
        return []
    if one.kind == "unknown":
        return upstream_differences([(one.made, other.made)], old, new)
    # What a ComputeH is told has been compared already; what it counts has not.
    ours, theirs = _read_by_maker(old, one.made), _read_by_maker(new, other.made)
    if len(ours) != len(theirs):
        return [f"H is made of {len(ours)} → {len(theirs)} blobs"]
    return upstream_differences(list(zip(ours, theirs, strict=True)), old, new)


def _read_by_maker(graph: Graph, version: Version) -> list[Version]:
    maker = graph.maker_of(version)
    slots = range(len(maker.bottoms)) if maker else ()
    found = (graph.source_of(maker, slot) for slot in slots if maker)
    return [source for source in found if source is not None]


def _is_identity(matrix: LossMatrix) -> bool:
    if matrix.kind == "identity":
        return True
    return matrix.values is not None and np.array_equal(matrix.values, np.eye(len(matrix.values)))


def matrix_of(
    loss: Layer, graph: Graph, document: Document, files: Sequence[NewFile] = ()
) -> LossMatrix:
    """The H of a loss in a state; `files` are yet to be written, and named by the net."""
    if loss.type != "InfogainLoss":
        return LossMatrix("identity", "the identity")
    given = given_by(loss, graph)
    made = graph.source_of(loss, 2)
    if given is None:
        return _of_nobody(loss, graph)
    if given.way == "compute-h":
        return _computed(given, made)
    reader = GivenFiles(
        document.source.path, {file.path.as_posix(): file.content for file in files}
    )
    if given.way == "file":
        return _of_file(reader, given.name)
    return replace(_of_layer(reader, given, made), fault=_too_many(given))


def _of_file(reader: GivenFiles, name: str) -> LossMatrix:
    """The H in the file that a loss names itself, which Caffe reads as it sets the loss up."""
    try:
        found = reader.source(name)
    except FileNotFoundError:
        return LossMatrix("unknown", f"{name} is not here")
    except OSError:
        return LossMatrix("unknown", f"{name} cannot be read")
    except MatrixError as error:
        return LossMatrix("unknown", f"{name} cannot be read", fault=str(error))
    size = len(found.values)
    legacy_fault = ""
    if found.shape != (1, 1, size, size):
        legacy_fault = (
            f"{name} is {shape_text(found.shape)}, and the loss before April 2017 takes "
            f"1 x 1 x {size} x {size}: protofix matrix convert --shape legacy makes it so"
        )
    return LossMatrix("read", name, found.values, size, legacy_fault=legacy_fault)


def _of_layer(reader: GivenFiles, given: GivenBy, made: Version | None) -> LossMatrix:
    """The H in the file or database from which a data layer makes it."""
    transform = given.transform
    if transform is None:
        origin = f"what the transform_param of `{given.layer.name}` makes of {given.name}"
        return LossMatrix("unknown", f"{origin} is not known", made=made)
    origin = given.name + transform.in_words
    try:
        values = (reader.read(given) - transform.mean) * transform.scale
    except FileNotFoundError:
        return LossMatrix("unknown", f"{origin} is not here")
    except (OSError, ValueError):
        return LossMatrix("unknown", f"{origin} cannot be read")
    return LossMatrix("read", origin, values, len(values))


def _too_many(given: GivenBy) -> str:
    """Why Caffe aborts at a data layer that gives H more than once a batch."""
    written = given.written("batch_size")
    size = parse_integer(written.value) if written and written.kind == "integer" else 1
    if size == 1:
        return ""
    return f"`{given.layer.name}` gives {size} of H at once by its batch_size, the loss takes 1"


def matrix_problems(document: Document, target: Era) -> list[str]:
    """Why a Caffe would abort at the H of any loss of a net, a sentence each."""
    view = view_of(document)
    found: dict[str, None] = {}
    for loss in infogain_losses(view.net):
        for graph, _ in view.keeping(loss):
            matrix = matrix_of(loss, graph, document)
            fault = matrix.fault or (matrix.legacy_fault if target == "legacy" else "")
            if matrix.kind == "missing":
                fault = "it has neither a third bottom nor a source"
            if fault:
                found[f"in {graph.state} `{loss.name}` cannot have H: {fault}"] = None
    return list(found)


def matrix_files(document: Document) -> Iterator[Path]:
    """The files on disk from which any loss of a net has its H in any state."""
    view, reader = view_of(document), GivenFiles(document.source.path)
    for loss in infogain_losses(view.net):
        for graph, _ in view.keeping(loss):
            given = given_by(loss, graph)
            if given is not None:
                yield from reader.files(given)


def _of_nobody(loss: Layer, graph: Graph) -> LossMatrix:
    """Why it is not known what gives a loss its H."""
    if len(loss.bottoms) < 3:
        return LossMatrix("missing", "none yet")
    version = graph.source_of(loss, 2)
    maker = graph.maker_of(version) if version else None
    if maker is None:
        return LossMatrix("unknown", f"what makes `{loss.bottoms[2].name}` is not in the net")
    return _unknown_of(maker, version)


def _computed(given: GivenBy, made: Version | None) -> LossMatrix:
    """What a ComputeH layer says that it makes."""
    params = compute_h_params(given.layer.values("python_param").string("param_str"))
    if params is None:
        return _unknown_of(given.layer, made)
    origin = "ComputeH, of each batch's labels"
    return LossMatrix("computed", origin, None, params.classes, params.ignore_label, made=made)


def _unknown_of(maker: Layer, made: Version | None) -> LossMatrix:
    return LossMatrix("unknown", f"what {maker.type} `{maker.name}` makes is not known", made=made)


def stand_in(classes: int) -> LossMatrix:
    """An H of random numbers from 0 to 2, the same each time."""
    values = np.random.default_rng(classes).uniform(0, 2, (classes, classes))
    return LossMatrix("read", "random numbers", values, classes)
