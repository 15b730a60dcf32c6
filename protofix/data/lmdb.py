"""The first record of an LMDB, read from its file without the library.

The library maps the file into memory: on one that was cut short, as after a copy that failed, the
whole program ends with a bus error. Here each page is read, and checked to be there. The format
is that of LMDB 0.9 (mdb.c) on machines with 64 bits, lowest byte first, which is what Caffe's
databases are.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from protofix.data.bytes import UnreadableError, read_at
from protofix.files import open_regular

DATA = "data.mdb"
"""The file in the folder of an LMDB that holds the records."""

_MAGIC = 0xBEEFC0DE
_VERSION = 1
_HEADER = 16  # bytes at the beginning of each page
_BRANCH, _LEAF = 1, 2  # flags of a page
_BIG = 1  # flag of a value that has pages to itself
_NO_PAGE = (1 << 64) - 1
_MOST_LEVELS = 32  # of a tree: mdb.c, CURSOR_STACK


class _Meta(NamedTuple):
    """What a page of meta data says: the tree of the records, and which writing it is of."""

    transaction: int
    root: int
    page_size: int


def first_value(folder: Path) -> bytes:
    """The value of the record that comes first.

    Raises:
        UnreadableError: it is no such database, has no records, or is damaged.
        OSError: its file cannot be read.

    """
    path = folder / DATA
    with open_regular(path) as stream:
        first = _meta(stream, 0)
        # Each writing replaces the older of the two.
        meta = max(first, _meta(stream, first.page_size))
        if meta.root == _NO_PAGE:
            raise UnreadableError("is an LMDB without records")
        return _leftmost(stream, meta.root, first.page_size)


def _meta(stream: BinaryIO, start: int) -> _Meta:
    # Header; magic, version, address, size of the map; two trees; last page, transaction.
    page = read_at(stream, start, _HEADER + 24 + 2 * 48 + 16)
    magic, version = struct.unpack_from("<II", page, _HEADER)
    page_size = struct.unpack_from("<I", page, _HEADER + 24)[0]
    if (magic, version) != (_MAGIC, _VERSION) or not 256 <= page_size <= 1 << 16:
        raise UnreadableError("is no LMDB of 64 bits, or damaged")
    root = struct.unpack_from("<Q", page, _HEADER + 24 + 48 + 40)[0]
    transaction = struct.unpack_from("<Q", page, _HEADER + 24 + 96 + 8)[0]
    return _Meta(transaction, root, page_size)


def _leftmost(stream: BinaryIO, number: int, page_size: int) -> bytes:
    """Go down a tree by the first child of each page, to the first record."""
    for _ in range(_MOST_LEVELS):
        page = read_at(stream, number * page_size, page_size)
        flags, lower = struct.unpack_from("<HH", page, 10)
        node = struct.unpack_from("<H", page, _HEADER)[0]
        if lower <= _HEADER or node + 8 > page_size:
            raise UnreadableError("is a damaged LMDB")
        low, high, node_flags, key_size = struct.unpack_from("<HHHH", page, node)
        if flags & _LEAF:
            at = node + 8 + key_size
            size = low | high << 16
            if not node_flags & _BIG:
                return read_at(stream, number * page_size + at, size)
            if at + 8 > page_size:
                raise UnreadableError("is a damaged LMDB")
            big = struct.unpack_from("<Q", page, at)[0]
            return read_at(stream, big * page_size + _HEADER, size)
        if not flags & _BRANCH:
            raise UnreadableError("is a damaged LMDB")
        number = low | high << 16 | node_flags << 32
    raise UnreadableError("is a damaged LMDB")
