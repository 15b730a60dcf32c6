"""What `protofix check` does: mend files if asked, check them, report, give the exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

from protofix.commands.baselines import BaselineTally, accepted_by, say_gone, write_baseline
from protofix.commands.choosing import chosen_files
from protofix.commands.common import DONE, FAILED, FOUND, Complaints, print_bytes, stdin_bytes
from protofix.commands.states import asked_of, given_of, refuse_unmade_given
from protofix.config_tables import ConfigError
from protofix.linting.checking import Failed, Question
from protofix.linting.questions import Options, Questions
from protofix.looking import CACHE_FOLDER, NO_CACHE
from protofix.reports.findings.printing import Printer
from protofix.reports.findings.run import Run, run_of
from protofix.reports.terminal import with_progress
from protofix.rulebook.findings import Checked
from protofix.runner import News, Task, check_all, tasks_of


def check_files(arguments: argparse.Namespace) -> int:
    """Run `protofix check`; give the exit code."""
    questions = Questions(_options(arguments))
    accepted_of = accepted_by(arguments, questions)
    stdin = _stdin()
    paths, bare = chosen_files(arguments, questions, stdin)
    if "-" in arguments.paths and "-" not in paths and _gives_back(arguments):
        print_bytes(stdin())  # Whoever puts it in the place of a file must not lose that.
    stdin_name = arguments.stdin_filename
    tasks = [*bare, *tasks_of(paths, questions, stdin, stdin_name, accepted_of)]
    _refuse_what_is_given_of_no_net(tasks, questions, arguments)
    complaints = Complaints()
    code = DONE
    if arguments.diff or _gives_back(arguments):
        from protofix.commands.fixing import mend

        code, tasks = mend(tasks, arguments, complaints)
        if arguments.diff:
            return code
    names = [it.path if isinstance(it, Failed) else it.name for it in tasks]
    cache_folder = _cache_folder(arguments, questions)
    with closing(_results(tasks, questions, arguments.jobs, cache_folder, complaints)) as results:
        if arguments.write_baseline is not None:
            return max(code, write_baseline(arguments.write_baseline, run_of(results, names)))
        printer = Printer(
            arguments.format or "text",
            None if arguments.output == "-" else arguments.output,
            arguments.statistics,
            arguments.verbose,
            _stream(arguments),
        )
        tally = BaselineTally(tasks, accepted_of)
        for it in tally.new_of(results):
            printer.take(it)
        code = max(code, _code(printer.finish(names), arguments))
    if gone := tally.gone():
        say_gone(gone)
    return code


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


def _refuse_what_is_given_of_no_net(
    tasks: Sequence[Task | Failed], questions: Questions, arguments: argparse.Namespace
) -> None:
    """Raise ValueError for a shape given of a blob that no net has.

    That is before a file is mended, or anything printed, so that the nets are built for its sake.
    """
    given = given_of(arguments)
    if not given or not tasks:
        return
    made: set[str] = set()
    unruled = [
        it if isinstance(it, Failed) else replace(it, question=_without_rules(it.question))
        for it in tasks
    ]
    of_nets = partial(_of_net_without_rules, questions)
    with closing(check_all(unruled, of_nets, arguments.jobs)) as results:
        for found in with_progress(results, "building", len(tasks)):
            for it in found:
                if isinstance(it, Failed) or it.blobs is None:
                    return  # Nobody knows what a file has that could not be read whole.
                made |= it.blobs
    refuse_unmade_given(given, sorted(made))


def _of_net_without_rules(questions: Questions, path: str) -> Question:
    return _without_rules(questions.of_named_net(path))


def _without_rules(question: Question) -> Question:
    return replace(question, codes=frozenset())


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
    tasks: Sequence[Task | Failed],
    questions: Questions,
    workers: int | None,
    cache_folder: Path | None,
    complaints: Complaints,
) -> Generator[Checked | Failed, None, None]:
    """What there is to say of each file, once; what went wrong is said where people look."""
    news = News(tasks)
    with closing(check_all(tasks, questions.of_named_net, workers, cache_folder)) as results:
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


def _cache_folder(arguments: argparse.Namespace, questions: Questions) -> Path | None:
    """Where results are remembered: in the working folder, from which nets name their files.

    A checkout then has its own, which goes with it and which CI can keep by its path.
    """
    if arguments.no_cache or os.environ.get(NO_CACHE):
        return None
    if arguments.cache_dir:
        return Path(arguments.cache_dir)
    try:
        return questions.cache_dir() or Path(CACHE_FOLDER)
    except ConfigError:  # It is said of each file for which it holds.
        return None


def _code(run: Run, arguments: argparse.Namespace) -> int:
    """The exit code of what was found."""
    if run.went_wrong:
        return FAILED
    # What is good to know stops no pipeline.
    wrong = any(it.severity != "info" for one in run.checked for it in one.findings)
    return FOUND if wrong and not arguments.exit_zero else DONE
