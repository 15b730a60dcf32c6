"""The infogain matrix H to files, in any of the forms that can be read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from protofix.files import FileError, NewFile, write_files
from protofix.infogain.matrix.formats.binaryproto import BlobShape, write_binaryproto
from protofix.infogain.matrix.formats.databases import folder_of, strangers_in, write_database
from protofix.infogain.matrix.formats.hdf5 import write_hdf5
from protofix.infogain.matrix.formats.npy import write_npy
from protofix.infogain.matrix.formats.text import write_csv
from protofix.infogain.matrix.names import FORMATS, DType, Format
from protofix.infogain.matrix.narrowing import narrowed, narrowing
from protofix.infogain.matrix.values import Array, MatrixError, PathLike, check_matrix, path_text

DATASET = "infogain_H"
"""What the dataset of an HDF5 file is called unless a name is given."""

_SUFFIXES: dict[str, Format] = {
    ".binaryproto": "binaryproto",
    ".npy": "npy",
    ".csv": "csv",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
}
_TITLES = {"lmdb": "LMDB", "leveldb": "LevelDB"}


def format_named(path: PathLike) -> Format:
    """The form that a file or folder to be written is to have, by its name.

    Raises:
        MatrixError: the name does not tell.

    """
    name = os.path.basename(os.path.normpath(path)).lower()
    suffix = os.path.splitext(name)[1]
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    for folder in ("leveldb", "lmdb"):
        if name.endswith(folder):
            return "leveldb" if folder == "leveldb" else "lmdb"
    raise MatrixError(
        f"{path_text(path)}: the name tells no format: end it in .binaryproto, .npy, .csv, .h5,"
        f" _lmdb or _leveldb, or give one of {', '.join(FORMATS)} with --to"
    )


def dtype_for(
    values: Array, format: Format, dtype: DType | None = None, where: str = "infogain matrix H"
) -> DType:
    """What H is written in: as asked for, else float32 if nothing is lost by it, else float64.

    Args:
        values: L x L, finite.
        format: the form it is written in. Text is always of float64, which holds every float32.
        dtype: what was asked for; float32 narrows on purpose.
        where: what an error names as the place.

    Raises:
        MatrixError: the form holds float32 only and the numbers are not, or float64 was asked for;
            or a number is beyond float32's largest (3.4e38) and float32 was asked for.

    """
    title = _TITLES.get(format)
    if title and dtype == "float64":
        raise MatrixError(f"{where}: {title} holds H in float32 only, it cannot hold float64")
    if dtype == "float32":
        beyond = np.argwhere(~np.isfinite(narrowed(values)))
        if beyond.size:
            row, column = (int(i) for i in beyond[0])
            raise MatrixError(
                f"{where}: row {row}, column {column} (from 0) is {values[row, column]:g},"
                f" Caffe's float32 ends at 3.4e38"
            )
    if dtype is not None:
        return dtype
    lost = narrowing(values)
    if not lost.changed:
        return "float32"
    if title:
        raise MatrixError(
            f"{where}: {title} holds H in float32 only, and {lost}; --dtype float narrows on"
            " purpose"
        )
    return "float64"


def files_of_matrix(
    values: ArrayLike,
    path: PathLike,
    format: Format | None = None,
    *,
    dtype: DType | None = None,
    shape: BlobShape | None = None,
    dataset: str = DATASET,
) -> tuple[NewFile, ...]:
    """Make the files that hold H; `save` writes them.

    Args:
        values: L x L.
        path: the file, or the folder of an LMDB or a LevelDB.
        format: the form; None to go by the path, as `format_named` does.
        dtype: what the numbers are held in; float32 narrows those that are none. None loses
            nothing: float32 if each number is one, else float64.
        shape: of a binaryproto: "legacy" (the default) for num 1, channels 1, height L, width L,
            which any Caffe reads, "new" for L x L.
        dataset: its name in an HDF5 file, which is the top of the HDF5Data layer.

    Returns:
        One file; with HDF5 its list beside it too, which the layer's `source` names; for a database
        all files of its folder.

    Raises:
        MatrixError: not square, not finite, the path tells no format, the form cannot hold the
            numbers, or the library that writes it is missing.

    """
    where = path_text(path)
    target = Path(path)
    if format is None:
        format = format_named(path)
    if shape is not None and format != "binaryproto":
        raise MatrixError(f"{where}: is to be {format}, and only a binaryproto has two shapes")
    check_matrix(values, None, where)
    matrix = np.asarray(values, dtype=np.float64)
    dtype = dtype_for(matrix, format, dtype, where)
    if dtype == "float32":
        matrix = narrowed(matrix).astype(np.float64)
    if format == "lmdb" or format == "leveldb":
        made = write_database(matrix, format, where)
        return tuple(NewFile(target / name, content) for name, content in made.items())
    if format == "hdf5":
        if any(character.isspace() for character in target.as_posix()):
            raise MatrixError(
                f"{where}: has a blank, at which the path ends for an HDF5Data layer:"
                " name it without"
            )
        names = target.with_name(f"{target.stem}_list.txt")
        content = write_hdf5(matrix, dtype, dataset, where)
        listed = os.fsencode(target.as_posix()) + b"\n"
        return NewFile(target, content), NewFile(names, listed)
    if format == "npy":
        return (NewFile(target, write_npy(matrix, dtype)),)
    if format == "csv":
        return (NewFile(target, write_csv(matrix)),)
    return (NewFile(target, write_binaryproto(matrix, dtype, shape or "legacy")),)


def save(files: Sequence[NewFile], *, replace: bool = False) -> tuple[Path, ...]:
    """Write the files of H, all of them or none; the folder of a database is made if missing.

    Args:
        files: what `files_of_matrix` made.
        replace: whether files that are there with another content are replaced.

    Returns:
        The files that were written; those that were there already as they are to be were not.

    Raises:
        FileError: they cannot be written, a file is there with another content, or the folder of
            a database holds something else.

    """
    backend = folder_of([file.path.name for file in files])
    if backend is None:
        return write_files(files, replace=replace)
    folder = files[0].path.parent
    if folder.exists() and not folder.is_dir():
        raise FileError(f"{folder}: is a file, and {_TITLES[backend]} is a folder")
    if folder.exists():
        others = strangers_in(folder, backend, [file.path.name for file in files])
        if others:
            raise FileError(
                f"{folder}: holds {others[0]}, which is not of this {_TITLES[backend]}:"
                " name a folder that is new or empty"
            )
    return write_files(files, replace=replace, folder=folder)


def binaryproto_bytes(values: ArrayLike) -> bytes:
    """Return H as a serialized BlobProto, for a layer's `infogain_loss_param.source`.

    Float data with the legacy dimensions num 1, channels 1, height L, width L: the one form that
    Caffe reads before and after InfogainLoss took the softmax in. Each number becomes the nearest
    float32 (ties to even), which is what Caffe computes with; numbers that are float32 already are
    kept exactly, and ones nearer to 0 than float32's smallest (1.4e-45) may become 0.

    Args:
        values: L x L.

    Raises:
        MatrixError: not square, not finite, or a number is beyond float32's largest (3.4e38).

    """
    check_matrix(values)
    matrix: Any = np.asarray(values, dtype=np.float64)
    dtype = dtype_for(matrix, "binaryproto", "float32")
    return write_binaryproto(narrowed(matrix).astype(np.float64), dtype)
