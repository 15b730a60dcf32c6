"""Reading parts of binary files that may be cut short, or be something else."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from protofix.files import open_regular, reading

LARGEST_RECORD = 1 << 28
"""No record, block or blob above this many bytes (256 MiB) is read."""

CUT_SHORT = "is cut short or damaged"
"""Why a file tells nothing that ends before it should."""


class UnreadableError(ValueError):
    """Why a file tells nothing: words that continue "FILE: there, but not read: "."""


def map_file(path: Path) -> memoryview:
    """The bytes of a file as it is now, mapped into memory for reading only.

    The map ends when nothing looks into it any more. Who reads beyond a file's end gets an error,
    since the map is no longer than the file was; a file that is cut short while it is mapped would
    end the program.

    Raises:
        FileError: it cannot be read, or is no regular file.

    """
    with open_regular(path) as stream, reading(path):
        size = os.fstat(stream.fileno()).st_size
        if not size:
            return memoryview(b"")
        return memoryview(mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ))


def let_go(content: memoryview) -> None:
    """Give back the memory that pages of a mapped file take here, where the system can.

    What looks into the map goes on seeing the same bytes: they are read anew.
    """
    if isinstance(content.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        content.obj.madvise(mmap.MADV_DONTNEED)


def part_of(content: memoryview, start: int, size: int) -> memoryview:
    """So many bytes from an offset. Raises `UnreadableError` if they are not there."""
    _refuse_larger(size)
    part = content[start : start + size]
    if start < 0 or len(part) < size:
        raise UnreadableError(CUT_SHORT)
    return part


def _refuse_larger(size: int) -> None:
    if size > LARGEST_RECORD:
        raise UnreadableError(f"has a part of {size:,} bytes, more than 256 MiB")


class Cursor:
    """A place in bytes, which moves on over what is read."""

    def __init__(self, content: bytes | memoryview, at: int = 0) -> None:
        self.content = content
        self.at = at

    def __bool__(self) -> bool:
        """Whether any bytes are left."""
        return self.at < len(self.content)

    def take(self, size: int) -> bytes:
        """The next bytes. Raises `UnreadableError` if there are not so many."""
        return bytes(self.view(size))

    def view(self, size: int) -> bytes | memoryview:
        """The next bytes, uncopied if they are looked at. Raises `UnreadableError`."""
        taken = self.content[self.at : self.at + size]
        if len(taken) < size:
            raise UnreadableError(CUT_SHORT)
        self.at += size
        return taken

    def varint(self) -> int:
        """A whole number, seven bits a byte, the lowest first. Raises `UnreadableError`."""
        value = 0
        content, at = self.content, self.at
        try:
            for shift in range(0, 70, 7):
                byte = content[at]
                at += 1
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    self.at = at
                    return value
        except IndexError:
            raise UnreadableError(CUT_SHORT) from None
        raise UnreadableError("is damaged")

    def prefixed(self) -> bytes:
        """Bytes behind their count."""
        return self.take(self.varint())
