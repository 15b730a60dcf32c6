"""What `protofix check` does: mend files if asked, check them, report, give the exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from protofix.commands.common import (
    DONE,
    FAILED,
    FOUND,
    Complaints,
    complain,
    print_bytes,
    stdin_bytes,
)
from protofix.commands.states import asked_of, given_of, refuse_unmade_given
from protofix.linting.checking import Failed
from protofix.linting.questions import Options, Questions
from protofix.linting.walking import files_below
from protofix.looking import CACHE_FOLDER, NO_CACHE
from protofix.reports.findings.printing import Printer
from protofix.reports.findings.run import Run, run_of
from protofix.reports.terminal import with_progress
from protofix.rulebook.findings import Checked
from protofix.runner import News, Task, check_all, tasks_of

if TYPE_CHECKING:
    from protofix.linting.baseline import Baseline


def check_files(arguments: argparse.Namespace) -> int:
    """Run `protofix check`; give the exit code."""
    questions = Questions(_options(arguments))
    baseline = _baseline(arguments)
    stdin = _stdin()
    paths = _paths(arguments, questions)
    if "-" in arguments.paths and "-" not in paths and _gives_back(arguments):
        print_bytes(stdin())  # Whoever puts it in the place of a file must not lose that.
    tasks = list(tasks_of(paths, questions, stdin, arguments.stdin_filename, baseline))
    complaints = Complaints()
    code = DONE
    if arguments.diff or _gives_back(arguments):
        from protofix.commands.fixing import mend

        code, tasks = mend(tasks, arguments, complaints)
        if arguments.diff:
            return code
    names = [it.path if isinstance(it, Failed) else it.name for it in tasks]
    with closing(_results(tasks, arguments, complaints)) as results:
        if arguments.write_baseline is not None:
            return max(code, _write_baseline(arguments.write_baseline, run_of(results, names)))
        new = results if baseline is None else _new(results, tasks, baseline)
        printer = Printer(
            arguments.format or "text",
            None if arguments.output == "-" else arguments.output,
            arguments.statistics,
            arguments.verbose,
            _stream(arguments),
        )
        for it in new:
            printer.take(it)
        return max(code, _code(printer.finish(names), arguments))


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        arguments.dialect,
        Path(arguments.schema) if arguments.schema is not None else None,
        arguments.target,
        None if arguments.select is None else tuple(arguments.select),
        tuple(arguments.ignore),
        tuple(arguments.extend_select),
        asked_of(arguments),
        given_of(arguments),
    )


def _baseline(arguments: argparse.Namespace) -> Baseline | None:
    if arguments.baseline is None:
        return None
    from protofix.linting.baseline import read_baseline

    return read_baseline(arguments.baseline)


def _paths(arguments: argparse.Namespace, questions: Questions) -> list[str]:
    """The files to check; none that the report or the baseline is to be written to."""
    below = files_below(arguments.paths, questions.leaves_out, not arguments.no_gitignore)
    paths = list(below)
    name = arguments.stdin_filename
    if name is not None and os.path.realpath(name) in map(os.path.realpath, paths):
        raise ValueError(f"{name}: is given as a file and as the name of standard input: give one")
    for target in (arguments.output, arguments.write_baseline):
        if target is None or target == "-":
            continue
        for path in (*paths, *filter(None, [arguments.baseline])):
            if path != "-" and os.path.realpath(path) == os.path.realpath(target):
                raise ValueError(f"{target}: is {path}, which is read; write to another file")
    if not arguments.force_exclude:
        return paths
    return [it for it in paths if not questions.leaves_out(_name_of(it, arguments))]


def _name_of(path: str, arguments: argparse.Namespace) -> str:
    return (arguments.stdin_filename or path) if path == "-" else path


def _stdin() -> Callable[[], bytes]:
    """Standard input, which can be read once."""
    read: list[bytes] = []

    def data() -> bytes:
        if not read:
            read.append(stdin_bytes())
        return read[0]

    return data


def _gives_back(arguments: argparse.Namespace) -> bool:
    """Whether files are mended, and standard input is given back on standard output."""
    return not arguments.diff and (arguments.fix or arguments.unsafe_fixes)


def _stream(arguments: argparse.Namespace) -> TextIO:
    """Where the report goes."""
    return sys.stderr if "-" in arguments.paths and _gives_back(arguments) else sys.stdout


def _results(
    tasks: Sequence[Task | Failed], arguments: argparse.Namespace, complaints: Complaints
) -> Generator[Checked | Failed, None, None]:
    """What there is to say of each file, once; what went wrong is said where people look."""
    news = News(tasks)
    with closing(check_all(tasks, arguments.jobs, _cache_folder(arguments))) as results:
        for found in with_progress(results, "checking", len(tasks)):
            for result in found:
                if isinstance(result, Failed):
                    complaints.say(result.reason)
                    yield result
                    continue
                for failure in result.failures:
                    complaints.say(failure)
                new = news.of(result)
                if new is not None:
                    yield new


def _cache_folder(arguments: argparse.Namespace) -> Path | None:
    """Where results are remembered: in the working folder, from which nets name their files.

    A checkout then has its own, which goes with it and which CI can keep by its path.
    """
    if arguments.no_cache or os.environ.get(NO_CACHE):
        return None
    return Path(arguments.cache_dir or CACHE_FOLDER)


def _new(
    results: Iterable[Checked | Failed], tasks: Iterable[Task | Failed], baseline: Baseline
) -> Iterator[Checked | Failed]:
    """What a baseline does not accept."""
    left = {
        os.path.realpath(it.name): it.accepted
        for it in tasks
        if isinstance(it, Task) and it.accepted is not None
    }
    for it in results:
        if isinstance(it, Failed):
            yield it
            continue
        path = os.path.realpath(it.source.path)
        accepted = left.get(path) or baseline.of(path)
        # A net is checked once more for a solver that names it: what is used up is not given twice.
        findings, left[path] = accepted.beyond(it.source, it.findings)
        yield replace(it, findings=findings)


def _code(run: Run, arguments: argparse.Namespace) -> int:
    """The exit code of what was found. Raises ValueError if what was given is of no net."""
    blobs = [one.blobs for one in run.checked]
    if None not in blobs:  # Nobody knows what a file has that could not be read whole.
        given = given_of(arguments)
        refuse_unmade_given(given, sorted({blob for its in blobs for blob in its or ()}))
    if run.went_wrong:
        return FAILED
    # What is good to know stops no pipeline.
    wrong = any(it.severity != "info" for one in run.checked for it in one.findings)
    return FOUND if wrong and not arguments.exit_zero else DONE


def _write_baseline(path: str, run: Run) -> int:
    from protofix.files import write_atomically
    from protofix.linting.baseline import baseline_text
    from protofix.net.names import counted

    if run.went_wrong:
        return complain(f"{path}: not written, since not every file could be checked")
    write_atomically(Path(path), baseline_text(path, run.checked).encode())
    number = sum(len(one.findings) for one in run.checked)
    print(f"wrote {path}: {counted(number, 'finding')} accepted", file=sys.stderr)
    return DONE
