"""H as the one record of an LMDB or a LevelDB, as a Data layer reads it.

Both are read by protofix's own readers, which write nothing and look at each byte before they trust
it; they are made by the libraries, in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from caffe_proto import base_schema
from protofix.data import leveldb, lmdb
from protofix.data.backends import MARKS, Backend, backend_of
from protofix.data.bytes import UnreadableError
from protofix.infogain.matrix.formats.stored import Stored, stored
from protofix.infogain.matrix.values import Array, MatrixError, PathLike, SeveralError, shape_text

DatabaseFormat = Literal["lmdb", "leveldb"]
"""The formats of H that are databases."""

FORMATS: Mapping[Backend, DatabaseFormat] = {"LMDB": "lmdb", "LEVELDB": "leveldb"}
"""Each by Caffe's name of it."""

_KEY = b"00000000"
# What the libraries leave in a folder and no reader needs.
_LEFT_BEHIND = {"lmdb": ("lock.mdb",), "leveldb": ("LOCK", "LOG", "LOG.old")}


def format_in(path: PathLike) -> DatabaseFormat | None:
    """What kind of database a folder holds, if it holds one."""
    backend = backend_of(Path(path))
    return FORMATS[backend] if backend else None


def read_database(path: PathLike, backend: DatabaseFormat, where: str) -> Stored:
    """The matrix in a database's one record, 1 x 1 x L x L. Raises MatrixError."""
    from google.protobuf.message import DecodeError

    try:
        database = lmdb if backend == "lmdb" else leveldb
        value = database.first_value(Path(path))
        datum: Any = base_schema().message_class("Datum").FromString(value)
        others = sum(1 for _ in islice(database.values(Path(path)), 1, 2))
    except UnreadableError as error:
        raise MatrixError(f"{where}: {error}; write it with protofix matrix convert") from None
    except OSError as error:  # its message begins with the path of the file in the folder
        raise MatrixError(str(error)) from None
    except DecodeError:
        raise MatrixError(f"{where}: its record is no Datum, which Caffe reads") from None
    if others:
        raise SeveralError(f"{where}: holds more than one record, a Data layer for H reads one")
    if datum.data or datum.encoded:
        raise MatrixError(f"{where}: its record holds an image, H is a Datum of float_data")
    shape = (datum.channels, datum.height, datum.width)
    count = len(datum.float_data)
    if shape[0] != 1 or shape[1] != shape[2] or shape[1] < 1 or shape[1] ** 2 != count:
        raise MatrixError(
            f"{where}: its record is {shape_text(shape)} and holds {count} numbers,"
            f" H is 1 x L x L and holds L x L"
        )
    numbers = np.fromiter(datum.float_data, dtype=np.float32, count=count)
    return stored(numbers.reshape(1, *shape))


def write_database(values: Array, backend: DatabaseFormat, where: str) -> dict[str, bytes]:
    """Make the files of a database with one record of L x L numbers, all of them float32.

    Returns:
        The names in the folder and what is in each, the one by which readers begin at the end.

    Raises:
        MatrixError: the library that writes it is missing.

    """
    datum: Any = base_schema().message_class("Datum")(channels=1)
    datum.height = datum.width = len(values)
    datum.float_data.extend(values.ravel().tolist())
    record = datum.SerializeToString(deterministic=True)
    with tempfile.TemporaryDirectory(prefix="protofix-") as folder:
        (_write_lmdb if backend == "lmdb" else _write_leveldb)(folder, record, where)
        found = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    names = [name for name in found if name not in _LEFT_BEHIND[backend]]
    names.sort(key=lambda name: (name in MARKS.values(), name))
    return {name: found[name] for name in names}


def folder_of(names: Sequence[str]) -> DatabaseFormat | None:
    """Which kind of database files of these names are, if they are one's."""
    return next((FORMATS[one] for one, mark in MARKS.items() if mark in names), None)


def strangers_in(folder: Path, backend: DatabaseFormat, names: Sequence[str]) -> list[str]:
    """What lies in a folder that would not belong to a database of these names in it."""
    own = {*names, *_LEFT_BEHIND[backend]}
    return sorted(path.name for path in folder.iterdir() if path.name not in own)


def _write_lmdb(folder: str, record: bytes, where: str) -> None:
    try:
        import lmdb as library
    except ImportError:
        raise MatrixError(
            f'{where}: writing LMDB needs lmdb, run pip install "protofix[lmdb]"'
        ) from None
    size = len(record) + (1 << 20)  # the pages of the tree, and to spare
    with (
        library.open(folder, map_size=size, lock=False) as environment,
        environment.begin(write=True) as transaction,
    ):
        transaction.put(_KEY, record)


def _write_leveldb(folder: str, record: bytes, where: str) -> None:
    try:
        import plyvel
    except ImportError:
        raise MatrixError(
            f'{where}: writing LevelDB needs plyvel, run pip install "protofix[leveldb]"'
            " (Python up to 3.12)"
        ) from None
    database = plyvel.DB(folder, create_if_missing=True)
    database.put(_KEY, record)
    database.compact_range()
    database.close()
