"""`protofix check`: the findings that a baseline accepts, and a baseline that is written."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.commands.common import DONE, complain
from protofix.linting.checking import Failed
from protofix.reports.findings.run import Run
from protofix.reports.terminal import write_line
from protofix.rulebook.findings import Checked
from protofix.rulebook.registry import UNREADABLE
from protofix.runner import Task

ADVICE = "--write-baseline accepts what is there now"

if TYPE_CHECKING:
    from protofix.linting.baseline import Acceptance
    from protofix.linting.questions import Questions

    AcceptedOf = Callable[[str], Acceptance | None]


def accepted_by(arguments: argparse.Namespace, questions: Questions) -> AcceptedOf:
    """What tells what is accepted of a file: the command line's baseline, else what is configured.

    Raises BaselineError or FileError for a baseline of the command line that cannot be read.
    """
    if arguments.write_baseline is not None or arguments.no_baseline:
        return lambda path: None
    if arguments.baseline is None:
        return questions.accepted
    from protofix.linting.baseline import read_baseline

    return read_baseline(arguments.baseline).of


class BaselineTally:
    """Leaves what a baseline accepts out of what is found, and counts what of it was not found."""

    def __init__(self, tasks: Iterable[Task | Failed], accepted_of: AcceptedOf) -> None:
        self._accepted_of = accepted_of
        self._tasks = {os.path.realpath(it.name): it for it in tasks if isinstance(it, Task)}
        # What no finding has used up so far, by files.
        self._left = {
            path: it.accepted for path, it in self._tasks.items() if it.accepted is not None
        }
        self._read_whole: set[str] = set()

    def new_of(self, results: Iterable[Checked | Failed]) -> Iterator[Checked | Failed]:
        """What is not accepted of what was found."""
        for it in results:
            if isinstance(it, Failed):
                yield it
                continue
            path = os.path.realpath(it.source.path)
            if not any(finding.code in UNREADABLE for finding in it.findings):
                self._read_whole.add(path)
            accepted = self._left.get(path) or _of_named_net(path, self._accepted_of)
            if accepted is None:
                yield it
                continue
            # A net is checked once more for a solver that names it: what is used up is not given
            # twice.
            findings, self._left[path] = accepted.beyond(it.source, it.findings)
            yield replace(it, findings=findings)

    def gone(self) -> int:
        """How many accepted findings the files no longer have, once all were found.

        Of rules that did not run, of states that were not looked at and of what stands in a text
        that could not be read whole, nobody knows.
        """
        return sum(
            count
            for path, task in self._tasks.items()
            if path in self._left and path in self._read_whole and not task.question.asked
            for (code, _), count in self._left[path].lines.items()
            if code in task.question.codes
        )


def say_gone(count: int) -> None:
    """Say that accepted findings are there no more."""
    from protofix.net.names import counted

    are = "is" if count == 1 else "are"
    said = f"{counted(count, 'finding')} that the baseline accepts {are} there no more"
    write_line(sys.stderr, [(f"{said}; {ADVICE}", "")])


def _of_named_net(path: str, accepted_of: AcceptedOf) -> Acceptance | None:
    """What is accepted of a net that a solver names."""
    try:
        return accepted_of(path)
    except ValueError:  # A broken baseline is said of the files of the run.
        return None


def write_baseline(path: str, run: Run) -> int:
    """Write a baseline that accepts all that was found; give the exit code."""
    from protofix.files import FileError, write_atomically
    from protofix.linting.baseline import BaselineError, baseline_text, read_baseline
    from protofix.net.names import counted

    if run.went_wrong:
        return complain(f"{path}: not written, since not every file could be checked")
    try:
        old = read_baseline(path)
    except (BaselineError, FileError):  # There is none, or something that is none.
        old = None
    write_atomically(Path(path), baseline_text(path, run.checked, old).encode())
    number = sum(len(one.findings) for one in run.checked)
    print(f"wrote {path}: {counted(number, 'finding')} accepted", file=sys.stderr)
    return DONE
