"""Labels in arrays: `.npy` files and HDF5 datasets, read a block at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from protofix.data.bytes import LARGEST_RECORD, UnreadableError
from protofix.data.counts import NOTHING, LabelCounts
from protofix.data.label_rules import LabelFault, LabelRules
from protofix.data.npy import read_header
from protofix.data.tally import count_items, count_map, count_maps
from protofix.files import open_regular, reading

if TYPE_CHECKING:
    import h5py

Advanced = Callable[[int, int | None], None]
"""Told now and then how much is done, and of how much (None if that is not known)."""

_BLOCK = 1 << 24  # bytes read at once, or one item where that has more
_NUMBERS = "biuf"


class _Array(Protocol):
    """What memory maps and HDF5 datasets have in common."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def __getitem__(self, rows: slice) -> NDArray[Any]: ...


def count_npy(path: Path, rules: LabelRules, advanced: Advanced | None = None) -> LabelCounts:
    """Count the labels of a `.npy` file, whose first axis are the items.

    An item of one number has that label; one of several is a map of labels.

    Raises:
        UnreadableError: it is none, is damaged, or holds what is no label.
        FileError: it cannot be read.

    """
    array = _open_npy(path)
    if not array.shape:
        array = array.reshape(1)
    return _count_rows(array, str(path), rules, advanced)


def count_npy_map(path: Path, rules: LabelRules) -> LabelCounts:
    """Count the labels of a `.npy` file that is one map. Raises as `count_npy` does."""
    array = _open_npy(path)
    if array.nbytes > LARGEST_RECORD:
        raise UnreadableError(f"{path}: has {array.nbytes:,} bytes, which is no map of labels")
    try:
        return count_map(np.asarray(array), rules)
    except LabelFault as fault:
        raise UnreadableError(f"{path}: {fault}") from None


def count_dataset(
    path: Path, name: str, rules: LabelRules, advanced: Advanced | None = None
) -> LabelCounts:
    """Count the labels of a dataset of an HDF5 file, whose first axis are the items.

    An item of one number has that label, as HDF5Data gives it; one of several is a map of labels.

    Raises:
        UnreadableError: the file or the dataset is not there, is damaged, or holds what is no
            label; or h5py is missing.
        FileError: it cannot be read.

    """
    try:
        import h5py
    except ImportError:
        raise UnreadableError(
            f'{path}: reading HDF5 needs h5py: pip install "protofix[hdf5]"'
        ) from None
    from protofix.data.hdf5 import dataset_at

    open_regular(path).close()
    try:
        with h5py.File(path, "r") as file:
            item = dataset_at(file, name)
            if item is None:
                raise UnreadableError(f"{path}: {_missing(sorted(file), name)}")
            wrong = _wrong_with(item)
            if wrong:
                raise UnreadableError(f"{path}, dataset {name}: {wrong}")
            return _count_rows(item, f"{path}, dataset {name}", rules, advanced)
    except (UnreadableError, MemoryError):
        raise
    # A broken file makes h5py raise whatever its C library's errors map to.
    except Exception as error:
        raise UnreadableError(f"{path}: cannot be read as HDF5: {_one_line(error)}") from None


def _open_npy(path: Path) -> NDArray[Any]:
    """Map the numbers of a `.npy` file into memory, having seen that they are there."""
    with open_regular(path) as stream:
        header = read_header(stream)
        if header is None:
            raise UnreadableError(f"{path}: is no .npy file, or damaged: write it with numpy.save")
        start = stream.tell()
        size = stream.seek(0, 2)
    shape, fortran_order, dtype = header
    if dtype.kind not in _NUMBERS:
        held = "records" if dtype.names is not None else f"values of the kind {dtype}"
        raise UnreadableError(f"{path}: holds {held}, where labels are whole numbers")
    if any(dim < 1 for dim in shape):
        raise UnreadableError(f"{path}: holds no labels")
    if math.prod(shape) * dtype.itemsize != size - start:
        raise UnreadableError(f"{path}: is cut short or damaged: write it anew with numpy.save")
    order = "F" if fortran_order else "C"
    with reading(path):
        return np.memmap(path, dtype, "r", start, shape, order)  # type: ignore[call-overload, no-any-return]


def _count_rows(
    array: _Array, where: str, rules: LabelRules, advanced: Advanced | None
) -> LabelCounts:
    items = array.shape[0]
    size = math.prod(array.shape[1:])
    bytes_each = size * array.dtype.itemsize
    if bytes_each > LARGEST_RECORD:
        raise UnreadableError(f"{where}: has items of {bytes_each:,} bytes, more than 256 MiB")
    step = max(1, _BLOCK // max(1, bytes_each))
    count = count_items if size == 1 else count_maps
    counts = NOTHING
    for start in range(0, items, step):
        block = np.asarray(array[start : start + step])
        if not start and _is_one_hot(block):
            raise UnreadableError(
                f"{where}: has a single 1 among zeros in each row, one-hot labels as it seems: "
                "give the number of each class, numpy.argmax makes them"
            )
        try:
            counts += count(block, rules, start)
        except LabelFault as fault:
            raise UnreadableError(f"{where}: {fault}") from None
        if advanced is not None:
            advanced(min(start + step, items), items)
    return counts


def _is_one_hot(rows: NDArray[Any]) -> bool:
    """Whether a label is written as a row of zeros with a 1 for its class."""
    if rows.ndim != 2 or rows.shape[1] < 2 or len(rows) < 2:
        return False
    return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())


def _missing(names: Sequence[str], name: str) -> str:
    there = ", ".join(f"`{other}`" for other in names[:20]) or "none"
    return f"has no dataset `{name}` of its own at its root, but {there}"


def _wrong_with(item: h5py.Dataset) -> str:
    """Why a dataset cannot be counted, as it holds no labels or not what it declares; or ""."""
    from protofix.data.hdf5 import most_held, other_kind

    other = other_kind(item)
    if other:
        return f"holds {other}, where labels are whole numbers"
    shape = item.shape
    if not shape or not math.prod(shape):
        return "holds no labels for items"
    if len(shape) == 4 and shape[1] != 1:
        return f"is {' x '.join(map(str, shape))}; maps of labels are N x 1 x H x W"
    if math.prod(shape) * item.dtype.itemsize > most_held(item):
        return "declares more labels than it holds: write it anew"
    if math.prod(item.chunks or (0,)) * item.dtype.itemsize > LARGEST_RECORD:
        return "is stored in chunks of more than 256 MiB"
    return ""


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if text.isprintable() and text else type(error).__name__
