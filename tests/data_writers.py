"""Small real files of the kinds that data layers read."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caffe_proto import base_schema

Size = tuple[int, int, int]


def image_bytes(height: int, width: int, mode: str = "RGB", format: str = "PNG") -> bytes:
    from io import BytesIO

    image = pytest.importorskip("PIL.Image").new(mode, (width, height))
    stream = BytesIO()
    image.save(stream, format)
    return stream.getvalue()


def map_image(pixels: bytes, height: int, width: int, mode: str) -> bytes:
    """A PNG whose pixels are those numbers, as indices of a palette or shades of grey.

    In mode RGB each has as many bytes as channels; in mode 1 it is 0 or not.
    """
    from io import BytesIO

    module = pytest.importorskip("PIL.Image")
    if mode == "I;16":
        image = module.frombytes(mode, (width, height), b"".join(bytes([p, 0]) for p in pixels))
    elif mode == "1":
        image = module.frombytes("L", (width, height), pixels).convert("1")
    else:
        image = module.frombytes(mode, (width, height), pixels)
    if mode == "P":
        image.putpalette([value for index in range(256) for value in (255 - index, index, 7)])
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def datum(size: Size, **fields: Any) -> bytes:
    channels, height, width = size
    message: Any = base_schema().message_class("Datum")()
    message.channels, message.height, message.width = size
    # Neither all alike nor without repetitions, so that Snappy has something to do.
    message.data = b"".join(os.urandom(width // 2) + bytes(width - width // 2)
                            for _ in range(channels * height))  # fmt: skip
    for name, value in fields.items():
        setattr(message, name, value)
    serialized: bytes = message.SerializeToString()
    return serialized


def encoded(data: bytes) -> bytes:
    message: Any = base_schema().message_class("Datum")(data=data, encoded=True, label=5)
    serialized: bytes = message.SerializeToString()
    return serialized


def write_lmdb(path: Path, records: Sequence[bytes]) -> None:
    lmdb = pytest.importorskip("lmdb")
    with (
        lmdb.open(str(path), map_size=1 << 24) as environment,
        environment.begin(write=True) as transaction,
    ):
        for index, record in enumerate(records):
            transaction.put(b"%08d" % index, record)


def write_leveldb(path: Path, records: Sequence[bytes], tables: bool = True) -> None:
    plyvel = pytest.importorskip("plyvel", reason="plyvel has no wheels for Python 3.13")
    database = plyvel.DB(str(path), create_if_missing=True)
    for index, record in enumerate(records):
        database.put(b"%08d" % index, record)
    if tables:
        database.compact_range()
    database.close()


def write_mean(path: Path, *shape: int, legacy: bool = True, numbers: int | None = None) -> None:
    blob: Any = base_schema().message_class("BlobProto")()
    if legacy:
        blob.num, (blob.channels, blob.height, blob.width) = 1, shape
    else:
        blob.shape.dim.extend(shape)
    blob.data.extend([0.0] * (math.prod(shape) if numbers is None else numbers))
    path.write_bytes(blob.SerializeToString())


def write_hdf5(path: Path, **datasets: Any) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
