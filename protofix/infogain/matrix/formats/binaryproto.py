"""H as a serialized BlobProto, the one form that a layer's `source` names."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from caffe_proto import base_schema
from protofix.infogain.matrix.formats.stored import Stored, check_shape
from protofix.infogain.matrix.names import DType
from protofix.infogain.matrix.values import Array, MatrixError, shape_text

BlobShape = Literal["legacy", "new"]


def read_binaryproto(content: bytes, where: str) -> Stored:
    """The numbers of a BlobProto in its shape (Caffe 1.0, Blob::FromProto). Raises MatrixError."""
    from google.protobuf.message import DecodeError

    try:
        blob: Any = base_schema().message_class("BlobProto").FromString(content)
    except DecodeError:
        raise MatrixError(
            f"{where}: not a serialized BlobProto, or cut short; write H as a .binaryproto"
        ) from None
    data = blob.double_data or blob.data
    legacy = ("num", "channels", "height", "width")
    if any(blob.HasField(name) for name in legacy):
        shape = tuple(int(getattr(blob, name)) for name in legacy)
    else:
        shape = tuple(int(dim) for dim in blob.shape.dim)
    if not data:
        raise MatrixError(f"{where}: a BlobProto without numbers, H needs L x L of them")
    check_shape(shape, where)
    if math.prod(shape) != len(data):
        declared = f"the shape {shape_text(shape)}" if shape else "no shape"
        raise MatrixError(
            f"{where}: declares {declared} and holds {len(data)} numbers, they must agree"
        )
    dtype: DType = "float64" if blob.double_data else "float32"
    return Stored(np.fromiter(data, dtype=np.float64, count=len(data)).reshape(shape), dtype)


def write_binaryproto(values: Array, dtype: DType, shape: BlobShape = "legacy") -> bytes:
    """Make a BlobProto of L x L numbers, which `dtype` must hold.

    Args:
        values: L x L.
        dtype: float32 for `data`, float64 for `double_data`.
        shape: "legacy" for num 1, channels 1, height L, width L, which any Caffe reads; "new" for
            a `shape` of L x L, which InfogainLoss takes since April 2017.

    """
    blob: Any = base_schema().message_class("BlobProto")()
    if shape == "legacy":
        blob.num = blob.channels = 1
        blob.height = blob.width = len(values)
    else:
        blob.shape.dim.extend(values.shape)
    numbers = blob.data if dtype == "float32" else blob.double_data
    numbers.extend(values.ravel().tolist())
    serialized: bytes = blob.SerializeToString(deterministic=True)
    return serialized
