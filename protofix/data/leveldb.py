"""The first record of a LevelDB, read from its files without the library.

The library cannot open a database for reading only: it takes its lock, turns its logs into tables
and deletes them. Here nothing is written. The formats are those that LevelDB documents (log_format,
table_format, impl); tables are uncompressed or compressed by Snappy.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from protofix.data.bytes import LARGEST_RECORD, Cursor, UnreadableError, read_at
from protofix.files import first_bytes, open_regular

CURRENT = "CURRENT"
"""The file in the folder of a LevelDB that names its manifest."""

_LOG_BLOCK = 1 << 15
_LARGEST_LOG = 1 << 26  # bytes read of a log or a manifest; LevelDB writes 4 MiB of records
_FULL, _FIRST, _LAST = 1, 2, 4  # types of a log's pieces
_FOOTER = 48
_TABLE_MAGIC = 0xDB4775248B80FB57
_VALUE = 1  # type of a record that is no deletion
_NAME = re.compile(r"MANIFEST-\d+")

# What a manifest says, by tags: of the numbers, only the oldest log's matters here.
_COMPARATOR, _LOG_NUMBER, _COMPACTED, _DELETED, _ADDED = 1, 2, 5, 6, 7
_OTHER_NUMBERS = (3, 4, 9)


def first_value(folder: Path) -> bytes:
    """The value of the record that comes first.

    Records that no table holds yet are looked at only where there are no tables: Caffe's tools
    write in the order of the keys.

    Raises:
        UnreadableError: it is no such database, has no records, or is damaged.
        OSError: its files cannot be read.

    """
    tables, oldest_log = _survey(folder)
    if tables:
        return _first_of_table(folder, min(tables.items(), key=lambda item: item[1])[0])
    for number, path in _logs(folder):
        if number >= oldest_log:
            written = {k: v for record in _log_records(path) for k, v in _written(record)}
            kept = [(key, value) for key, value in written.items() if value is not None]
            if kept:
                return min(kept)[1]
    raise UnreadableError("is a LevelDB without records")


def _survey(folder: Path) -> tuple[dict[int, bytes], int]:
    """The tables of a database with their smallest keys, and the number of its oldest log."""
    name = first_bytes(folder / CURRENT, 64).decode("latin-1").strip()
    if not _NAME.fullmatch(name):
        raise UnreadableError("is a damaged LevelDB: CURRENT names no manifest")
    tables: dict[int, bytes] = {}
    oldest_log = 0
    for record in _log_records(folder / name):
        cursor = Cursor(record)
        while cursor:
            tag = cursor.varint()
            if tag == _ADDED:
                _level, number, _size = cursor.varint(), cursor.varint(), cursor.varint()
                smallest, _largest = cursor.prefixed(), cursor.prefixed()
                # Behind the key stand 8 bytes: when it was written, and whether deleted.
                tables[number] = smallest[:-8]
            elif tag == _DELETED:
                _level, number = cursor.varint(), cursor.varint()
                tables.pop(number, None)
            elif tag == _LOG_NUMBER:
                oldest_log = cursor.varint()
            elif tag in _OTHER_NUMBERS:
                cursor.varint()
            elif tag == _COMPARATOR:
                cursor.prefixed()
            elif tag == _COMPACTED:
                cursor.varint(), cursor.prefixed()
            else:
                raise UnreadableError("is a damaged LevelDB")
    return tables, oldest_log


def _logs(folder: Path) -> list[tuple[int, Path]]:
    names = [name for name in os.listdir(folder) if re.fullmatch(r"\d{1,18}\.log", name)]
    return sorted((int(name[:-4]), folder / name) for name in names)


def _log_records(path: Path) -> Iterator[bytes]:
    """The records of a log, which are cut into pieces; what was not written to the end is not."""
    content = first_bytes(path, _LARGEST_LOG)
    record = bytearray()
    for start in range(0, len(content), _LOG_BLOCK):
        cursor = Cursor(content[start : start + _LOG_BLOCK])
        while len(cursor.content) - cursor.at >= 7:
            size, kind = struct.unpack_from("<HB", cursor.take(7), 4)
            if not kind:
                break
            if size > len(cursor.content) - cursor.at:
                return
            piece = cursor.take(size)
            if kind in (_FULL, _FIRST):
                record.clear()
            record += piece
            if kind in (_FULL, _LAST):
                yield bytes(record)


def _written(batch: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """The keys that a record of a log writes, with their values; None for one that it deletes."""
    cursor = Cursor(batch, 12)
    while cursor:
        kind, key = cursor.take(1)[0], cursor.prefixed()
        yield key, cursor.prefixed() if kind == _VALUE else None


def _first_of_table(folder: Path, number: int) -> bytes:
    names = [folder / f"{number:06d}{suffix}" for suffix in (".ldb", ".sst")]
    path = next((name for name in names if name.exists()), names[0])
    with open_regular(path) as stream:
        stream.seek(0, os.SEEK_END)
        footer = read_at(stream, max(0, stream.tell() - _FOOTER), _FOOTER)
        if struct.unpack_from("<Q", footer, 40)[0] != _TABLE_MAGIC:
            raise UnreadableError("is a damaged LevelDB")
        handles = Cursor(footer)
        handles.varint(), handles.varint()  # of the block about blocks

        def block(handle: Cursor) -> bytes:
            start, size = handle.varint(), handle.varint()
            content = read_at(stream, start, size + 1)
            return unsnap(content[:-1]) if content[-1] == 1 else content[:-1]

        for _, handle in _entries(block(handles)):
            for key, value in _entries(block(Cursor(handle))):
                if len(key) >= 8 and key[-8] == _VALUE:
                    return value
    raise UnreadableError("is a LevelDB without records in its first table")


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys, each with what it adds to the one before, and values of a block."""
    if len(block) < 4:
        raise UnreadableError("is a damaged LevelDB")
    end = len(block) - 4 - 4 * struct.unpack_from("<I", block, len(block) - 4)[0]
    cursor = Cursor(block)
    key = b""
    while cursor.at < end:
        shared, added, size = cursor.varint(), cursor.varint(), cursor.varint()
        key = key[:shared] + cursor.take(added)
        yield key, cursor.take(size)


def unsnap(content: bytes) -> bytes:
    """Undo Snappy's compression (its format_description). Raises `UnreadableError`."""
    cursor = Cursor(content)
    size = cursor.varint()
    if size > LARGEST_RECORD:
        raise UnreadableError(f"has a block of {size:,} bytes, more than 256 MiB")
    result = bytearray()
    while cursor and len(result) <= size:
        tag = cursor.take(1)[0]
        kind, length = tag & 3, (tag >> 2) + 1
        if kind == 0:
            if length > 60:
                length = int.from_bytes(cursor.take(length - 60), "little") + 1
            result += cursor.take(length)
            continue
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | cursor.take(1)[0]
        else:
            offset = int.from_bytes(cursor.take(2 if kind == 2 else 4), "little")
        if not 0 < offset <= len(result):
            raise UnreadableError("is a damaged LevelDB")
        # What is copied may reach into itself, and repeats then.
        piece = bytes(result[-offset:][:length])
        result += (piece * (length // offset + 1))[:length]
    if len(result) != size:
        raise UnreadableError("is a damaged LevelDB")
    return bytes(result)
