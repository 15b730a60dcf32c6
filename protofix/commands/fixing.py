"""`protofix check --fix`: files mended, or what mending them would change."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from protofix.commands.baselines import ADVICE
from protofix.commands.common import DONE, FOUND, Complaints, print_bytes, replace_file
from protofix.files import FileError
from protofix.linting.checking import Failed
from protofix.linting.fixing import Fixed
from protofix.net.names import counted
from protofix.reports.terminal import with_progress, write_diff, write_line
from protofix.rulebook.registry import NAMES
from protofix.runner import Task, fix_all
from protofix.textproto.diffs import unified_diff


def mend(
    tasks: Sequence[Task | Failed], arguments: argparse.Namespace, complaints: Complaints
) -> tuple[int, list[Task | Failed]]:
    """Mend files, or with --diff show how; give the exit code, and what there is to check then.

    Standard input that is mended goes to standard output.
    """
    code = DONE
    mended: Counter[str] = Counter()
    files = 0
    outdated = 0
    after: list[Task | Failed] = []
    with closing(fix_all(tasks, arguments.unsafe_fixes, arguments.jobs)) as results:
        for task, fixed in zip(tasks, with_progress(results, "mending", len(tasks)), strict=True):
            try:
                after.append(_given_out(task, fixed, arguments.diff))
            except FileError as error:
                # It is checked all the same, as it is.
                code = complaints.say(str(error))
                after.append(task)
                continue
            if isinstance(fixed, Failed):
                continue
            for failure in fixed.failures:
                code = complaints.say(failure)
            if isinstance(task, Task) and not isinstance(after[-1], Failed):
                mended += fixed.mended
                outdated += _outdated(task, fixed)
                files += fixed.before.text != fixed.after.text
    sys.stdout.flush()
    _say(mended, files, arguments.diff)
    if outdated and not arguments.diff:
        findings = counted(outdated, "accepted finding")
        said = f"the baseline does not know the lines of {findings} any more; {ADVICE}"
        write_line(sys.stderr, [(said, "")])
    if arguments.diff:  # Otherwise it is said when the files are checked.
        for it in after:
            if isinstance(it, Failed):
                code = complaints.say(it.reason)
        code = code or (FOUND if files and not arguments.exit_zero else DONE)
    return code, after


def _given_out(task: Task | Failed, fixed: Fixed | Failed, dry: bool) -> Task | Failed:
    """Write what became of a file, or in a `dry` run show it; give what is to be checked.

    Raises FileError if the file cannot be written.
    """
    if isinstance(task, Failed):
        return task
    if isinstance(fixed, Failed):
        return fixed
    before, after = fixed.before, fixed.after
    if task.accepted is not None:
        task = replace(task, accepted=fixed.accepted)
    if dry:
        write_diff(sys.stdout, unified_diff(before.text, after.text, task.name))
        return task
    if task.path == "-":
        print_bytes(after.to_bytes())
        return replace(task, data=after.to_bytes())
    if before.text != after.text:
        replace_file(Path(task.path), task.path, before.to_bytes(), after.to_bytes())
    return task


def _outdated(task: Task, fixed: Fixed) -> int:
    """How many findings stay accepted of which a baseline does not know the lines as they are."""
    if task.accepted is None:
        return 0
    source, findings = fixed.left.source, fixed.left.findings
    unknown, _ = task.accepted.beyond(source, findings)
    new, _ = fixed.accepted.beyond(source, findings)
    return len(set(unknown) - set(new))


def _say(mended: Counter[str], files: int, dry: bool) -> None:
    """Say how many findings were mended, by rules; nothing if none were."""
    if not mended:
        return
    would = "would be mended" if dry else "mended"
    total = f"{counted(mended.total(), 'finding')} {would} in {counted(files, 'file')}"
    rules = ", ".join(f"{code} {NAMES[code]} × {n}" for code, n in sorted(mended.items()))
    write_line(sys.stderr, [(f"{total}: ", "bold"), (rules, "")])
