"""The infogain matrix H from files.

A file is nobody's promise: it may be cut short, be something else, or declare a shape it has no
numbers for. Whatever is wrong with one becomes a `MatrixError` of one line; nothing is allocated
for a declared size before the file was seen to hold it.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from protofix.data.npy import MAGIC as NPY_MAGIC
from protofix.infogain.matrix.formats.binaryproto import read_binaryproto
from protofix.infogain.matrix.formats.databases import format_in, read_database
from protofix.infogain.matrix.formats.hdf5 import SUFFIXES as HDF5_SUFFIXES
from protofix.infogain.matrix.formats.hdf5 import file_in_list, read_hdf5
from protofix.infogain.matrix.formats.npy import read_npy
from protofix.infogain.matrix.formats.stored import (
    HDF5_MAGIC,
    Stored,
    read_file,
    regular_size,
)
from protofix.infogain.matrix.formats.text import SUFFIXES as TEXT_SUFFIXES
from protofix.infogain.matrix.formats.text import read_csv
from protofix.infogain.matrix.names import Format
from protofix.infogain.matrix.values import (
    Array,
    InfogainMatrix,
    MatrixError,
    PathLike,
    check_matrix,
    path_text,
    shape_text,
)


def read_matrix(
    path: PathLike, format: Format | None = None, dataset: str | None = None
) -> InfogainMatrix:
    """Read H from a file or a database.

    A folder is the LMDB or the LevelDB that it holds, whose one record is H: a Datum of
    1 x L x L float_data. A file that begins as `.npy` files do is one, likewise HDF5 unless it is
    called a `.binaryproto`; `.csv`, `.txt` and `.tsv` are text with L lines of L numbers between
    commas, semicolons or blanks, or the list that names an HDF5 file, as an HDF5Data layer's
    `source` does; anything else must be a serialized BlobProto, which is how Caffe reads a
    `source` whatever its name is. A blob may have any shape of L * L numbers (legacy num, channels,
    height, width, or `shape`), in float or double, packed or not.

    Args:
        path: the file or folder.
        format: what it is, if that is known better than from its name and beginning.
        dataset: the name of an HDF5 file's dataset, if more than one could be H.

    Raises:
        MatrixError: the file cannot be read, is none of these, or holds no finite square matrix.

    """
    where = path_text(path)
    if format is None:
        format = _format_of(path, where)
    name = None
    if format == "hdf5":
        name, found = _read_hdf5(path, dataset, where)
        where = f"{where}, dataset {path_text(name)}"
    elif dataset is not None:
        raise MatrixError(f"{where}: is {format}, and only HDF5 has datasets to name")
    elif format == "lmdb" or format == "leveldb":
        found = read_database(path, format, where)
    else:
        content = read_file(path, where, as_blob=format == "binaryproto")
        readers = {"npy": read_npy, "csv": read_csv, "binaryproto": read_binaryproto}
        found = readers[format](content, where)
    values = square(found, where)
    return InfogainMatrix(values, found.numbers.shape, format, Path(path), found.dtype, name)


def read_source(path: PathLike) -> InfogainMatrix:
    """Read H as Caffe reads the file that `infogain_loss_param.source` names: as a BlobProto only.

    Raises:
        MatrixError: it is none, or holds no finite square matrix.

    """
    where = path_text(path)
    content = read_file(path, where, as_blob=True)
    if content.startswith(NPY_MAGIC):
        raise MatrixError(
            f"{where}: a .npy file, and Caffe reads a source as a .binaryproto:"
            " protofix matrix convert makes one"
        )
    found = read_binaryproto(content, where)
    values = square(found, where)
    return InfogainMatrix(values, found.numbers.shape, "binaryproto", Path(path), found.dtype)


def read_h5_matrix(path: PathLike, dataset: str | None = None) -> tuple[str, Array]:
    """Read H as an HDF5Data layer would: a 1 x 1 x L x L dataset at the file's root.

    Args:
        path: the HDF5 file (not the list of files that the layer's `source` names).
        dataset: the dataset's name, which is the layer's top; None if the file holds one only
            that can be H.

    Returns:
        The dataset's name, and H, L x L, float64, read-only.

    Raises:
        MatrixError: h5py is missing, the file cannot be read, or no dataset, or more than one, is
            a 1 x 1 x L x L matrix of float32 or float64.

    """
    where = path_text(path)
    name, found = read_hdf5(path, dataset, where)
    return name, square(found, f"{where}, dataset {path_text(name)}")


def _format_of(path: PathLike, where: str) -> Format:
    """What a file is, from its name and its beginning."""
    database = format_in(path) if os.path.isdir(path) else None
    if database is not None:
        return database
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    beginning = _beginning(path, where)
    if beginning.startswith(NPY_MAGIC) or suffix == ".npy":
        return "npy"
    if suffix in HDF5_SUFFIXES or (beginning == HDF5_MAGIC and suffix != ".binaryproto"):
        return "hdf5"
    if suffix in TEXT_SUFFIXES:
        return "csv" if file_in_list(path, where) is None else "hdf5"
    return "binaryproto"


def _beginning(path: PathLike, where: str) -> bytes:
    regular_size(path, where)
    with open(path, "rb") as stream:
        return stream.read(len(HDF5_MAGIC))


def _read_hdf5(path: PathLike, dataset: str | None, where: str) -> tuple[str, Stored]:
    """The dataset of an HDF5 file, or of the one that a list names."""
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    if suffix not in HDF5_SUFFIXES and _beginning(path, where) not in (HDF5_MAGIC, b""):
        listed = file_in_list(path, where, surely=True)
        if listed is not None:
            return read_hdf5(listed, dataset, f"{where}: {path_text(listed)}", any_square=True)
    return read_hdf5(path, dataset, where, any_square=True)


def square(found: Stored, where: str) -> Array:
    """Make the L x L matrix of a file's numbers in their declared shape."""
    numbers = found.numbers
    classes = math.isqrt(numbers.size)
    if classes * classes != numbers.size:
        raise MatrixError(
            f"{where}: {shape_text(numbers.shape)} are {numbers.size} numbers,"
            f" which are not L x L for any L"
        )
    values = numbers.reshape(classes, classes)
    check_matrix(values, None, where)
    values.setflags(write=False)
    return values
