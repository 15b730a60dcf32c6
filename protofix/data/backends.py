"""Which kind of database a folder holds, by Caffe's names of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from protofix.data import leveldb, lmdb

Backend = Literal["LMDB", "LEVELDB"]

NAMES: Mapping[Backend, str] = {"LMDB": "LMDB", "LEVELDB": "LevelDB"}
"""What people call them."""

MARKS: Mapping[Backend, str] = {"LMDB": lmdb.DATA, "LEVELDB": leveldb.CURRENT}
"""The file by which each is known."""


def backend_of(folder: Path) -> Backend | None:
    """What a folder holds, if it is a database."""
    return next((one for one, mark in MARKS.items() if (folder / mark).exists()), None)
