"""The records of an LMDB, read from its file without the library.

The library maps the file into memory: on one that was cut short, as after a copy that failed, the
whole program ends with a bus error. Here it is mapped too, and each page is checked to be there
before it is read. The format is that of LMDB 0.9 (mdb.c) on machines with 64 bits, lowest byte
first, which is what Caffe's databases are.

Pages are decoded many at a time with numpy, so that a record costs less than a microsecond where
only its place is wanted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protofix.data.bytes import (
    CUT_SHORT,
    LARGEST_RECORD,
    UnreadableError,
    let_go,
    map_file,
    part_of,
)
from protofix.data.counts import IntArray

DATA = "data.mdb"
"""The file in the folder of an LMDB that holds the records."""

_MAGIC = 0xBEEFC0DE
_VERSION = 1
_HEADER = 16  # bytes at the beginning of each page
_HEADER_32 = 12  # the same on machines with 32 bits
_META = _HEADER + 24 + 2 * 48 + 16
_DUPLICATES = 0x04  # flag of a tree: a key may have many values
_BRANCH, _LEAF, _OVERFLOW = 1, 2, 4  # flags of a page
_BIG, _TREE = 1, 6  # flags of a value: it has pages to itself; it is a tree
_NO_PAGE = (1 << 64) - 1
_MOST_LEVELS = 32  # of a tree: mdb.c, CURSOR_STACK
_DAMAGED = "is a damaged LMDB"

_AT_ONCE = 1 << 26  # bytes of records that are mapped in memory at once, or little more
_MOST_AT_ONCE = 1 << 14  # records
_LEAVES_AT_ONCE = 2048  # pages

# Laid out without gaps, so that numpy takes them from any offset.
_PAGE = np.dtype(
    [("number", "<u8"), ("pad", "<u2"), ("flags", "<u2"), ("lower", "<u2"), ("upper", "<u2")]
)
_BIG_PAGE = np.dtype([("number", "<u8"), ("pad", "<u2"), ("flags", "<u2"), ("pages", "<u4")])
_NODE = np.dtype([("low", "<u2"), ("high", "<u2"), ("flags", "<u2"), ("key", "<u2")])


@dataclass(frozen=True, eq=False)
class Spans:
    """Where N records are in the file, in the order of their keys: offsets and sizes in bytes.

    Attributes:
        keys: N offsets of keys.
        key_sizes: N sizes of keys.
        starts: N offsets of values.
        sizes: N sizes of values.

    """

    keys: IntArray
    key_sizes: IntArray
    starts: IntArray
    sizes: IntArray

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, eq=False)
class Tree:
    """The records of a database as the newest transaction left them.

    Attributes:
        content: the file, mapped into memory.
        entries: how many records there are.

    """

    content: memoryview
    entries: int
    _page_size: int
    _root: int
    _depth: int
    _leaves: int

    @property
    def pages(self) -> int:
        """How many whole pages the file has."""
        return len(self.content) // self._page_size

    def key(self, spans: Spans, index: int) -> bytes:
        """The key of a record."""
        start = int(spans.keys[index])
        return bytes(self.content[start : start + int(spans.key_sizes[index])])

    def spans(self) -> Iterator[Spans]:
        """All records, some of them at a time. Raises `UnreadableError`."""
        entries = size = 0
        for leaves in self._leaf_pages():
            for nodes in _parted(self._nodes(leaves, _LEAF)):
                spans = self._spans_of(nodes)
                entries += len(spans)
                size += int(spans.sizes.sum())
                # A damaged tree that leads to a page again and again must come to an end.
                if entries > self.entries or size > len(self.content):
                    raise UnreadableError(_DAMAGED)
                yield spans
                let_go(self.content)
        if entries != self.entries:
            raise UnreadableError(_DAMAGED)

    def first(self) -> Spans:
        """The first record alone. Raises `UnreadableError` if there is none."""
        for leaves in self._leaf_pages():
            at = self._nodes(leaves[:1], _LEAF)
            return self._spans_of(_Nodes(*(column[:1] for column in at)))
        raise UnreadableError("is an LMDB without records")

    def _leaf_pages(self) -> Iterator[IntArray]:
        """The numbers of the leaf pages, in order, many at a time: a call to numpy costs the more,
        the fewer numbers it is for."""
        if self._root == _NO_PAGE:
            return
        if self._depth == 1:
            yield np.array([self._page_number(self._root)])
            return
        leaves = 0
        gathered: list[IntArray] = []
        for found in self._leaves_under(self._page_number(self._root), self._depth - 1):
            leaves += len(found)
            if leaves > self._leaves:
                raise UnreadableError(_DAMAGED)
            gathered.append(found)
            if sum(map(len, gathered)) >= _LEAVES_AT_ONCE:
                yield np.concatenate(gathered)
                gathered = []
        if gathered:
            yield np.concatenate(gathered)

    def _leaves_under(self, page: int, levels: int) -> Iterator[IntArray]:
        nodes = self._nodes(np.array([page]), _BRANCH)
        # What is a value's size in a leaf and its flags above are a page's number here.
        children = nodes.sizes | nodes.flags << 32
        if levels == 1:
            yield children
            return
        for child in children.tolist():
            yield from self._leaves_under(child, levels - 1)

    def _page_number(self, number: int) -> int:
        if number >= self.pages:
            raise UnreadableError(CUT_SHORT)
        return number

    def _nodes(self, pages: IntArray, kind: int) -> _Nodes:
        """The nodes of pages of one kind. Raises `UnreadableError` for what is none."""
        size = self._page_size
        if pages.max() >= self.pages:
            raise UnreadableError(CUT_SHORT)
        heads = _gathered(self.content, _PAGE, pages * size)
        lower = heads["lower"].astype(np.int64)
        if (
            (heads["number"] != pages.astype(np.uint64)).any()
            or ((heads["flags"] & (_BRANCH | _LEAF | _OVERFLOW)) != kind).any()
            or ((lower <= _HEADER) | (lower > size) | (lower & 1 == 1)).any()
        ):
            raise UnreadableError(_DAMAGED)
        counts = (lower - _HEADER) // 2
        table = np.ndarray((self.pages, size // 2), "<u2", self.content)
        most = int(counts.max())
        offsets = table[pages, _HEADER // 2 : _HEADER // 2 + most].astype(np.int64)
        offsets = offsets[np.arange(most) < counts[:, None]]
        if ((offsets < np.repeat(lower, counts)) | (offsets + _NODE.itemsize > size)).any():
            raise UnreadableError(_DAMAGED)
        starts = np.repeat(pages * size, counts)
        found = _gathered(self.content, _NODE, starts + offsets)
        keys = starts + offsets + _NODE.itemsize
        key_sizes = found["key"].astype(np.int64)
        if kind == _LEAF and (keys + key_sizes > starts + size).any():
            raise UnreadableError(_DAMAGED)
        sizes = found["low"].astype(np.int64) | found["high"].astype(np.int64) << 16
        return _Nodes(starts + size, keys, key_sizes, sizes, found["flags"].astype(np.int64))

    def _spans_of(self, nodes: _Nodes) -> Spans:
        """Where the values of leaf nodes are. Raises `UnreadableError`."""
        if (nodes.flags & _TREE).any():
            raise UnreadableError(
                "holds databases with names; Caffe reads records that are in none: write it anew"
            )
        if nodes.sizes.max() > LARGEST_RECORD:
            raise UnreadableError(f"has a part of {nodes.sizes.max():,} bytes, more than 256 MiB")
        starts = nodes.keys + nodes.key_sizes
        big = np.flatnonzero(nodes.flags & _BIG)
        ends = starts + np.where(nodes.flags & _BIG, 8, nodes.sizes)
        if (ends > nodes.page_ends).any():
            raise UnreadableError(_DAMAGED)
        if len(big):
            starts[big] = self._big_values(starts[big], nodes.sizes[big])
        return Spans(nodes.keys, nodes.key_sizes, starts, nodes.sizes)

    def _big_values(self, at: IntArray, sizes: IntArray) -> IntArray:
        """The offsets of values that have pages to themselves, whose numbers stand at offsets."""
        wide = _gathered(self.content, np.dtype([("page", "<u8")]), at)["page"]
        if wide.max() >= self.pages:
            raise UnreadableError(CUT_SHORT)
        pages = wide.astype(np.int64)
        heads = _gathered(self.content, _BIG_PAGE, pages * self._page_size)
        counts = heads["pages"].astype(np.int64)
        if (
            (heads["number"] != wide).any()
            or (heads["flags"] & _OVERFLOW == 0).any()
            or (sizes + _HEADER > counts * self._page_size).any()
        ):
            raise UnreadableError(_DAMAGED)
        if (pages + counts > self.pages).any():
            raise UnreadableError(CUT_SHORT)
        return pages * self._page_size + _HEADER


class _Nodes(NamedTuple):
    """N entries of pages: where their pages end, their keys, the sizes of values, and flags."""

    page_ends: IntArray
    keys: IntArray
    key_sizes: IntArray
    sizes: IntArray
    flags: IntArray


def open_tree(folder: Path) -> Tree:
    """Look at a database; nothing is written, and no lock is taken.

    Raises:
        UnreadableError: it is no such database, or is damaged.
        OSError: its file cannot be read.

    """
    content = map_file(folder / DATA)
    page_size = _page_size_of(content)
    # Each writing replaces the older of the two.
    start = max((0, page_size), key=lambda start: _meta(content, start)[0])
    _, flags, depth, leaves, entries, root = _meta(content, start)
    if flags & _DUPLICATES:
        raise UnreadableError("is an LMDB whose keys have many values, which Caffe never writes")
    if root != _NO_PAGE and not (1 <= depth <= _MOST_LEVELS and leaves and entries):
        raise UnreadableError(_DAMAGED)
    return Tree(content, entries if root != _NO_PAGE else 0, page_size, root, depth, leaves)


def values(folder: Path) -> Iterator[tuple[bytes, memoryview]]:
    """Each record's key and value, in the order of the keys.

    A value looks into the file and is not copied.

    Raises:
        UnreadableError: it is no such database, or is damaged.
        OSError: its file cannot be read.

    """
    return values_of(open_tree(folder))


def values_of(tree: Tree) -> Iterator[tuple[bytes, memoryview]]:
    """What `values` gives, of a database that is open already."""
    for spans in tree.spans():
        columns = (spans.keys, spans.key_sizes, spans.starts, spans.sizes)
        for key, key_size, start, size in zip(*(each.tolist() for each in columns), strict=True):
            yield bytes(tree.content[key : key + key_size]), tree.content[start : start + size]


def first_value(folder: Path) -> bytes:
    """The value of the record that comes first.

    Raises:
        UnreadableError: it is no such database, has no records, or is damaged.
        OSError: its file cannot be read.

    """
    tree = open_tree(folder)
    first = tree.first()
    start = int(first.starts[0])
    return bytes(tree.content[start : start + int(first.sizes[0])])


def _page_size_of(content: memoryview) -> int:
    head = part_of(content, 0, _META)
    magic, version = struct.unpack_from("<II", head, _HEADER)
    page_size = struct.unpack_from("<I", head, _HEADER + 24)[0]
    if struct.unpack_from("<I", head, _HEADER_32)[0] == _MAGIC:
        raise UnreadableError("is an LMDB of a machine with 32 bits: make it on one with 64")
    if struct.unpack_from(">I", head, _HEADER)[0] == _MAGIC:
        raise UnreadableError(
            "is an LMDB of a machine that stores the highest byte first: make it on another"
        )
    if magic == _MAGIC and version != _VERSION:
        raise UnreadableError(
            f"is an LMDB of format {version}; Caffe reads format 1, that of LMDB 0.9"
        )
    if magic != _MAGIC or not 256 <= page_size <= 1 << 16 or page_size & (page_size - 1):
        raise UnreadableError("is no LMDB of 64 bits, or damaged")
    return int(page_size)


def _meta(content: memoryview, start: int) -> tuple[int, int, int, int, int, int]:
    """Transaction; and of the tree of records its flags, depth, leaves, entries and root."""
    # Header; magic, version, address, size of the map; two trees; last page, transaction.
    page = part_of(content, start, _META)
    if struct.unpack_from("<II", page, _HEADER) != (_MAGIC, _VERSION):
        raise UnreadableError("is no LMDB of 64 bits, or damaged")
    tree = struct.unpack_from("<IHHQQQQQ", page, _HEADER + 24 + 48)
    _, flags, depth, _branches, leaves, _overflow, entries, root = tree
    transaction = struct.unpack_from("<Q", page, _HEADER + 24 + 96 + 8)[0]
    return transaction, flags, depth, leaves, entries, root


def _gathered(content: memoryview, kind: np.dtype[Any], offsets: IntArray) -> NDArray[Any]:
    """What stands at N offsets, each inside the file."""
    everywhere: NDArray[Any] = np.ndarray(
        (len(content) - kind.itemsize + 1,), kind, content, strides=(1,)
    )
    return everywhere[offsets]


def _parted(nodes: _Nodes) -> Iterator[_Nodes]:
    """The same in parts that are neither many records nor many bytes."""
    groups = np.maximum(
        np.cumsum(nodes.sizes) // _AT_ONCE, np.arange(len(nodes.sizes)) // _MOST_AT_ONCE
    )
    bounds = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), len(groups)]
    for start, end in pairwise(bounds):
        yield _Nodes(*(column[start:end] for column in nodes))
