"""H read from where a net has it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from protofix.infogain.given_by import GivenBy
from protofix.infogain.matrix.formats.binaryproto import read_binaryproto
from protofix.infogain.matrix.reading import read_h5_matrix, read_matrix, read_source, square
from protofix.infogain.matrix.values import Array, MatrixError
from protofix.net.paths import find_file


@dataclass(frozen=True)
class GivenFiles:
    """Reads the H that a net at `origin` names: from files yet to be written, then from disk."""

    origin: str | os.PathLike[str]
    new: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, given: GivenBy) -> Array:
        """Read H, L x L: of an HDF5Data layer that of the first file of its list.

        Raises:
            FileNotFoundError: a file is not there; its argument is the path that the net has.
            MatrixError: there is no such H in it.
            OSError: it cannot be read.
            ValueError: a ComputeH layer makes it.

        """
        if given.way == "file":
            if given.name in self.new:
                return square(read_binaryproto(self.new[given.name], given.name), given.name)
            return read_source(self.path(given.name)).values
        if given.way == "hdf5":
            return read_h5_matrix(self.path(self.listed(given.name)), given.blob)[1]
        if given.way == "database":
            return read_matrix(self.path(given.name), given.format).values
        raise ValueError("H is computed from each batch's labels")

    def listed(self, name: str) -> str:
        """The first file that a list names. Raises as `read`."""
        content = self.new[name] if name in self.new else self.path(name).read_bytes()
        files = [os.fsdecode(word) for word in content.split()]
        if not files:
            raise MatrixError(f"{name}: names no file")
        return files[0]

    def path(self, name: str) -> Path:
        """Where a file is. Raises `FileNotFoundError`."""
        found = find_file(name, self.origin)
        if found is None:
            raise FileNotFoundError(name)
        return found
