"""H from a database of one record, as a Data layer reads it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from protofix.data import leveldb, lmdb
from protofix.infogain.matrix.reading import read_matrix
from protofix.infogain.matrix.values import Array, MatrixError, path_text
from protofix.infogain.sources.ways import Backend

_NAMES: dict[Backend, str] = {"LMDB": "LMDB", "LEVELDB": "LevelDB"}
_MARKS: dict[Backend, str] = {"LMDB": lmdb.DATA, "LEVELDB": leveldb.CURRENT}


def read_database_matrix(path: Path, backend: Backend) -> Array:
    """Read the H that a Data layer with `batch_size: 1` gives at each iteration.

    Args:
        path: the database's folder.
        backend: what kind of database it is to be.

    Returns:
        H, L x L, float64, read-only.

    Raises:
        MatrixError: it is not there, is no such database, or does not hold one record alone that
            is an H: a Datum of 1 x L x L numbers in `float_data`.

    """
    where = path_text(path)
    name = _NAMES[backend]
    if not path.exists():
        raise MatrixError(
            f"{where}: is not there; `protofix matrix convert H.csv {where}` makes it of an H"
        )
    if not path.is_dir():
        raise MatrixError(f"{where}: is a file, and {name} is a folder: name the folder")
    if not (path / _MARKS[backend]).exists():
        other = next((one for one in _NAMES if (path / _MARKS[one]).exists()), None)
        found = f"; it is {_NAMES[other]}: give --h-{other.lower()}" if other else ""
        raise MatrixError(f"{where}: is no {name}{found}")
    values = read_matrix(path, "lmdb" if backend == "LMDB" else "leveldb").values
    records = lmdb.values(path) if backend == "LMDB" else leveldb.values(path)
    if len(list(islice(records, 2))) > 1:
        raise MatrixError(
            f"{where}: holds more than one record, so that each iteration would take another H: "
            "give a database of one"
        )
    return values
