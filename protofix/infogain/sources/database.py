"""H from a database of one record, as a Data layer reads it."""

from __future__ import annotations

from pathlib import Path

from protofix.data.backends import MARKS, NAMES, Backend, backend_of
from protofix.infogain.matrix.formats.databases import FORMATS
from protofix.infogain.matrix.reading import read_matrix
from protofix.infogain.matrix.values import Array, MatrixError, path_text


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
    name = NAMES[backend]
    if not path.exists():
        raise MatrixError(
            f"{where}: is not there; `protofix matrix convert H.csv {where}` makes it of an H"
        )
    if not path.is_dir():
        raise MatrixError(f"{where}: is a file, and {name} is a folder: name the folder")
    if not (path / MARKS[backend]).exists():
        other = backend_of(path)
        found = f"; it is {NAMES[other]}: give --h-{other.lower()}" if other else ""
        raise MatrixError(f"{where}: is no {name}{found}")
    return read_matrix(path, FORMATS[backend]).values
