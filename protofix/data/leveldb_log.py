"""The logs of a LevelDB: records cut into pieces, and the batches of writes in them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from protofix.data.bytes import LARGEST_RECORD, UnreadableError

DAMAGED = "is a damaged LevelDB"

DELETION, VALUE = 0, 1
"""Types of what is written: a key that is deleted, or one with a value."""

_BLOCK = 1 << 15
_PIECE_HEAD = 7  # bytes: checksum, size, type
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4  # types of pieces
_BATCH_HEAD = 12  # bytes: the number of the first write, how many there are
_LONGEST_VARINT = 10


class Written(NamedTuple):
    """A write: its number (the newest of a key counts), type, and where the value is."""

    number: int
    kind: int
    batch: Batch
    start: int
    size: int

    def value(self) -> bytes | memoryview:
        """What was written."""
        return self.batch.part(self.start, self.size)


class Batch:
    """A record of a log: the pieces of the file that, one behind another, are its bytes."""

    def __init__(self, pieces: Sequence[memoryview]) -> None:
        self._pieces = pieces
        self._starts = [0]
        for piece in pieces:
            self._starts.append(self._starts[-1] + len(piece))
        self._at = 0  # the piece that was looked at last

    def __len__(self) -> int:
        return self._starts[-1]

    def part(self, start: int, size: int) -> bytes | memoryview:
        """So many bytes from an offset. Raises `UnreadableError` if they are not there."""
        if size > min(len(self) - start, LARGEST_RECORD):
            raise UnreadableError(DAMAGED)
        at = self._piece_of(start)
        inside = start - self._starts[at]
        if inside + size <= len(self._pieces[at]):
            return self._pieces[at][inside : inside + size]
        parts, left = [], size
        while left:
            part = self._pieces[at][inside : inside + left]
            parts.append(part)
            left -= len(part)
            at, inside = at + 1, 0
        return b"".join(parts)

    def varint(self, start: int) -> tuple[int, int]:
        """A whole number at an offset, and where it ends. Raises `UnreadableError`."""
        beginning = self.part(start, min(_LONGEST_VARINT, len(self) - start))
        value = 0
        for index, byte in enumerate(beginning):
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                return value, start + index + 1
        raise UnreadableError(DAMAGED)

    def _piece_of(self, start: int) -> int:
        at = self._at if start >= self._starts[self._at] else 0
        while at + 1 < len(self._pieces) and start >= self._starts[at + 1]:
            at += 1
        self._at = at
        return at


def batches_of(content: memoryview) -> Iterator[Batch]:
    """The records of a log; what was not written to the end is left out.

    Checksums are not verified, as LevelDB does not when Caffe reads a table.

    Raises:
        UnreadableError: pieces do not follow as they are written.

    """
    pieces: list[memoryview] = []
    for block in range(0, len(content), _BLOCK):
        end = min(block + _BLOCK, len(content))
        at = block
        while end - at >= _PIECE_HEAD:
            size, kind = struct.unpack_from("<HB", content, at + 4)
            if not kind:
                break
            at += _PIECE_HEAD
            if size > end - at:
                if end == len(content):
                    return
                raise UnreadableError(DAMAGED)
            begins = kind in (_FULL, _FIRST)
            if kind > _LAST or (not begins and not pieces):
                raise UnreadableError(DAMAGED)
            if begins:
                pieces = []
            pieces.append(content[at : at + size])
            at += size
            if kind in (_FULL, _LAST):
                yield Batch(pieces)
                pieces = []


def writes_of(batch: Batch) -> Iterator[tuple[bytes, Written]]:
    """What a batch writes, in the order of writing, each with its key. Raises `UnreadableError`."""
    number, count = struct.unpack("<QI", batch.part(0, _BATCH_HEAD))
    at, found = _BATCH_HEAD, 0
    while at < len(batch):
        kind = batch.part(at, 1)[0]
        if kind not in (DELETION, VALUE):
            raise UnreadableError(DAMAGED)
        size, at = batch.varint(at + 1)
        key = bytes(batch.part(at, size))
        at, size = at + size, 0
        if kind == VALUE:
            size, at = batch.varint(at)
        if size > len(batch) - at:
            raise UnreadableError(DAMAGED)
        yield key, Written(number + found, kind, batch, at, size)
        at += size
        found += 1
    if found != count:
        raise UnreadableError(DAMAGED)
