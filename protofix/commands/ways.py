"""The options that say how a loss gets its matrix H, and writing what giving it makes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.commands.common import is_source, positive, print_bytes, target_of
from protofix.files import FileError, NewFile, files_written, refuse_other_content

if TYPE_CHECKING:
    from protofix.infogain.sources import Way


def add_ways(command: argparse.ArgumentParser, title: str) -> argparse._MutuallyExclusiveGroup:
    """Add the ways to give H, of which one is taken; give their group."""
    matrix = command.add_argument_group(title)
    way = matrix.add_mutually_exclusive_group()
    way.add_argument("--source", metavar="FILE", help="from a .binaryproto, .npy or .csv file, say")
    way.add_argument(
        "--compute-h", action="store_true",
        help="from each batch's labels, by a Python layer whose module is written beside OUT",
    )  # fmt: skip
    way.add_argument(
        "--h-data", metavar="FILE.h5", help="from an HDF5 dataset, through an HDF5Data layer"
    )
    way.add_argument("--h-lmdb", metavar="DIR", help="from an LMDB, through a Data layer")
    way.add_argument("--h-leveldb", metavar="DIR", help="from a LevelDB, through a Data layer")
    matrix.add_argument(
        "--h-module", metavar="NAME",
        help="name of the module that --compute-h writes; default: compute_h",
    )  # fmt: skip
    matrix.add_argument(
        "--classes", type=positive, metavar="L",
        help="number of classes for --compute-h, where the net does not tell",
    )  # fmt: skip
    return way


def way_of(arguments: argparse.Namespace) -> Way | None:
    """The way that was chosen, if one was. Raises ValueError for options that go with another."""
    from protofix.infogain.sources import FromDatabase, FromFile, FromHdf5, FromLabels

    if arguments.compute_h:
        return FromLabels(arguments.h_module or "compute_h", arguments.classes)
    if arguments.h_module is not None:
        raise ValueError("--h-module goes with --compute-h")
    if arguments.classes is not None:
        raise ValueError("--classes goes with --compute-h")
    if arguments.source is not None:
        return FromFile(Path(arguments.source))
    if arguments.h_lmdb is not None:
        return FromDatabase(Path(arguments.h_lmdb), "LMDB")
    if arguments.h_leveldb is not None:
        return FromDatabase(Path(arguments.h_leveldb), "LEVELDB")
    return None if arguments.h_data is None else FromHdf5(Path(arguments.h_data))


def folder_of(arguments: argparse.Namespace) -> Path:
    """Where the files that a net needs beside it go: beside OUT, or else beside NET."""
    beside = arguments.net if arguments.output in (None, "-") else arguments.output
    return Path() if beside == "-" else Path(beside).parent


def write_net(
    arguments: argparse.Namespace,
    before: bytes,
    after: bytes,
    files: Sequence[NewFile],
    matrices: Sequence[Path] = (),
) -> list[str]:
    """Write what is to be written, all of it or nothing: the files beside the net, then the net.

    `before` is what the file held when it was read, `matrices` are files that hold an H, onto which
    nothing is to be written. Gives the paths written. Raises `FileError`; none of them then is.
    """
    target = target_of(arguments, arguments.net)
    if target is None and arguments.output != "-":
        return []
    if target is not None:
        named = [arguments.source, arguments.h_data, *matrices]
        _refuse_as_target(target, [Path(path) for path in named if path], files)
    refuse_other_content(files, "move it away")
    net = []
    if target is not None and (before != after or arguments.output is not None):
        net = [NewFile(target, after, before if is_source(target, arguments.net) else None)]
    with files_written([*files, *net]) as written:
        if target is None:
            print_bytes(after)
    return [file.path.as_posix() for file in (*files, *net) if file in net or file.path in written]


def _refuse_as_target(target: Path, matrices: Sequence[Path], files: Sequence[NewFile]) -> None:
    """Refuse to write the net where an H lies, or is to lie. Raises `FileError`."""
    for matrix in matrices:
        if target.resolve() == matrix.resolve():
            raise FileError(f"{matrix}: is the matrix; write the net to another file")
    for file in files:
        if target.resolve() == file.path.resolve():
            raise FileError(
                f"{file.path}: is to be both the net and a file beside it; name another"
            )
