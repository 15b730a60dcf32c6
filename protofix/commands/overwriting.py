"""`protofix check`: nothing is written onto what the run reads."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.config_tables import shown_path
from protofix.files import FileError, read_bytes, source_of_bytes

if TYPE_CHECKING:
    from protofix.linting.questions import Questions

# To read every net of a run for the sake of a solver among them would take as long as to check it.
_MAY_NAME_A_NET = re.compile(rb"net\s*:")


def refuse_to_overwrite(
    arguments: argparse.Namespace,
    files: list[str],
    questions: Questions,
    stdin: Callable[[], bytes],
) -> None:
    """Raise ValueError for a file that is to be written though the run reads it.

    That is a file to check, a net that a solver names, a schema, a configuration or a baseline. The
    baseline that is configured may be written anew, but not be lost to a report.
    """
    target = arguments.output or arguments.write_baseline  # Both together are refused.
    if target in (None, "-"):
        return
    read = [*files, *(_named_nets(files, stdin) if os.path.exists(target) else ())]
    names = [name_of(it, arguments) for it in read]
    beside = questions.read_beside(names)
    beside += [Path(it) for it in (arguments.schema, arguments.baseline) if it is not None]
    if arguments.write_baseline is None:
        beside += questions.baselines(names)
    shown = {os.path.realpath(it): shown_path(it) for it in beside}
    shown |= {os.path.realpath(it): it for it in read if it != "-"}
    path = shown.get(os.path.realpath(target))
    if path is not None:
        raise ValueError(f"{target}: is {path}, which is read; write to another file")


def name_of(path: str, arguments: argparse.Namespace) -> str:
    """The name that a file of a run goes by, which standard input may be given."""
    return (arguments.stdin_filename or path) if path == "-" else path


def _named_nets(files: Iterable[str], stdin: Callable[[], bytes]) -> Iterator[str]:
    """The nets that the solvers among some files name."""
    from protofix.net.solvers import nets_of_solver
    from protofix.textproto.reader import read

    for path in files:
        try:
            data = stdin() if path == "-" else read_bytes(Path(path))
            if _MAY_NAME_A_NET.search(data):
                nets = nets_of_solver(read(source_of_bytes(data, path)))
                yield from (str(it.path) for it in nets if it.path is not None)
        except FileError:  # It is said when the file is checked.
            continue
