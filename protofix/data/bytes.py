"""Reading parts of binary files that may be cut short, or be something else."""

from __future__ import annotations

from typing import BinaryIO

LARGEST_RECORD = 1 << 28
"""No record, block or blob above this many bytes (256 MiB) is read."""


class UnreadableError(ValueError):
    """Why a file tells nothing: words that continue "FILE: there, but not read: "."""


def read_at(stream: BinaryIO, start: int, size: int) -> bytes:
    """So many bytes of a file from an offset. Raises `UnreadableError` if they are not there."""
    if size > LARGEST_RECORD:
        raise UnreadableError(f"has a part of {size:,} bytes, more than 256 MiB")
    # Python's files take offsets of 63 bits.
    if start >> 63:
        raise UnreadableError("is cut short or damaged")
    stream.seek(start)
    content = stream.read(size)
    if len(content) < size:
        raise UnreadableError("is cut short or damaged")
    return content


class Cursor:
    """A place in bytes, which moves on over what is read."""

    def __init__(self, content: bytes, at: int = 0) -> None:
        self.content = content
        self.at = at

    def __bool__(self) -> bool:
        """Whether any bytes are left."""
        return self.at < len(self.content)

    def take(self, size: int) -> bytes:
        """The next bytes. Raises `UnreadableError` if there are not so many."""
        taken = self.content[self.at : self.at + size]
        if len(taken) < size:
            raise UnreadableError("is cut short or damaged")
        self.at += size
        return taken

    def varint(self) -> int:
        """A whole number, seven bits a byte, the lowest first. Raises `UnreadableError`."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise UnreadableError("is damaged")

    def prefixed(self) -> bytes:
        """Bytes behind their count."""
        return self.take(self.varint())
