"""What the readers of all forms share: files opened with care, and the numbers found in them."""

from __future__ import annotations

import os
import stat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.matrix.names import DType
from protofix.infogain.matrix.values import Array, MatrixError, PathLike, shape_text

LARGEST_FILE = 1 << 30
"""No file above this many bytes is read: 1 GiB holds H for 16,384 classes in float32."""

MOST_AXES = 32
"""Of a blob, in Caffe 1.0: kMaxBlobAxes."""

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
"""How an HDF5 file begins, unless something else was put before it."""

# How a serialized NetParameter begins: its name, a V1 layer or a layer, each with its length.
# BlobProto's own fields 1 and 2 are plain numbers, and it has no field 100.
_NET_BEGINNINGS = (b"\x0a", b"\x12", b"\xa2\x06")


class Stored(NamedTuple):
    """The numbers of a file, float64 in the shape that it declares, and what it holds them in."""

    numbers: Array
    dtype: DType


def stored(array: NDArray[Any]) -> Stored:
    """Numbers as they were stored, widened to float64."""
    dtype: DType = "float32" if array.dtype.kind == "f" and array.itemsize <= 4 else "float64"
    with np.errstate(over="ignore"):  # a long double may be beyond float64: inf, and refused so
        return Stored(array.astype(np.float64), dtype)


def check_shape(shape: tuple[int, ...], where: str) -> None:
    """Refuse a declared shape that no blob can have, before any arithmetic on it."""
    if len(shape) > MOST_AXES:
        raise MatrixError(f"{where}: declares {len(shape)} axes, a blob has at most {MOST_AXES}")
    if any(dim < 1 for dim in shape):
        raise MatrixError(f"{where}: declares the shape {shape_text(shape)}, H must be L x L")


def is_square(shape: tuple[int, ...]) -> bool:
    """Whether the last two axes are L x L."""
    return len(shape) > 1 and shape[-2] == shape[-1] > 0


def one_line(error: BaseException) -> str:
    """Put an exception's message on one line."""
    text = " ".join(str(error).split())
    return text if text.isprintable() and text else type(error).__name__


def dtype_text(dtype: np.dtype[Any]) -> str:
    """Name a dtype in a word: a structured one may be pages long."""
    return "records" if dtype.names is not None else str(dtype)


def regular_size(path: PathLike, where: str) -> int:
    """Return the size in bytes of a regular file; a pipe or a device would never end."""
    try:
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode):
            with open(path, "rb"):  # whether it may be read
                return status.st_size
    except OSError as error:
        raise MatrixError(f"{where}: cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL in it
        raise MatrixError(f"{where}: not a path, name the file that holds H") from None
    raise MatrixError(f"{where}: not a regular file, name the file that holds H")


def read_file(path: PathLike, where: str, *, as_blob: bool) -> bytes:
    """Return a file's bytes, unless its size or beginning shows that it is something else.

    With `as_blob` it is to be a BlobProto.
    """
    size = regular_size(path, where)
    if size == 0:
        raise MatrixError(f"{where}: the file is empty, H needs L x L numbers")
    if size > LARGEST_FILE:
        raise MatrixError(f"{where}: larger than 1 GiB, more than H of 16,384 classes takes")
    try:
        with open(path, "rb") as stream:
            beginning = stream.read(8)
            if as_blob and beginning == HDF5_MAGIC:
                raise MatrixError(f"{where}: an HDF5 file, which only an HDF5Data layer reads")
            # A net of hundreds of megabytes is not worth reading to the end. Text may begin with
            # an empty line, which is the same byte.
            if as_blob and beginning.startswith(_NET_BEGINNINGS):
                raise MatrixError(
                    f"{where}: begins as a net's weights do (.caffemodel),"
                    f" H is a BlobProto (.binaryproto)"
                )
            return beginning + stream.read(size)
    except OSError as error:
        raise MatrixError(f"{where}: cannot be read: {error.strerror}") from None
