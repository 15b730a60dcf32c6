"""The lists of HDF5 files that HDF5Data layers read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from protofix.net.paths import find_file


class ListedFile(NamedTuple):
    """A file that a list names, and where it is; None if it is not there."""

    name: str
    path: Path | None


def files_listed(content: bytes, origin: str | os.PathLike[str]) -> list[ListedFile] | None:
    """The files that a list names, as an HDF5Data layer's `source` does; None for what is no list.

    Caffe takes each word for a path from the folder in which it is started. Each is looked for as a
    net's files are, from the list that lies at `origin`.
    """
    if b"\x00" in content:
        return None
    names = map(os.fsdecode, content.split())
    return [ListedFile(name, find_file(name, origin)) for name in names]
