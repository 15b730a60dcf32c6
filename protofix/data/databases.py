"""Counting the labels of Caffe's databases: of each record its label, or its pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from protofix.data import leveldb, lmdb
from protofix.data.backends import MARKS, Backend, backend_of
from protofix.data.bytes import UnreadableError
from protofix.data.counts import LabelCounts
from protofix.data.datum import label_map_of, labels_of, read_datum
from protofix.data.label_rules import LabelRules
from protofix.data.tally import Tally

Advanced = Callable[[int, int | None], None]
"""Told now and then how many records are done, and of how many (None if that is not known)."""

_KINDS: Mapping[Backend, str] = {"LMDB": "an LMDB", "LEVELDB": "a LevelDB"}
_LABELS_BETWEEN = 4096  # records between two reports
_PIXELS_BETWEEN = 1 << 24  # the same where pixels are counted


def count_lmdb(
    folder: Path,
    *,
    maps: bool = False,
    ignore_label: int | None = None,
    classes: int | None = None,
    advanced: Advanced | None = None,
) -> LabelCounts:
    """Count the labels of a Caffe LMDB, in constant memory; nothing is written.

    Of a record's label only its first and last bytes are read, whatever its pixels are.

    Args:
        folder: the folder that Caffe's `source` names.
        maps: whether the pixels of a record are the labels (channels 1; or a PNG), not its label.
        ignore_label: labels that are this are left out.
        classes: L, so that larger labels are refused; None where it is not known.
        advanced: told now and then how many records are done, and of how many.

    Raises:
        UnreadableError: it is no such database, is damaged, or has what is no label; the message
            begins with the folder, and tells the key of the record.
        OSError: its file cannot be read.

    """
    tally = Tally(LabelRules(ignore_label, classes), maps)
    with _about(folder):
        _refuse_others(folder, "LMDB")
        tree = lmdb.open_tree(folder)
        if maps:
            _count_maps(lmdb.values_of(tree), tally, tree.entries, advanced)
        else:
            for spans in tree.spans():
                _count_spans(tree, spans, tally)
                if advanced is not None:
                    advanced(tally.items, tree.entries)
    return tally.counts()


def count_leveldb(
    folder: Path,
    *,
    maps: bool = False,
    ignore_label: int | None = None,
    classes: int | None = None,
    advanced: Advanced | None = None,
) -> LabelCounts:
    """Count the labels of a Caffe LevelDB; nothing is written, and no lock is taken.

    Tables are read a block at a time. Of what only a log holds yet, the keys are kept in memory.
    How many records there are is not known before the end. Arguments and errors are those of
    `count_lmdb`.
    """
    tally = Tally(LabelRules(ignore_label, classes), maps)
    with _about(folder):
        _refuse_others(folder, "LEVELDB")
        if maps:
            _count_maps(leveldb.values(folder), tally, None, advanced)
        else:
            _count_records(leveldb.values(folder), tally, advanced)
    return tally.counts()


def _count_spans(tree: lmdb.Tree, spans: lmdb.Spans, tally: Tally) -> None:
    labels, certain = labels_of(tree.content, spans.starts, spans.sizes)
    for index in (~certain).nonzero()[0].tolist():
        start = int(spans.starts[index])
        with _in_record(tree.key(spans, index)):
            record = tree.content[start : start + int(spans.sizes[index])]
            labels[index] = read_datum(record).label
    refused = tally.rules.first_wrong(labels)
    if refused is not None:
        with _in_record(tree.key(spans, *refused)):
            raise tally.refusal_of(int(labels[refused]))
    tally.add_labels(labels)


def _count_records(
    records: Iterable[tuple[bytes, bytes | memoryview]], tally: Tally, advanced: Advanced | None
) -> None:
    keys: list[bytes] = []
    labels: list[int] = []

    def count() -> None:
        found = np.array(labels, np.int64)
        refused = tally.rules.first_wrong(found)
        if refused is not None:
            with _in_record(keys[refused[0]]):
                raise tally.refusal_of(int(found[refused]))
        tally.add_labels(found)
        if advanced is not None:
            advanced(tally.items, None)

    for key, value in records:
        with _in_record(key):
            labels.append(read_datum(value).label)
        keys.append(key)
        if len(keys) == _LABELS_BETWEEN:
            count()
            keys.clear()
            labels.clear()
    if keys:
        count()


def _count_maps(
    records: Iterable[tuple[bytes, bytes | memoryview]],
    tally: Tally,
    total: int | None,
    advanced: Advanced | None,
) -> None:
    pixels = 0
    for key, value in records:
        with _in_record(key):
            labels = label_map_of(read_datum(value))
            tally.add_map(labels)
        pixels += labels.size
        if advanced is not None and pixels >= _PIXELS_BETWEEN:
            pixels = 0
            advanced(tally.items, total)
    if advanced is not None and pixels:
        advanced(tally.items, total)


def _refuse_others(folder: Path, backend: Backend) -> None:
    """Say what a folder is that lacks the file by which a database is known."""
    mark, kind = MARKS[backend], _KINDS[backend]
    if (folder / mark).exists():
        return
    other = backend_of(folder)
    if other is not None:
        raise UnreadableError(f"is {_KINDS[other]}, not {kind}: read it as that")
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise UnreadableError(f"{what}: name the folder of {kind}")
    raise UnreadableError(f"is not {kind}: it has no file {mark}")


@contextmanager
def _about(folder: Path) -> Iterator[None]:
    try:
        yield
    except UnreadableError as error:
        raise UnreadableError(f"{folder}: {error}") from None


@contextmanager
def _in_record(key: bytes) -> Iterator[None]:
    try:
        yield
    except UnreadableError as error:
        shown = key.decode("ascii", "backslashreplace")
        shown = shown if shown.isprintable() else ascii(key)[2:-1]
        raise UnreadableError(f"record {shown}: {error}") from None
