"""The layers that make H: what each says, and the files it needs."""

from __future__ import annotations

import json
import keyword
import sys
from pathlib import Path
from typing import Protocol

from protofix.files import NewFile
from protofix.infogain.compute_h import compute_h_source
from protofix.infogain.matrix.reading import read_h5_matrix
from protofix.infogain.matrix.values import check_matrix
from protofix.infogain.sources.database import read_database_matrix
from protofix.infogain.sources.ways import (
    FromDatabase,
    FromHdf5,
    FromLabels,
    GivenMatrix,
    SourceError,
)
from protofix.net.layers import Layer
from protofix.net.values import integer_of
from protofix.textproto.layout import Block
from protofix.textproto.literals import encode_string

_TOP = "infogain_H"


class MatrixLayer(Protocol):
    """A layer that makes H for one loss or for several.

    `type` and `v1_type` are its type in today's format and in V1, None where that has none. `top`
    is the name its blob should have, and must have if it is `fixed`. What it reads can be open but
    once at a time if it is `exclusive`.
    """

    type: str
    v1_type: str | None
    top: str
    fixed: bool
    exclusive: bool
    matrix: GivenMatrix | None
    files: tuple[NewFile, ...]
    note: str

    def classes(self, known: int | None, loss: Layer) -> int:
        """The number of classes that H is for, where the net knows so many. Raises if they differ.

        The errors are `SourceError` and `MatrixError`.
        """

    def key(self, loss: Layer) -> tuple[object, ...]:
        """What is alike in two losses that can share a layer."""

    def bottoms(self, loss: Layer) -> list[str]:
        """The blobs that the layer reads."""

    def params(self, loss: Layer, classes: int, quote: str) -> Block:
        """The message of parameters that makes the layer what it is."""


def layer_of(way: FromLabels | FromHdf5 | FromDatabase, folder: Path) -> MatrixLayer:
    """The layer of a way, its files to lie in `folder`. Raises `SourceError`, `MatrixError`."""
    if isinstance(way, FromLabels):
        return _ComputeLayer(way, folder)
    return _Hdf5Layer(way, folder) if isinstance(way, FromHdf5) else _DatabaseLayer(way)


class _ComputeLayer:
    """The Python layer that computes H from the labels."""

    type = "Python"
    v1_type: str | None = None
    top = _TOP
    fixed = False
    exclusive = False
    matrix: GivenMatrix | None = None

    def __init__(self, way: FromLabels, folder: Path) -> None:
        name = way.module
        if (
            not (name.isascii() and name.isidentifier())
            or keyword.iskeyword(name)
            or name in ("print", "exec")  # keywords of Python 2.7
        ):
            raise SourceError(f"--h-module {name!r} is no module name: use letters and _")
        if name in sys.stdlib_module_names or name in ("caffe", "numpy", "google", "protofix"):
            raise SourceError(f"--h-module {name} would hide the module of that name: take another")
        self.way = way
        path = folder / f"{way.module}.py"
        self.files: tuple[NewFile, ...] = (NewFile(path, compute_h_source().encode("ascii")),)
        self.note = f"its module is {path}: its folder must be on PYTHONPATH when Caffe runs"

    def classes(self, known: int | None, loss: Layer) -> int:
        if len(loss.bottoms) < 2:
            raise SourceError(f"`{loss.name}` has no label as second bottom to compute H from")
        asked = self.way.classes
        if asked is not None and known is not None and asked != known:
            raise SourceError(f"--classes {asked}, but `{loss.name}` has {known} classes")
        count = asked or known
        if count is None:
            raise SourceError(
                f"the number of classes of `{loss.name}` cannot be told from the net: "
                "give --classes"
            )
        return count

    def key(self, loss: Layer) -> tuple[object, ...]:
        return (loss.bottoms[1].name, _ignore_label(loss))

    def bottoms(self, loss: Layer) -> list[str]:
        return [loss.bottoms[1].name]

    def params(self, loss: Layer, classes: int, quote: str) -> Block:
        written: dict[str, int] = {"classes": classes}
        ignored = _ignore_label(loss)
        if ignored is not None:
            written["ignore_label"] = ignored
        fields = (
            Block("module", encode_string(self.way.module, quote)),
            Block("layer", encode_string("ComputeH", quote)),
            # JSON needs double quotes, so these are single whatever the file's are.
            Block("param_str", encode_string(json.dumps(written), "'")),
        )
        return Block("python_param", fields)


class _FromData:
    """What layers that read an H at hand have in common."""

    def __init__(self, matrix: GivenMatrix) -> None:
        self.matrix: GivenMatrix | None = matrix
        self._values = matrix.values
        self._path = matrix.path

    def classes(self, known: int | None, loss: Layer) -> int:
        check_matrix(self._values, known, f"{self._path}, for `{loss.name}`")
        return int(self._values.shape[0])

    def key(self, loss: Layer) -> tuple[object, ...]:
        return ()

    def bottoms(self, loss: Layer) -> list[str]:
        return []


class _Hdf5Layer(_FromData):
    """The HDF5Data layer that reads H anew at each iteration."""

    type = "HDF5Data"
    v1_type: str | None = "HDF5_DATA"
    fixed = True  # The blob has the dataset's name.
    exclusive = False

    def __init__(self, way: FromHdf5, folder: Path) -> None:
        if any(character.isspace() for character in way.path.as_posix()):
            raise SourceError(
                f"{way.path}: has a blank, at which the path ends for an HDF5Data layer: "
                "name the file without"
            )
        self.top, values = read_h5_matrix(way.path)
        super().__init__(GivenMatrix(values, str(way.path)))
        self.list = folder / f"{way.path.stem}_list.txt"
        self.files: tuple[NewFile, ...] = (NewFile(self.list, f"{way.path.as_posix()}\n".encode()),)
        self.note = f"{self.list} names {way.path} (Caffe looks for both from where it is started)"

    def params(self, loss: Layer, classes: int, quote: str) -> Block:
        fields = (
            Block("source", encode_string(self.list.as_posix(), quote)),
            Block("batch_size", "1"),
        )
        return Block("hdf5_data_param", fields)


class _DatabaseLayer(_FromData):
    """The Data layer that reads the one record of a database anew at each iteration."""

    type = "Data"
    v1_type: str | None = "DATA"
    top = _TOP
    fixed = False
    files: tuple[NewFile, ...] = ()

    def __init__(self, way: FromDatabase) -> None:
        super().__init__(GivenMatrix(read_database_matrix(way.path, way.backend), str(way.path)))
        self.way = way
        self.exclusive = way.backend == "LEVELDB"
        self.note = f"it reads {way.path} (Caffe looks for it from where it is started)"

    def params(self, loss: Layer, classes: int, quote: str) -> Block:
        fields = (
            Block("source", encode_string(self.way.path.as_posix(), quote)),
            Block("batch_size", "1"),
            Block("backend", self.way.backend),
        )
        return Block("data_param", fields)


def _ignore_label(loss: Layer) -> int | None:
    param = loss.param("loss_param")
    return integer_of(param.fields, "ignore_label") if param else None
