"""`protofix check --fix`: files mended, or what mending them would change."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from protofix.commands.common import DONE, FOUND, complain, print_bytes, replace_file
from protofix.files import FileError
from protofix.linting.checking import Failed
from protofix.linting.fixing import Fixed
from protofix.net.names import counted
from protofix.reports.terminal import with_progress, write_diff, write_line
from protofix.rulebook.registry import NAMES
from protofix.runner import Task, fix_all
from protofix.textproto.diffs import unified_diff


def mend(
    tasks: Sequence[Task | Failed], arguments: argparse.Namespace
) -> tuple[int, list[Task | Failed]]:
    """Mend files, or with --diff show how; give the exit code, and what there is to check then.

    Standard input that is mended goes to standard output.
    """
    code = DONE
    mended: Counter[str] = Counter()
    files = 0
    after: list[Task | Failed] = []
    results = fix_all(tasks, arguments.unsafe_fixes, arguments.jobs)
    for task, fixed in zip(tasks, with_progress(results, "mending", len(tasks)), strict=True):
        after.append(task)
        if isinstance(task, Failed):
            continue  # It is said when it is checked.
        if isinstance(fixed, Failed):
            after[-1] = fixed
            continue
        for failure in fixed.failures:
            sys.stdout.flush()
            code = complain(failure)
        try:
            _give_out(task, fixed, arguments)
        except FileError as error:
            after[-1] = Failed(task.path, str(error))
            continue
        mended += fixed.mended
        files += fixed.before.text != fixed.after.text
        if task.path == "-":
            after[-1] = replace(task, data=fixed.after.to_bytes())
    sys.stdout.flush()
    _say(mended, files, arguments.diff)
    if arguments.diff:
        for it in after:
            if isinstance(it, Failed):
                code = complain(it.reason)
        code = code or (FOUND if files and not arguments.exit_zero else DONE)
    return code, after


def _give_out(task: Task, fixed: Fixed, arguments: argparse.Namespace) -> None:
    before, after = fixed.before, fixed.after
    if arguments.diff:
        write_diff(sys.stdout, unified_diff(before.text, after.text, task.name))
    elif task.path == "-":
        print_bytes(after.to_bytes())
    elif before.text != after.text:
        replace_file(Path(task.path), task.path, before.to_bytes(), after.to_bytes())


def _say(mended: Counter[str], files: int, dry: bool) -> None:
    """Say how many findings were mended, by rules; nothing if none were."""
    if not mended:
        return
    would = "would be mended" if dry else "mended"
    total = f"{counted(mended.total(), 'finding')} {would} in {counted(files, 'file')}"
    rules = ", ".join(f"{code} {NAMES[code]} × {n}" for code, n in sorted(mended.items()))
    write_line(sys.stderr, [(f"{total}: ", "bold"), (rules, "")])
