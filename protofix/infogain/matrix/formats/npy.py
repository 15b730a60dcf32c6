"""H as numpy saves it."""

from __future__ import annotations

import io
import math

import numpy as np

from protofix.data.npy import MAGIC, read_header
from protofix.infogain.matrix.formats.stored import (
    Stored,
    check_shape,
    dtype_text,
    is_square,
    stored,
)
from protofix.infogain.matrix.names import DType
from protofix.infogain.matrix.values import Array, MatrixError, shape_text


def read_npy(content: bytes, where: str) -> Stored:
    """The array of a .npy file, seen to be there before it is made. Raises MatrixError."""
    if not content.startswith(MAGIC):
        raise MatrixError(f"{where}: not a .npy file, write it with numpy.save")
    stream = io.BytesIO(content)
    header = read_header(stream)
    if header is None:
        raise MatrixError(
            f"{where}: the .npy header is broken, write the file anew with numpy.save"
        )
    shape, fortran_order, dtype = header
    if dtype.kind not in "fiu":
        raise MatrixError(f"{where}: holds {dtype_text(dtype)}, save H as float32 or float64")
    check_shape(shape, where)
    held = len(content) - stream.tell()
    count = math.prod(shape)
    if count * dtype.itemsize != held:
        raise MatrixError(
            f"{where}: declares {shape_text(shape)} of {dtype} and holds {held} bytes of them,"
            f" they must agree: write the file anew"
        )
    array = np.frombuffer(content, dtype, count, stream.tell())
    array = array.reshape(shape, order="F" if fortran_order else "C")
    if len(shape) > 1 and not (math.prod(shape[:-2]) == 1 and is_square(shape)):
        raise MatrixError(
            f"{where}: {shape_text(shape)} is not square, save H as L x L or 1 x 1 x L x L"
        )
    if dtype.kind in "iu" and not np.array_equal(array.astype(np.float64).astype(object), array):
        raise MatrixError(
            f"{where}: has whole numbers beyond 2^53, which no float holds: save H as float64"
        )
    return stored(array)


def write_npy(values: Array, dtype: DType) -> bytes:
    """Make a .npy file of L x L numbers, lowest byte first, which `dtype` must hold."""
    stream = io.BytesIO()
    narrow = values.astype("<f4" if dtype == "float32" else "<f8")
    np.lib.format.write_array(stream, np.ascontiguousarray(narrow), (1, 0), allow_pickle=False)
    return stream.getvalue()
