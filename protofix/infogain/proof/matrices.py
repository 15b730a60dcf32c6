"""The H that a loss has, where it can be read, and what stands in where it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from protofix.files import NewFile
from protofix.infogain.compute_h import compute_h_weights
from protofix.infogain.losses import source_of
from protofix.infogain.matrix.formats.binaryproto import read_binaryproto
from protofix.infogain.matrix.names import Format
from protofix.infogain.matrix.reading import (
    read_h5_matrix,
    read_matrix,
    read_source,
    square,
)
from protofix.infogain.matrix.values import Array, MatrixError
from protofix.net.graph import Graph
from protofix.net.layers import Layer
from protofix.net.paths import find_file
from protofix.textproto.tree import Document

_MOST_CLASSES = 10_000
_BACKENDS: Mapping[str, Format] = {
    "0": "leveldb",
    "1": "lmdb",
    "LEVELDB": "leveldb",
    "LMDB": "lmdb",
}

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
        if self.kind == "computed":
            # The labels that are ignored count for none, whoever ignores them.
            known = labels[(labels >= 0) & (labels < classes) & (labels != self.ignore_label)]
            return compute_h_weights(known, classes)
        if self.values is None:
            raise ValueError(f"H is not known: {self.origin}")
        if len(self.values) != classes:
            raise ValueError(f"H is for {len(self.values)} classes, the scores have {classes}")
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
    reader = _Reader(document, {file.path.as_posix(): file.content for file in files})
    if len(loss.bottoms) > 2:
        return _of_bottom(loss, graph, reader)
    source = source_of(loss)
    return reader.source(source) if source else LossMatrix("missing", "none yet")


@dataclass(frozen=True)
class _Reader:
    """Finds the files that a net names: among the new ones, then on disk."""

    document: Document
    new: Mapping[str, bytes]

    def source(self, name: str) -> LossMatrix:
        """H from a BlobProto."""

        def read() -> Array:
            if name in self.new:
                return square(read_binaryproto(self.new[name], name), name)
            return read_source(self.path(name)).values

        return self._tried(name, read)

    def hdf5(self, name: str, blob: str) -> LossMatrix:
        """H from the dataset of a blob's name in the first file of a list."""

        def read() -> Array:
            listing = self.new[name] if name in self.new else self.path(name).read_bytes()
            files = listing.decode("utf-8").split()
            if not files:
                raise MatrixError(f"{name}: names no file")
            return read_h5_matrix(self.path(files[0]), blob)[1]

        return self._tried(name, read)

    def database(self, name: str, backend: Format) -> LossMatrix:
        """H from the one Datum of a database."""
        return self._tried(name, lambda: read_matrix(self.path(name), backend).values)

    def path(self, name: str) -> Path:
        """Where a file is. Raises `FileNotFoundError`."""
        found = find_file(name, self.document.source.path)
        if found is None:
            raise FileNotFoundError(name)
        return found

    @staticmethod
    def _tried(name: str, read: Callable[[], Array]) -> LossMatrix:
        try:
            values = read()
        except FileNotFoundError:
            return LossMatrix("unknown", f"{name} is not here")
        except (OSError, ValueError):
            return LossMatrix("unknown", f"{name} cannot be read")
        return LossMatrix("read", name, values, len(values))


def _of_bottom(loss: Layer, graph: Graph, reader: _Reader) -> LossMatrix:
    version = graph.source_of(loss, 2)
    maker = graph.maker_of(version) if version else None
    if version is None or maker is None:
        return LossMatrix("unknown", f"what makes `{loss.bottoms[2].name}` is not in the net")
    if maker.type == "Python" and maker.values("python_param").string("layer") == "ComputeH":
        computed = _compute_h(maker.values("python_param").string("param_str"))
        if computed is not None:
            return computed
    if maker.type == "HDF5Data":
        return reader.hdf5(maker.values("hdf5_data_param").string("source") or "", version.blob)
    if maker.type == "Data":
        param = maker.values("data_param")
        written = param.scalars("backend")
        backend = _BACKENDS.get(written[-1].value if written else "LEVELDB", "leveldb")
        return reader.database(param.string("source") or "", backend)
    return LossMatrix("unknown", f"what {maker.type} `{maker.name}` makes is not known")


def _compute_h(param_str: str | None) -> LossMatrix | None:
    """What a ComputeH's JSON says, under its own names or the web's."""
    try:
        params = json.loads(param_str or "")
        classes = params.get("classes", params.get("n_classes"))
        ignored = params.get("ignore_label")
    except (ValueError, AttributeError, RecursionError):
        return None
    if type(classes) is not int or not 0 < classes <= _MOST_CLASSES:
        return None
    if ignored is not None and type(ignored) is not int:
        return None
    return LossMatrix("computed", "ComputeH, of each batch's labels", None, classes, ignored)


def stand_in(classes: int) -> LossMatrix:
    """An H of random numbers from 0 to 2, the same each time."""
    values = np.random.default_rng(classes).uniform(0, 2, (classes, classes))
    return LossMatrix("read", "random numbers", values, classes)
