"""The H that a loss has, where it can be read, and what stands in where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from protofix.files import NewFile
from protofix.infogain.compute_h import compute_h_weights
from protofix.infogain.given_by import GivenBy, compute_h_params, given_by
from protofix.infogain.losses import infogain_losses
from protofix.infogain.matrix.given import GivenFiles
from protofix.infogain.matrix.values import Array
from protofix.net.graph import Graph
from protofix.net.layers import Layer
from protofix.net.view import view_of
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

    """

    kind: Kind
    origin: str
    values: Array | None = None
    classes: int | None = None
    ignore_label: int | None = None

    def of_batch(self, labels: NDArray[np.int64], classes: int) -> Array:
        """H for a batch. Raises ValueError if its classes are others, or it is not known."""
        if self.kind == "identity":
            return np.eye(classes)
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
    """Whether two losses have the same H as far as can be told, in Caffe's float32."""
    if one.kind != other.kind:
        return _is_identity(one) and _is_identity(other)
    if one.values is not None and other.values is not None:
        with np.errstate(over="ignore"):
            return np.array_equal(one.values.astype(np.float32), other.values.astype(np.float32))
    return (one.classes, one.ignore_label, one.origin) == (
        other.classes,
        other.ignore_label,
        other.origin,
    ) or one.kind in ("identity", "missing")


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
    if given is None:
        return _of_nobody(loss, graph)
    if given.way == "compute-h":
        return _computed(given)
    reader = GivenFiles(
        document.source.path, {file.path.as_posix(): file.content for file in files}
    )
    try:
        values = reader.read(given)
    except FileNotFoundError:
        return LossMatrix("unknown", f"{given.name} is not here")
    except (OSError, ValueError):
        return LossMatrix("unknown", f"{given.name} cannot be read")
    return LossMatrix("read", given.name, values, len(values))


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
    return _unknown_of(maker)


def _computed(given: GivenBy) -> LossMatrix:
    """What a ComputeH layer says that it makes."""
    params = compute_h_params(given.layer.values("python_param").string("param_str"))
    if params is None:
        return _unknown_of(given.layer)
    origin = "ComputeH, of each batch's labels"
    return LossMatrix("computed", origin, None, params.classes, params.ignore_label)


def _unknown_of(maker: Layer) -> LossMatrix:
    return LossMatrix("unknown", f"what {maker.type} `{maker.name}` makes is not known")


def stand_in(classes: int) -> LossMatrix:
    """An H of random numbers from 0 to 2, the same each time."""
    values = np.random.default_rng(classes).uniform(0, 2, (classes, classes))
    return LossMatrix("read", "random numbers", values, classes)
