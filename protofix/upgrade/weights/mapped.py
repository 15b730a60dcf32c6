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

from protofix.files import FileError
from protofix.upgrade.weights.recognise import HEAD, kind_of_file, refusal

_HELD = 4 << 20  # bytes of the map that may be touched before they are given back
_CHUNK = 8 << 20  # bytes copied in one go
_CANNOT_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}


class WeightsError(ValueError):
    """One line about a file of weights: path, offset, what is wrong, what would be right."""

    def __init__(self, path: Path, offset: int, problem: str) -> None:
        super().__init__(f"{path}: offset {offset}: {problem}")


@dataclass(eq=False)
class MappedFile:
    """An open file of weights.

    Attributes:
        path: its name, for messages.
        data: the map.
        size: bytes.
        identity: what tells whether it is still the same file with the same content.

    """

    path: Path
    data: mmap.mmap
    size: int
    identity: tuple[int, ...]
    _handle: int
    _given_back: int = field(default=0)

    def give_back(self, before: int) -> None:
        """Let go of the pages before an offset, where the system can; they can be read again."""
        if before - self._given_back < _HELD or not hasattr(mmap, "MADV_DONTNEED"):
            return
        stop = before - before % mmap.PAGESIZE
        self.data.madvise(mmap.MADV_DONTNEED, self._given_back, stop - self._given_back)
        self._given_back = stop

    def changed(self) -> bool:
        """Whether the file has been written to since it was opened."""
        return _identity(os.fstat(self._handle)) != self.identity

    def copy(self, start: int, end: int, target: int) -> Iterator[int]:
        """Append bytes of the file to an open file; after each step tell the offset reached.

        Raises OSError.
        """
        at = start
        while at < end:
            at += self._copy_some(at, min(end - at, _CHUNK), target)
            yield at

    def _copy_some(self, at: int, count: int, target: int) -> int:
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
def mapped(path: Path) -> Iterator[MappedFile]:
    """Map a binary net. Raises FileError if it cannot be read, WeightsError if it is no net."""
    with contextlib.ExitStack() as stack:
        try:
            if path.is_dir():
                raise FileError(f"{path}: is a folder; give a file in it")
            if path.exists() and not path.is_file():
                raise FileError(f"{path}: is no regular file")
            stream = stack.enter_context(open(path, "rb", buffering=0))
            status = os.fstat(stream.fileno())
            head = stream.read(HEAD)
            kind = kind_of_file(head)
            if kind != "net":
                raise WeightsError(path, 0, refusal(kind))
            data = stack.enter_context(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        except (FileError, WeightsError):
            raise
        except (OSError, ValueError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or " ".join(str(error).split())
            raise FileError(f"{path}: cannot be read: {reason}") from None
        yield MappedFile(path, data, len(data), _identity(status), stream.fileno())


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
