"""Where an upgraded net goes: small fields gather in memory, blobs are copied by the system."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Protocol

from protofix.upgrade.weights.mapped import MappedFile
from protofix.upgrade.weights.wire import Piece, Span, head_of

Progress = Callable[[int, int], None]
"""Is told how many bytes are done, and of how many."""

_IN_MEMORY = 1 << 16  # stretches below this go through the buffer, larger ones from file to file
_BUFFER = 1 << 20


class Sink(Protocol):
    """What takes the bytes of a net, in their order. All of it raises OSError."""

    def write(self, data: bytes) -> None:
        """Take a few bytes."""

    def copy(self, file: MappedFile, span: Span) -> Iterator[int]:
        """Take a stretch of a file; after each step tell the offset reached."""

    def flush(self) -> None:
        """Hand on whatever was kept back."""


class Nowhere:
    """Takes everything and keeps nothing."""

    def write(self, data: bytes) -> None:
        """Take a few bytes."""

    def copy(self, file: MappedFile, span: Span) -> Iterator[int]:
        """Take a stretch of a file."""
        return iter(())

    def flush(self) -> None:
        """Hand on nothing."""


class IntoFile:
    """Writes into an open file."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        """Take a few bytes."""
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self.flush()

    def copy(self, file: MappedFile, span: Span) -> Iterator[int]:
        """Take a stretch of a file; after each step tell the offset reached."""
        self.flush()
        yield from file.copy(span.start, span.end, self._handle)

    def flush(self) -> None:
        """Write what is in the buffer."""
        with memoryview(self._buffer) as view:
            written = 0
            while written < len(view):
                written += os.write(self._handle, view[written:])
        self._buffer.clear()


class Output:
    """A net that is being written: its bytes are counted, and its progress is told.

    Attributes:
        size: how many bytes there are so far.

    """

    def __init__(self, file: MappedFile, sink: Sink, progress: Progress | None) -> None:
        self.size = 0
        self._file = file
        self._sink = sink
        self._progress = progress
        self._told = 0

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self.size += len(data)
        self._sink.write(data)

    def copy(self, span: Span) -> None:
        """Append a stretch of the source."""
        if span.end - span.start < _IN_MEMORY:
            self.write(self._file.data[span.start : span.end])
            return
        self.size += span.end - span.start
        for at in self._sink.copy(self._file, span):
            self.tell(at)

    def put(self, piece: Piece) -> None:
        """Append a field."""
        self.write(head_of(piece))
        if isinstance(piece.value, bytes):
            self.write(piece.value)
        else:
            self.copy(piece.value)

    def tell(self, at: int) -> None:
        """Say how far the source has been gone through, about once a megabyte."""
        if self._progress is not None and (at - self._told >= _BUFFER or at == self._file.size):
            self._told = at
            self._progress(at, self._file.size)

    def finish(self) -> None:
        """Have everything written."""
        self._sink.flush()
        self.tell(self._file.size)
