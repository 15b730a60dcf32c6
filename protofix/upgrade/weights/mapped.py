"""A file of weights, mapped into memory and never held there.

A page of a map that was touched counts as memory of the process, so pages are given back as the
reading goes on, and long stretches are copied by the system from file to file.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from protofix.files import open_regular, reading
from protofix.upgrade.weights.recognise import HEAD, kind_of_file, refusal
from protofix.upgrade.weights.wire import Field, read_field

_HELD = 4 << 20  # bytes of the map that may be touched before they are given back
_CHUNK = 8 << 20  # bytes copied in one go
_CANNOT_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}


class WeightsError(ValueError):
    """One line about a file of weights: path, offset, what is wrong, what would be right."""

    def __init__(self, path: Path, offset: int, problem: str) -> None:
        super().__init__(f"{path}: offset {offset}: {problem}")


class Identity(NamedTuple):
    """What tells whether a file is still the same one with the same content."""

    device: int
    inode: int
    size: int
    modified: int


@dataclass(eq=False)
class MappedFile:
    """An open file of weights.

    Attributes:
        path: its name, for messages.
        data: the map.
        size: bytes.
        identity: that of the file when it was opened.

    """

    path: Path
    data: mmap.mmap
    size: int
    identity: Identity
    _handle: int
    _given_back: int = field(default=0)

    def give_back(self, before: int) -> None:
        """Let go of the pages before an offset, where the system can; they can be read again."""
        if before - self._given_back < _HELD or not hasattr(mmap, "MADV_DONTNEED"):
            return
        stop = before - before % mmap.PAGESIZE
        self.data.madvise(mmap.MADV_DONTNEED, self._given_back, stop - self._given_back)
        self._given_back = stop

    def fields(self) -> Iterator[Field]:
        """The fields of the net itself, in the order of the file.

        The pages of a field are given back when the next one is asked for. Raises WireError.
        """
        at = 0
        while at < self.size:
            it = read_field(self.data, at, self.size)
            yield it
            at = it.end
            self.give_back(at)

    def copy(self, start: int, end: int, target: int) -> Iterator[int]:
        """Append bytes of the file to an open file; after each step tell the offset reached.

        Raises OSError, and WeightsError if the file is no longer as long as it was.
        """
        at = start
        while at < end:
            at += self._copy_some(at, min(end - at, _CHUNK), target)
            yield at

    def _copy_some(self, at: int, count: int, target: int) -> int:
        # A page that the file lost cannot be read: that would look like an error of the target.
        if os.fstat(self._handle).st_size < self.size:
            raise WeightsError(self.path, at, "the file was cut short while it was read; try again")
        if hasattr(os, "copy_file_range"):
            try:
                copied = os.copy_file_range(self._handle, target, count, offset_src=at)
            except OSError as error:
                if error.errno not in _CANNOT_COPY:
                    raise
            else:
                if copied:
                    return copied
        with memoryview(self.data) as view, view[at : at + count] as part:
            copied = os.write(target, part)
        self.give_back(at + copied)
        return copied


@contextlib.contextmanager
def mapped(path: Path, to_match: bool = False) -> Iterator[MappedFile]:
    """Map a binary net. Raises FileError if it cannot be read, WeightsError if it is no net.

    `to_match` tells that it is to be held against a net; a refusal says so.
    """
    with open_regular(path) as stream:
        with reading(path):
            identity = _identity(os.fstat(stream.fileno()))
            kind = kind_of_file(stream.read(HEAD))
        if kind != "net":
            raise WeightsError(path, 0, refusal(kind, to_match))
        with reading(path):
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        with data:
            yield MappedFile(path, data, len(data), identity, stream.fileno())


def identity_of(path: Path) -> Identity:
    """The identity of the file that has a path now. Raises FileError if there is none."""
    with reading(path):
        return _identity(os.stat(path))


def _identity(status: os.stat_result) -> Identity:
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
