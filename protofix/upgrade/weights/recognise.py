"""What a file is by its first bytes: a binary net, or something that is taken for one."""

from __future__ import annotations

import re
from typing import Literal

FileKind = Literal["net", "empty", "hdf5", "pointer", "text", "blob", "solverstate", "archive"]

_NO_MATCH: dict[FileKind, str] = {
    "hdf5": "is HDF5 (.caffemodel.h5), which cannot be compared with a net here; Caffe itself "
    "compares it when it loads it",
    "text": "is text; a binary net (.caffemodel) is wanted here",
    "blob": "is a BlobProto (a mean image, say); a binary net (.caffemodel) is wanted here",
}

HEAD = 4096
"""How many of a file's first bytes tell what it is."""

_HDF5 = b"\x89HDF\r\n\x1a\n"
_POINTER = b"version https://git-lfs"
_ARCHIVES = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# What no text has, save by mistake. In a binary net the tag of each layer is one, to begin with.
_CONTROL = bytes({*range(32)} - {*b"\t\n\v\f\r"}) + b"\x7f"
_NAME_FIRST = 0x0A
_LAYER_FIRST = (b"\x12", b"\x1a", b"\xa2\x06")  # layers, input, layer
# A BlobProto begins with data (field 5) or shape (field 7), each with a length, or, of old, with
# its four dimensions; a SolverState with its iteration, and behind it a path or a blob.
_BLOB_NEW = re.compile(rb"[\x2a\x3a]")
_BLOB_OLD = re.compile(rb"\x08[\x80-\xff]{0,9}[\x00-\x7f][\x10\x18\x20\x2a\x2d]")
_NUMBER_FIRST = b"\x08"


def looks_binary(first_bytes: bytes) -> bool:
    """Whether the first bytes of a file (`HEAD` of them, if it has so many) are no text.

    That sets a binary net apart from a prototxt; `kind_of_file` tells which kind of binary it is.
    """
    return kind_of_file(first_bytes) not in ("empty", "text", "pointer")


def kind_of_file(first_bytes: bytes) -> FileKind:
    """Tell what a file is by its first bytes, `HEAD` of them if it has so many.

    "net" is a binary NetParameter, or anything else that is none of the others.
    """
    if not first_bytes:
        return "empty"
    if first_bytes.startswith(_HDF5):
        return "hdf5"
    if first_bytes.startswith(_POINTER):
        return "pointer"
    if first_bytes.startswith(_ARCHIVES):
        return "archive"
    if _is_text(first_bytes):
        return "text"
    if _BLOB_NEW.match(first_bytes) or _BLOB_OLD.match(first_bytes):
        return "blob"
    return "solverstate" if first_bytes.startswith(_NUMBER_FIRST) else "net"


def refusal(kind: FileKind, to_match: bool = False) -> str:
    """Why a file that is no binary net is refused, and what would be right.

    `to_match` tells that it was to be held against a net, not upgraded.
    """
    if to_match and kind in _NO_MATCH:
        return _NO_MATCH[kind]
    return {
        "net": "is a binary net",
        "empty": "the file is empty; a binary net has at least one layer",
        "hdf5": "is HDF5 (.caffemodel.h5), which holds blobs by layer name and no layers: "
        "it is in no old format, and Caffe loads it as it is",
        "pointer": "is the pointer that Git LFS left in place of the file; fetch it with "
        "git lfs pull",
        "text": "is text; a binary net (.caffemodel) is wanted here, and a prototxt is upgraded "
        "as one",
        "blob": "is a BlobProto (a mean image, say), no net; it is in no old format",
        "solverstate": "begins with a number, as a .solverstate does; a binary net begins with "
        "its name or a layer",
        "archive": "is a compressed file; unpack it first",
    }[kind]


def _is_text(first_bytes: bytes) -> bool:
    """Whether bytes are text in whatever encoding: with hardly a control character.

    UTF-16 is known by its mark. The measure is that by which a prototxt is read, so that a text
    with a stray control character is still one, but not a small net with hardly any other bytes.
    """
    if first_bytes.startswith(_UTF_16):
        return True
    count = len(first_bytes) - len(first_bytes.translate(None, _CONTROL))
    few = count <= 2 + len(first_bytes) // 100
    return not count or (few and not _begins_as_net(first_bytes))


def _begins_as_net(first_bytes: bytes) -> bool:
    """Whether a net's name is followed by a layer or nothing, or a layer comes first."""
    if first_bytes[0] != _NAME_FIRST or len(first_bytes) == 1:
        return first_bytes.startswith(_LAYER_FIRST)
    behind = first_bytes[2 + first_bytes[1] :]
    return not behind or behind.startswith(_LAYER_FIRST)
