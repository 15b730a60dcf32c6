"""Counting the labels of a data set where they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from protofix.data.bytes import UnreadableError
from protofix.data.counts import NOTHING, LabelCounts
from protofix.data.label_arrays import Advanced, count_dataset, count_npy
from protofix.data.label_images import count_image, label_files
from protofix.data.label_lists import count_list, count_table
from protofix.data.label_rules import LabelRules
from protofix.data.processes import in_processes

_Part = TypeVar("_Part")

_IMAGES_AT_ONCE = 16
# Starting a process takes about as long as this: fewer images or bytes are quicker without.
_WORTH_IMAGES = 128
_WORTH_BYTES = 1 << 26


@dataclass(frozen=True)
class LmdbLabels:
    """A Caffe LMDB: the label of each Datum, or with `maps` its pixels, which are labels."""

    folder: Path
    maps: bool = False


@dataclass(frozen=True)
class LevelDbLabels:
    """A Caffe LevelDB: the label of each Datum, or with `maps` its pixels, which are labels."""

    folder: Path
    maps: bool = False


@dataclass(frozen=True)
class Hdf5Labels:
    """A dataset that is in each of some HDF5 files; its first axis are the items."""

    files: tuple[Path, ...]
    dataset: str


@dataclass(frozen=True)
class ImageListLabels:
    """A list of images as ImageData reads it: a line each, its path, a blank and its label."""

    path: Path


@dataclass(frozen=True)
class TableLabels:
    """A column of a CSV file, by its name in the header or its number from 0; None: the last."""

    path: Path
    column: str | None = None


@dataclass(frozen=True)
class NpyLabels:
    """A `.npy` file; its first axis are the items."""

    path: Path


@dataclass(frozen=True)
class ImageFolderLabels:
    """A folder of label images and `.npy` maps, with all folders below it."""

    folder: Path


LabelSource = (
    LmdbLabels
    | LevelDbLabels
    | Hdf5Labels
    | ImageListLabels
    | TableLabels
    | NpyLabels
    | ImageFolderLabels
)


def count_labels(
    source: LabelSource,
    *,
    ignore_label: int | None = None,
    classes: int | None = None,
    advanced: Advanced | None = None,
    workers: int = 1,
) -> LabelCounts:
    """Count how often each class occurs in a data set. Nothing is written, nothing evaluated.

    Args:
        source: where the labels are.
        ignore_label: labels that are this are left out.
        classes: L, so that larger labels are refused, and classes that do not occur at the end
            are counted too; None to end with the largest class seen.
        advanced: told now and then how many items, rows or files are done, and of how many.
        workers: processes for what is in many files; above 1, a program must call this under
            `if __name__ == "__main__"`.

    Raises:
        ValueError: a label is none, or data is damaged; one line that begins with the file.
        FileError: data cannot be read.

    """
    rules = LabelRules(ignore_label, classes)
    if isinstance(source, (LmdbLabels, LevelDbLabels)):
        counts = _count_database(source, rules, advanced)
    elif isinstance(source, ImageFolderLabels):
        files = label_files(source.folder)
        count = partial(_count_lot, partial(count_image, rules=rules))
        counts = _count_files(files, count, advanced, workers, _IMAGES_AT_ONCE)
    elif isinstance(source, Hdf5Labels):
        counts = _count_hdf5(source, rules, advanced, workers)
    elif isinstance(source, ImageListLabels):
        counts = count_list(source.path, rules, advanced)
    elif isinstance(source, TableLabels):
        counts = count_table(source.path, rules, source.column, advanced)
    else:
        counts = count_npy(source.path, rules, advanced)
    return counts if classes is None else counts.of_classes(classes)


def _count_database(
    source: LmdbLabels | LevelDbLabels, rules: LabelRules, advanced: Advanced | None
) -> LabelCounts:
    from protofix.data.databases import count_leveldb, count_lmdb

    count = count_lmdb if isinstance(source, LmdbLabels) else count_leveldb
    counts = count(
        source.folder,
        maps=source.maps,
        ignore_label=rules.ignore_label,
        classes=rules.classes,
        advanced=advanced,
    )
    _refuse_unlabelled(counts, source)
    return counts


def _refuse_unlabelled(counts: LabelCounts, source: LmdbLabels | LevelDbLabels) -> None:
    """Refuse a database none of whose records says a label: those of maps and of data do not."""
    if not source.maps and counts.items > 1 and counts.classes == 1 and not counts.ignored:
        raise UnreadableError(
            f"{source.folder}: the label of each of its {counts.items:,} records is 0: if their "
            "pixels are the labels, say so with --maps; else it holds no labels"
        )


def _count_hdf5(
    source: Hdf5Labels, rules: LabelRules, advanced: Advanced | None, workers: int
) -> LabelCounts:
    if len(source.files) == 1:
        return count_dataset(source.files[0], source.dataset, rules, advanced)
    count = partial(_count_lot, partial(count_dataset, name=source.dataset, rules=rules))
    return _count_files(source.files, count, advanced, workers, 1)


def _count_files(
    files: Sequence[Path],
    count: Callable[[Sequence[Path]], LabelCounts],
    advanced: Advanced | None,
    workers: int,
    at_once: int,
) -> LabelCounts:
    """Count many files, some at a time, each lot in one process or another."""
    if len(files) < _WORTH_IMAGES and sum(map(_size, files)) < _WORTH_BYTES:
        workers = 1
    workers = min(workers, -(-len(files) // at_once))
    done, total = 0, NOTHING
    with closing(in_processes(count, _lots(files, at_once), workers)) as results:
        for counts in results:
            total += counts
            done = min(done + at_once, len(files))
            if advanced is not None:
                advanced(done, len(files))
    return total


def _count_lot(count: Callable[[Path], LabelCounts], files: Sequence[Path]) -> LabelCounts:
    total = NOTHING
    for path in files:
        total += count(path)
    return total


def _lots(parts: Sequence[_Part], size: int) -> Iterator[Sequence[_Part]]:
    for start in range(0, len(parts), size):
        yield parts[start : start + size]


def _size(path: Path) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0  # What is wrong with it is said when its turn comes.
