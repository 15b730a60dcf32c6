"""`protofix check`: the findings that a baseline accepts, and a baseline that is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.commands.common import DONE, complain

if TYPE_CHECKING:
    from protofix.linting.baseline import Known
    from protofix.linting.questions import Questions
    from protofix.rulebook.findings import Checked

    KnownOf = Callable[[str], Known | None]


def known_of(arguments: argparse.Namespace, questions: Questions) -> KnownOf:
    """What a baseline accepts of a file: that of the command line, else what is configured."""
    if arguments.write_baseline or arguments.no_baseline:
        return lambda path: None
    if not arguments.baseline:
        return questions.known
    from protofix.linting.baseline import read_baseline

    return read_baseline(arguments.baseline).of


def unaccepted(checked: Checked, known_of: KnownOf) -> Checked:
    """What a baseline does not accept of what was found in a file."""
    try:
        known = known_of(checked.source.path)
    except ValueError:  # It is said of files of the run; this one is a net that a solver names.
        known = None
    if known is None:
        return checked
    from dataclasses import replace

    from protofix.linting.baseline import beyond

    return replace(checked, findings=beyond(known, checked.source, checked.findings))


def write_baseline(path: str, checked: Sequence[Checked], failed: Sequence[str]) -> int:
    """Write a baseline that accepts all that was found; give the exit code.

    `failed` are reasons why files could not be checked.
    """
    from protofix.files import write_atomically
    from protofix.linting.baseline import baseline_text
    from protofix.net.names import counted

    if failed:
        return complain(f"{path}: not written, since not every file could be checked")
    write_atomically(Path(path), baseline_text(path, checked).encode())
    number = sum(len(one.findings) for one in checked)
    print(f"wrote {path}: {counted(number, 'finding')} accepted", file=sys.stderr)
    return DONE
