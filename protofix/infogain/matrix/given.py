"""H read from where a net has it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from protofix.infogain.given_by import GivenBy
from protofix.infogain.hdf5_lists import files_listed
from protofix.infogain.matrix.formats.binaryproto import read_binaryproto
from protofix.infogain.matrix.reading import read_h5_matrix, read_matrix, read_source, square
from protofix.infogain.matrix.values import Array, InfogainMatrix, MatrixError, SeveralError
from protofix.net.paths import find_file


@dataclass(frozen=True)
class GivenFiles:
    """Reads the H that a net at `origin` names: from files yet to be written, then from disk."""

    origin: str | os.PathLike[str]
    new: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, given: GivenBy) -> Array:
        """Read H, L x L: of an HDF5Data layer that of the one file of its list.

        Numbers are as they lie there, whatever the layer does to them (`GivenBy.transform`).

        Raises:
            FileNotFoundError: a file is not there; its argument is the path that the net has.
            MatrixError: there is no such H in it.
            OSError: it cannot be read.
            ValueError: a ComputeH layer makes it.

        """
        if given.way == "file":
            return self.source(given.name).values
        if given.way == "hdf5":
            return read_h5_matrix(self.listed(given.name), given.blob)[1]
        if given.way == "database":
            return read_matrix(self.path(given.name), given.format).values
        raise ValueError("H is computed from each batch's labels")

    def source(self, name: str) -> InfogainMatrix:
        """Read the file that a loss names itself. Raises as `read`."""
        if name in self.new:
            found = read_binaryproto(self.new[name], name)
            values = square(found, name)
            return InfogainMatrix(
                values, found.numbers.shape, "binaryproto", Path(name), found.dtype
            )
        return read_source(self.path(name))

    def files(self, given: GivenBy) -> Iterator[Path]:
        """The files on disk that H is read from, those of them that are there."""
        if given.way == "compute-h" or given.name in self.new:
            return
        with contextlib.suppress(OSError, ValueError):
            path = self.path(given.name)
            yield path
            if given.way == "hdf5":
                yield self.listed(given.name)
            elif path.is_dir():
                yield from path.iterdir()

    def listed(self, name: str) -> Path:
        """The one file that a list names. Raises as `read`."""
        if name in self.new:
            files = files_listed(self.new[name], self.origin)
        else:
            path = self.path(name)
            files = files_listed(path.read_bytes(), path)
        if not files:
            raise MatrixError(f"{name}: is no list that names a file")
        if len(files) > 1:
            raise SeveralError(f"{name}: names {len(files)} files, which take turns to be H")
        [one] = files
        if one.path is None:
            raise FileNotFoundError(one.name)
        return one.path

    def path(self, name: str) -> Path:
        """Where a file is. Raises `FileNotFoundError`."""
        found = find_file(name, self.origin)
        if found is None:
            raise FileNotFoundError(name)
        return found
