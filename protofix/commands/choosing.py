"""`protofix check`: the files that a command line means."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from protofix.commands.common import complain
from protofix.linting.checking import Failed
from protofix.linting.walking import Bare, walk

if TYPE_CHECKING:
    from protofix.linting.questions import Questions


def chosen_files(
    arguments: argparse.Namespace, questions: Questions
) -> tuple[list[str], list[Failed]]:
    """The files to check, and the folders that were named and have none.

    Whoever names such a folder has made a slip, or their configuration has. A hook that was given
    nothing has not: the working folder, which is walked then, is only said to have none.
    """
    walked = walk(arguments.paths or ["."], questions.passes_over, not arguments.no_gitignore)
    files = walked.files
    if arguments.force_exclude:
        files = [it for it in files if it == "-" or not questions.leaves_out(it)]
    if not arguments.paths:
        for it in walked.bare:
            complain(_reason(it))
        return files, []
    return files, [Failed(it.folder, _reason(it)) for it in walked.bare]


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
