"""The records of a LevelDB, read from its files without the library.

The library cannot open a database for reading only: it takes its lock, turns its logs into tables
and deletes them. Here nothing is written. The formats are those that LevelDB documents (log_format,
table_format, impl); tables are uncompressed or compressed by Snappy.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from protofix.data.bytes import Cursor, UnreadableError, map_file
from protofix.data.leveldb_log import DAMAGED, VALUE, Written, batches_of, writes_of
from protofix.data.leveldb_table import records_of, unsnap
from protofix.files import first_bytes

__all__ = ["CURRENT", "first_value", "unsnap", "values"]

CURRENT = "CURRENT"
"""The file in the folder of a LevelDB that names its manifest."""

_LARGEST_MANIFEST = 1 << 26  # bytes
_NAME = re.compile(r"MANIFEST-\d+")
_ORDER = b"leveldb.BytewiseComparator"
_KEY_END = 8  # bytes behind a key: when it was written, and whether deleted
_LEVELS = 7  # of tables: those of level 0 overlap, and newer levels stand above older ones

# What a manifest says, by tags.
_COMPARATOR, _LOG_NUMBER, _COMPACTED, _DELETED, _ADDED, _OLDER_LOG = 1, 2, 5, 6, 7, 9
_OTHER_NUMBERS = (3, 4)

_Record = tuple[bytes, int, "bytes | memoryview"]
"""A key, the write's number << 8 | its type, and the value."""


class _Survey(NamedTuple):
    """What a database is made of: tables by number, with their levels and smallest keys; logs."""

    tables: dict[int, tuple[int, tuple[bytes, int]]]
    oldest_log: int
    older_log: int


def values(folder: Path) -> Iterator[tuple[bytes, bytes | memoryview]]:
    """Each record's key and value, in the order of the keys.

    Of a key that was written more than once the newest value counts; a deleted one is left out.
    Tables are read as they are needed, a block at a time; of the logs, whose records no table holds
    yet, the keys are kept in memory, and the files are mapped.

    Raises:
        UnreadableError: it is no such database, or is damaged.
        OSError: its files cannot be read.

    """
    survey = _survey(folder)
    return _newest([*_sorted_tables(folder, survey), _logged(folder, survey)])


def first_value(folder: Path) -> bytes:
    """The value of the record that comes first.

    Records that no table holds yet are looked at only where there are no tables: Caffe's tools
    write in the order of the keys.

    Raises:
        UnreadableError: it is no such database, has no records, or is damaged.
        OSError: its files cannot be read.

    """
    survey = _survey(folder)
    sources = _sorted_tables(folder, survey) or [_logged(folder, survey)]
    for _, value in _newest(sources):
        return bytes(value)
    raise UnreadableError("is a LevelDB without records")


def _newest(sources: list[Iterator[_Record]]) -> Iterator[tuple[bytes, bytes | memoryview]]:
    """The records of many sorted sources as the database means them."""
    merged: Iterable[_Record] = sources[0]
    if len(sources) > 1:
        merged = heapq.merge(*sources, key=_rank)
    last: bytes | None = None
    for key, written, value in merged:
        if key == last:
            continue
        last = key
        if written & 0xFF == VALUE:
            yield key, value


def _rank(record: _Record) -> tuple[bytes, int]:
    """Where a record stands: by its key, and of one key the newest first."""
    return record[0], -record[1]


def _rank_of(stored: bytes) -> tuple[bytes, int]:
    """The same for a key as tables store it."""
    return stored[:-_KEY_END], -int.from_bytes(stored[-_KEY_END:], "little")


def _survey(folder: Path) -> _Survey:
    """Read the manifest: what was added and taken away since the database was made."""
    name = first_bytes(folder / CURRENT, 64).decode("latin-1").strip()
    if not _NAME.fullmatch(name):
        raise UnreadableError("is a damaged LevelDB: CURRENT names no manifest")
    tables: dict[int, tuple[int, tuple[bytes, int]]] = {}
    oldest_log = older_log = 0
    manifest = memoryview(first_bytes(folder / name, _LARGEST_MANIFEST))
    for record in batches_of(manifest):
        cursor = Cursor(bytes(record.part(0, len(record))))
        while cursor:
            tag = cursor.varint()
            if tag == _ADDED:
                level, number, _size = cursor.varint(), cursor.varint(), cursor.varint()
                smallest, _largest = cursor.prefixed(), cursor.prefixed()
                if level >= _LEVELS:
                    raise UnreadableError(DAMAGED)
                tables[number] = level, _rank_of(smallest)
            elif tag == _DELETED:
                level, number = cursor.varint(), cursor.varint()
                if tables.get(number, (level,))[0] == level:
                    tables.pop(number, None)
            elif tag == _LOG_NUMBER:
                oldest_log = cursor.varint()
            elif tag == _OLDER_LOG:
                older_log = cursor.varint()
            elif tag in _OTHER_NUMBERS:
                cursor.varint()
            elif tag == _COMPARATOR:
                _refuse_order(cursor.prefixed())
            elif tag == _COMPACTED:
                cursor.varint(), cursor.prefixed()
            else:
                raise UnreadableError(DAMAGED)
    return _Survey(tables, oldest_log, older_log)


def _refuse_order(name: bytes) -> None:
    if name != _ORDER:
        shown = ascii(name[:60])[2:-1]
        raise UnreadableError(f"is a LevelDB ordered by {shown}; Caffe's are by {_ORDER.decode()}")


def _sorted_tables(folder: Path, survey: _Survey) -> list[Iterator[_Record]]:
    """The tables as few sorted sources: of the levels above 0 none overlaps another."""
    levels: dict[int, list[tuple[tuple[bytes, int], int]]] = {}
    for number, (level, smallest) in survey.tables.items():
        # Each table of level 0 is a source of its own.
        levels.setdefault(level or -1 - number, []).append((smallest, number))
    return [
        _rising(folder, [number for _, number in sorted(numbers)])
        for _, numbers in sorted(levels.items())
    ]


def _rising(folder: Path, numbers: list[int]) -> Iterator[_Record]:
    """The records of tables, one behind another. Raises `UnreadableError` where keys fall."""
    last: tuple[bytes, int] | None = None
    for number in numbers:
        names = [folder / f"{number:06d}{suffix}" for suffix in (".ldb", ".sst")]
        path = next((name for name in names if name.exists()), names[0])
        for record in records_of(path):
            rank = _rank(record)
            if last is not None and rank <= last:
                raise UnreadableError(DAMAGED)
            last = rank
            yield record


def _logged(folder: Path, survey: _Survey) -> Iterator[_Record]:
    """What no table holds yet, sorted."""
    newest: dict[bytes, Written] = {}
    for number, path in _logs(folder):
        if number < survey.oldest_log and number != survey.older_log:
            continue
        for batch in batches_of(map_file(path)):
            for key, written in writes_of(batch):
                known = newest.get(key)
                if known is None or known.number <= written.number:
                    newest[key] = written
    for key in sorted(newest):
        written = newest[key]
        yield key, written.number << 8 | written.kind, written.value()


def _logs(folder: Path) -> list[tuple[int, Path]]:
    names = [name for name in os.listdir(folder) if re.fullmatch(r"\d{1,18}\.log", name)]
    return sorted((int(name[:-4]), folder / name) for name in names)
