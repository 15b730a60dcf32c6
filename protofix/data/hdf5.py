"""The datasets of an HDF5 file, as an HDF5Data layer finds them. Needs h5py."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protofix.files import open_regular

if TYPE_CHECKING:
    import h5py

_MOST_LABELS = 1_000_000
_LARGEST_CHUNK = 1 << 26  # bytes: HDF5 reads a compressed dataset by whole chunks
# The strongest compression of HDF5's own filters is deflate's, 1032 to 1.
_COMPRESSION = 1032
_NUMBERS = "fiu"  # numpy's kinds that Caffe takes: float, int and unsigned


class Dataset(NamedTuple):
    """A dataset: its shape, and what it holds if that is no numbers (else "")."""

    shape: tuple[int, ...] | None
    other: str


class Hdf5File(NamedTuple):
    """A file: its path as the list has it, all names at its root, and the datasets asked for.

    A name at the root that leads elsewhere (a link) has no dataset here.
    """

    path: str
    names: tuple[str, ...]
    datasets: dict[str, Dataset]


def datasets_of(path: Path, shown: str, wanted: Sequence[str]) -> Hdf5File:
    """The datasets of those names. Raises what h5py raises for a file that is damaged."""
    import h5py

    open_regular(path).close()
    with h5py.File(path, "r") as file:
        names = tuple(file)
        found = {}
        for name in set(wanted).intersection(names):
            item = dataset_at(file, name)
            if item is not None:
                found[name] = Dataset(item.shape, other_kind(item))
    return Hdf5File(shown, names, found)


def largest_of(path: Path, name: str) -> int | None:
    """The largest number of a dataset, of as many as are read; None if it has none."""
    import h5py

    open_regular(path).close()
    with h5py.File(path, "r") as file:
        item = dataset_at(file, name) if name in file else None
        if item is None or other_kind(item) or not item.shape or not item.size:
            return None
        row = max(1, math.prod(item.shape[1:]))
        chunk = math.prod(item.chunks or (0,)) * item.dtype.itemsize
        if row > _MOST_LABELS or chunk > _LARGEST_CHUNK:
            return None
        largest = float(item[: _MOST_LABELS // row].max())
    return int(largest) if math.isfinite(largest) else None


def dataset_at(file: h5py.File, name: str) -> h5py.Dataset | None:
    """A dataset at the root that lies in this file: no other is opened for being named here."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        return None
    if file.get(name, getclass=True) is not h5py.Dataset:
        return None
    item = file[name]
    return None if item.external or item.is_virtual else item


def most_held(item: h5py.Dataset) -> int:
    """The most bytes that what a dataset keeps in its file can be unpacked to."""
    held: int = item.id.get_storage_size()
    return held * _COMPRESSION if item.id.get_create_plist().get_nfilters() else held


def other_kind(item: h5py.Dataset) -> str:
    """What a dataset holds, in a word, if it is not what Caffe takes."""
    import h5py

    if item.dtype.names is not None:
        return "records"
    if item.dtype.kind == "b" or h5py.check_enum_dtype(item.dtype) is not None:
        # h5py writes truth values as an enum.
        return "truth values or an enum"
    return "" if item.dtype.kind in _NUMBERS else "text or objects"
