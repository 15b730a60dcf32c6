"""The tables of a LevelDB: blocks of records in the order of their keys, perhaps compressed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from protofix.data.bytes import (
    LARGEST_RECORD,
    Cursor,
    UnreadableError,
    let_go,
    map_file,
    part_of,
)
from protofix.data.leveldb_log import DAMAGED

_FOOTER = 48
_MAGIC = 0xDB4775248B80FB57
_PLAIN, _SNAPPY, _ZSTANDARD = 0, 1, 2  # how a block is compressed
_KEY_END = 8  # bytes behind a key: the number of its write, and the type
_AT_ONCE = 1 << 26  # bytes of a table that are mapped in memory at once


def records_of(path: Path) -> Iterator[tuple[bytes, int, bytes | memoryview]]:
    """A table's records: key, number and type of the write (as one: number << 8 | type), value.

    They come as they are stored: keys rise, and of one key the newest write is first.

    Raises:
        UnreadableError: it is no table, or damaged.
        OSError: it cannot be read.

    """
    content = map_file(path)
    if len(content) < _FOOTER:
        raise UnreadableError(DAMAGED)
    footer = bytes(content[-_FOOTER:])
    if struct.unpack_from("<Q", footer, 40)[0] != _MAGIC:
        raise UnreadableError(DAMAGED)
    handles = Cursor(footer)
    handles.varint(), handles.varint()  # of the block about blocks
    passed = 0
    for _, handle in _entries(_block(content, handles)):
        block = _block(content, Cursor(handle))
        for key, value in _entries(block):
            if len(key) < _KEY_END:
                raise UnreadableError(DAMAGED)
            yield key[:-_KEY_END], int.from_bytes(key[-_KEY_END:], "little"), value
        passed += len(block)
        if passed > _AT_ONCE:
            let_go(content)
            passed = 0


def _block(content: memoryview, handle: Cursor) -> memoryview:
    start, size = handle.varint(), handle.varint()
    block = part_of(content, start, size + 1)
    kind = block[-1]
    if kind == _PLAIN:
        return block[:-1]
    if kind == _SNAPPY:
        return memoryview(unsnap(block[:-1]))
    if kind == _ZSTANDARD:
        raise UnreadableError("is a LevelDB compressed by Zstandard, which Caffe's cannot read")
    raise UnreadableError(DAMAGED)


def _entries(block: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The keys, each with what it adds to the one before, and values of a block."""
    if len(block) < 4:
        raise UnreadableError(DAMAGED)
    end = len(block) - 4 - 4 * struct.unpack_from("<I", block, len(block) - 4)[0]
    if end < 0:
        raise UnreadableError(DAMAGED)
    cursor = Cursor(block[:end])
    key = b""
    while cursor.at < end:
        shared, added, size = cursor.varint(), cursor.varint(), cursor.varint()
        if shared > len(key):
            raise UnreadableError(DAMAGED)
        key = key[:shared] + cursor.take(added)
        at = cursor.at
        if size > end - at:
            raise UnreadableError(DAMAGED)
        cursor.at = at + size
        yield key, block[at : at + size]


def unsnap(content: bytes | memoryview) -> bytes:
    """Undo Snappy's compression (its format_description). Raises `UnreadableError`."""
    cursor = Cursor(content)
    size = cursor.varint()
    if size > LARGEST_RECORD:
        raise UnreadableError(f"has a block of {size:,} bytes, more than 256 MiB")
    result = bytearray()
    try:
        _unsnap_into(result, content, cursor.at, size)
    except IndexError:
        raise UnreadableError(DAMAGED) from None
    if len(result) != size:
        raise UnreadableError(DAMAGED)
    return bytes(result)


def _unsnap_into(result: bytearray, content: bytes | memoryview, at: int, size: int) -> None:
    end = len(content)
    while at < end and len(result) <= size:
        tag = content[at]
        kind, length = tag & 3, (tag >> 2) + 1
        at += 1
        if kind == 0:
            if length > 60:
                wide = length - 60
                length = int.from_bytes(content[at : at + wide], "little") + 1
                at += wide
            if length > end - at:
                raise UnreadableError(DAMAGED)
            result += content[at : at + length]
            at += length
            continue
        if kind == 1:
            length, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | content[at]
            at += 1
        elif kind == 2:
            offset = content[at] | content[at + 1] << 8
            at += 2
        else:
            offset = int.from_bytes(content[at : at + 4], "little")
            at += 4
        start = len(result) - offset
        if start < 0 or not offset:
            raise UnreadableError(DAMAGED)
        if offset >= length:
            result += result[start : start + length]
        else:
            # What is copied reaches into itself, and repeats.
            result += (result[start:] * (length // offset + 1))[:length]
