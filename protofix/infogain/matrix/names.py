"""The names of the forms in which H is kept, and of the numbers in them."""

from __future__ import annotations

from typing import Literal, get_args

Format = Literal["binaryproto", "npy", "csv", "hdf5", "lmdb", "leveldb"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""All forms."""

DType = Literal["float32", "float64"]
DTYPES: dict[str, DType] = {"float": "float32", "double": "float64"}
"""What Caffe calls them."""
