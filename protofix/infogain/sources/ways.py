"""The ways to give H, and what giving it came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from protofix.data.backends import Backend
from protofix.files import NewFile
from protofix.infogain.matrix.values import Array
from protofix.textproto.tree import Document


class SourceError(ValueError):
    """H cannot be given this way; the message is one line that says what would be right."""


@dataclass(frozen=True)
class FromFile:
    """H from a file: a binaryproto, or any other that holds an H and is made into one."""

    path: Path


@dataclass(frozen=True)
class FromLabels:
    """H computed from each batch's labels by a Python layer of the module named."""

    module: str = "compute_h"
    classes: int | None = None


@dataclass(frozen=True)
class FromHdf5:
    """H from a 1 x 1 x L x L dataset of an HDF5 file, through an HDF5Data layer."""

    path: Path


@dataclass(frozen=True)
class FromDatabase:
    """H from a database of one Datum (1 x L x L, `float_data`), through a Data layer."""

    path: Path
    backend: Backend


Way = FromFile | FromLabels | FromHdf5 | FromDatabase


@dataclass(frozen=True)
class GivenMatrix:
    """An H at hand, L x L, and the name of the file it came from."""

    values: Array
    path: str


@dataclass(frozen=True)
class Given:
    """The document with H in place, the files to be written with it, and what to tell.

    `doubts` is what a person has to see to. `matrix` is the H given, None where a layer computes
    it.
    """

    document: Document
    files: tuple[NewFile, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    matrix: GivenMatrix | None = None
