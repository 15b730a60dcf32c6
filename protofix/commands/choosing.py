"""`protofix check`: the files that a command line means."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from protofix.commands.common import complain
from protofix.commands.overwriting import name_of, refuse_to_overwrite
from protofix.linting.checking import Failed
from protofix.linting.walking import Bare, walk

if TYPE_CHECKING:
    from protofix.linting.questions import Questions


def chosen_files(
    arguments: argparse.Namespace, questions: Questions, stdin: Callable[[], bytes]
) -> tuple[list[str], list[Failed]]:
    """The files to check; the folders that were named and have none, and those unreadable.

    Whoever names such a folder has made a slip, or their configuration has. A hook that was given
    nothing has not: the working folder, which is walked then, is only said to have none. Raises
    ValueError for a file that is to be written though it is read.
    """
    walked = walk(arguments.paths or ["."], questions.excludes_exactly, not arguments.no_gitignore)
    files, unreadable = walked.files, walked.unreadable
    _refuse_one_named_twice(files, arguments)
    refuse_to_overwrite(arguments, files, questions, stdin)
    if arguments.force_exclude:
        excluded = questions.excludes_it_or_a_folder_above
        files = [it for it in files if not excluded(name_of(it, arguments))]
        unreadable = [it for it in unreadable if not excluded(it.folder.rstrip("/") + "/")]
    failed = [Failed(*it) for it in unreadable]
    if not arguments.paths:
        for bare in walked.bare:
            complain(_reason(bare))
        return files, failed
    return files, [*failed, *(Failed(it.folder, _reason(it)) for it in walked.bare)]


def _refuse_one_named_twice(files: list[str], arguments: argparse.Namespace) -> None:
    """Raise ValueError for a file that is given, and by whose name standard input goes as well."""
    name = arguments.stdin_filename
    real = {os.path.realpath(it) for it in files if it != "-"}
    if name is not None and os.path.realpath(name) in real:
        raise ValueError(f"{name}: is given as a file and as the name of standard input: give one")


def _reason(bare: Bare) -> str:
    """Why there is nothing to check in a folder, and what there is to do."""
    left_out = []
    if bare.by_git:
        left_out.append(f".gitignore leaves {bare.by_git} out (--no-gitignore checks them)")
    if bare.by_configuration:
        number = bare.by_configuration
        left_out.append(f"`exclude` leaves {number} out (a file that is named is checked)")
    why = " and ".join(left_out) or "a file of another name is checked if it is named"
    return f"{bare.folder}: there is no *.prototxt to check in this folder: {why}"
