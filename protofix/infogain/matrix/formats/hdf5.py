"""H as a dataset of an HDF5 file, as an HDF5Data layer reads it."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.data.hdf5 import most_held
from protofix.infogain.hdf5_lists import files_listed
from protofix.infogain.matrix.formats.stored import (
    LARGEST_FILE,
    Stored,
    dtype_text,
    is_square,
    one_line,
    regular_size,
    stored,
)
from protofix.infogain.matrix.names import DType
from protofix.infogain.matrix.values import Array, MatrixError, PathLike, path_text, shape_text

if TYPE_CHECKING:
    import h5py

SUFFIXES = (".h5", ".hdf5")
"""What the names of such files end in."""

_LONGEST_LIST = 1 << 16


def read_hdf5(
    path: PathLike, dataset: str | None, where: str, *, any_square: bool = False
) -> tuple[str, Stored]:
    """The dataset that is H at the root of a file, and its name. Raises MatrixError.

    It is 1 x 1 x L x L, as an HDF5Data layer reads it, or with `any_square` L x L.
    """
    try:
        import h5py
    except ImportError:
        raise MatrixError(
            f'{where}: reading HDF5 needs h5py, run pip install "protofix[hdf5]"'
        ) from None
    if regular_size(path, where) == 0:
        raise MatrixError(f"{where}: the file is empty, H needs L x L numbers")
    try:
        with h5py.File(os.fspath(path), "r") as file:
            return _picked(file, dataset, where, any_square)
    except MatrixError:
        raise
    # A broken file makes h5py raise whatever its C library's errors map to.
    except Exception as error:
        raise MatrixError(
            f"{where}: cannot be read as HDF5 ({one_line(error)}), write it anew with h5py"
        ) from None


def _picked(
    file: h5py.File, dataset: str | None, where: str, any_square: bool
) -> tuple[str, Stored]:
    """Find the dataset that is H and read it."""
    import h5py

    # Caffe looks datasets up at the root. A link may lead nowhere, or into another file, which is
    # not to be opened for having been named here.
    found = {
        name: file[name]
        for name in file
        if dataset in (None, name)
        and isinstance(file.get(name, getlink=True), h5py.HardLink)
        and file.get(name, getclass=True) is h5py.Dataset
    }
    if not found:
        wanted = "a dataset" if dataset is None else f"the dataset {dataset!a}"
        raise MatrixError(f"{where}: lacks {wanted}, at its root must be one of 1 x 1 x L x L")
    faults = {name: _dataset_fault(item, any_square) for name, item in found.items()}
    good = [name for name, fault in faults.items() if fault is None]
    if len(good) > 1:
        listed = ", ".join(path_text(name) for name in good)
        raise MatrixError(f"{where}: each of {listed} could be H; give a file with one of them")
    if not good:
        # Of several, the one that is square was meant.
        name = min(found, key=lambda name: not is_square(found[name].shape or ()))
        raise MatrixError(f"{where}: dataset {path_text(name)} {faults[name]}")
    return good[0], stored(found[good[0]][()])


def _dataset_fault(item: h5py.Dataset, any_square: bool) -> str | None:
    """Say why a dataset cannot be H, or None."""
    shape: tuple[int, ...] = item.shape or ()
    plain = len(shape) == 2 and is_square(shape)
    if plain and not any_square:
        wanted = shape_text((1, 1, *shape))
        return (
            f"is {shape_text(shape)}, and HDF5Data takes the first axis as the batch:"
            f" store it as {wanted}, which protofix matrix convert does"
        )
    if not plain and (len(shape) != 4 or shape[:2] != (1, 1) or not is_square(shape)):
        return f"is {shape_text(shape)}, it must be 1 x 1 x L x L"
    if item.dtype.kind != "f" or item.dtype.itemsize not in (4, 8):
        return f"holds {dtype_text(item.dtype)}, it must be float32 or float64"
    if item.external or item.is_virtual:
        return "keeps its numbers in other files, they must be in this one"
    if math.prod(shape) * item.dtype.itemsize > min(most_held(item), LARGEST_FILE):
        return f"declares {shape_text(shape)}, more than it holds or than 1 GiB: write it anew"
    return None


def file_in_list(path: PathLike, where: str, *, surely: bool = False) -> Path | None:
    """The HDF5 file that a list names, as an HDF5Data layer's `source` does; None if it is no list.

    Unless it is `surely` a list, its first word must end as the names of HDF5 files do.

    Raises:
        MatrixError: it names no file, more than one, or one that is not there.

    """
    with open(path, "rb") as stream:
        files = files_listed(stream.read(_LONGEST_LIST), path)
    if not surely and not (files and files[0].name.lower().endswith(SUFFIXES)):
        return None
    if files is None or len(files) != 1:
        raise MatrixError(
            f"{where}: neither an HDF5 file nor the list of one: write its path there, without"
            " blanks, and nothing else"
        )
    [listed] = files
    if listed.path is None or not listed.path.is_file():
        raise MatrixError(
            f"{where}: lists {path_text(listed.name)}, which is neither in this folder nor beside"
            " the list"
        )
    return listed.path


def write_hdf5(values: Array, dtype: DType, dataset: str, where: str) -> bytes:
    """Make an HDF5 file with one dataset of 1 x 1 x L x L numbers, which `dtype` must hold.

    Raises:
        MatrixError: h5py is missing, or the dataset's name is none.

    """
    try:
        import h5py
    except ImportError:
        raise MatrixError(
            f'{where}: writing HDF5 needs h5py, run pip install "protofix[hdf5]"'
        ) from None
    if not dataset.isprintable() or dataset.strip("./ ") == "" or "/" in dataset:
        raise MatrixError(
            f"{where}: {dataset!a} is no name of a dataset: give the top's, such as infogain_H"
        )
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        narrow = values.astype("<f4" if dtype == "float32" else "<f8")
        file.create_dataset(dataset, data=narrow.reshape(1, 1, *values.shape))
    return stream.getvalue()
