"""`protofix check`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from caffe_proto import DIALECTS
from protofix.commands.common import DONE, FAILED, FOUND, complain, stdin_bytes
from protofix.commands.states import add_state_options, asked_of, given_of, refuse_unmade_given
from protofix.looking import CACHE_FOLDER
from protofix.reports.findings.formats import FORMATS

if TYPE_CHECKING:
    from protofix.linting.baseline import Baseline
    from protofix.linting.checking import Failed
    from protofix.rulebook.findings import Checked
    from protofix.runner import Task

_NO_CACHE = "PROTOFIX_NO_CACHE"

_EXAMPLES = """\
examples:
  protofix check train_val.prototxt         one net
  protofix check models/                    every *.prototxt below a folder
  protofix check --fix models/              mend what can be mended with the same numbers
  protofix check --diff models/             show what --fix would do
  protofix check --select PF4 models/       the rules of one family; `protofix rules` lists them
  protofix check --format json - < net      standard input, findings as JSON
  protofix check --verbose models/          what each file is, and in which fork's dialect
  protofix check --write-baseline base.json models/
  protofix check --baseline base.json models/   only what is new since then

configuration: what is said here can be said once for all files below a folder, in its
protofix.toml, in [tool.protofix] of its pyproject.toml or in [protofix] of its setup.cfg, by lines
such as dialect = "ssd" or ignore = ["PF322"]; the nearest holds, the command line goes before.
"""


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    check = commands.add_parser(
        "check",
        help="report mistakes, and mend them",
        description=fill(
            "Reports syntax errors, what does not fit Caffe's schema, blobs that nobody "
            "makes, layers and shapes at which Caffe would abort, and InfogainLosses that today's "
            "Caffe computes wrongly. The nets that a solver names are checked in its states.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH",
        help="a file, a folder (every *.prototxt below it), or - for standard input; default: .",
    )  # fmt: skip
    _add_rules(check)
    _add_mending(check)
    _add_reports(check)
    _add_files(check)
    held = check.add_argument_group("the Caffe that files are for").add_mutually_exclusive_group()
    held.add_argument(
        "--dialect", type=_dialect_named, metavar="NAME",
        help=f"the fork whose schema files are held against: {', '.join(DIALECTS)}; "
        "default: auto, found for each file from what it uses",
    )  # fmt: skip
    held.add_argument(
        "--schema", metavar="FILE",
        help="a schema of your own with a NetParameter: a .proto file "
        "(needs protofix[schema]) or what protoc makes of one",
    )  # fmt: skip
    check.add_argument(
        "--target", choices=("fused", "legacy"),
        help="legacy: a Caffe before April 2017, whose InfogainLoss reads probabilities; "
        "default: fused",
    )  # fmt: skip
    add_state_options(check)
    check.set_defaults(run=_check)


def _add_rules(check: argparse.ArgumentParser) -> None:
    rules = check.add_argument_group(
        "which rules look", "RULES are codes, their beginnings, or names: PF401,PF3,unread-top"
    )
    rules.add_argument(
        "--select", type=_rules_named, action="extend", metavar="RULES",
        help="these alone; default: all but those of style (PF8)",
    )  # fmt: skip
    rules.add_argument(
        "--ignore", type=_rules_named, action="extend", default=[], metavar="RULES",
        help="all but these",
    )  # fmt: skip
    rules.add_argument(
        "--extend-select", type=_rules_named, action="extend", default=[], metavar="RULES",
        help="these as well",
    )  # fmt: skip
    baseline = rules.add_mutually_exclusive_group()
    baseline.add_argument(
        "--baseline", metavar="FILE", help="accept the findings of FILE, report what is new"
    )
    baseline.add_argument(
        "--write-baseline", metavar="FILE", help="write all that is found to FILE, to be accepted"
    )


def _add_mending(check: argparse.ArgumentParser) -> None:
    mending = check.add_argument_group("mending")
    mending.add_argument(
        "--fix", action="store_true", help="mend what is marked [*]: the numbers stay as meant"
    )
    mending.add_argument(
        "--unsafe-fixes", action="store_true",
        help="mend what is marked [**] too: what the net does may change",
    )  # fmt: skip
    mending.add_argument(
        "--diff", action="store_true",
        help="print what mending would change, and write nothing; exit code 1 if anything",
    )  # fmt: skip


def _add_reports(check: argparse.ArgumentParser) -> None:
    reports = check.add_argument_group("reports")
    reports.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    reports.add_argument(
        "-o", "--output", metavar="FILE", help="write the report to FILE, not to standard output"
    )
    reports.add_argument(
        "--statistics", action="store_true", help="how often each rule found something, and no more"
    )
    reports.add_argument("--exit-zero", action="store_true", help="exit code 0 whatever is found")
    reports.add_argument(
        "-v", "--verbose", action="store_true",
        help="say of each file on a line whether it is a net, a solver or a label map, and in "
        "which dialect; on standard error where a program reads the findings",
    )  # fmt: skip


def _add_files(check: argparse.ArgumentParser) -> None:
    files = check.add_argument_group("files")
    files.add_argument(
        "--stdin-filename", metavar="NAME",
        help="what standard input is called, and where it would lie",
    )  # fmt: skip
    files.add_argument(
        "--no-gitignore", action="store_true",
        help="check what a .gitignore names as well, below folders",
    )  # fmt: skip
    files.add_argument(
        "--force-exclude", action="store_true",
        help="leave out what `exclude` of a configuration names, even if it is named here",
    )  # fmt: skip
    cache = files.add_mutually_exclusive_group()
    cache.add_argument(
        "--no-cache", action="store_true",
        help="check files that have not changed since the last time as well, and remember nothing; "
        f"also by the environment variable {_NO_CACHE}",
    )  # fmt: skip
    cache.add_argument(
        "--cache-dir", metavar="DIR",
        help="where the results of eight files and more are remembered; "
        f"default: {CACHE_FOLDER} in the working folder",
    )  # fmt: skip
    files.add_argument("--jobs", type=_jobs, metavar="N", help="processes; default: all cores")


def _dialect_named(written: str) -> str:
    from protofix.net.names import dialect_named

    try:
        return dialect_named(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rules_named(written: str) -> list[str]:
    from protofix.rulebook.registry import NAMES
    from protofix.rulebook.selectors import known_selector

    names = [it for it in written.split(",") if it.strip()]
    if not names:  # A variable of CI that is empty must not turn every rule off.
        raise argparse.ArgumentTypeError("names no rule: `protofix rules` lists them")
    try:
        return [known_selector(it, NAMES) for it in names]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _jobs(written: str) -> int:
    if not written.isdecimal() or not int(written):
        raise argparse.ArgumentTypeError(f"`{written}` is no number of processes: 1 or more")
    return int(written)


def _check(arguments: argparse.Namespace) -> int:
    from protofix.linting.questions import Options, Questions
    from protofix.linting.walking import files_below
    from protofix.runner import tasks_of

    options = Options(
        arguments.dialect,
        Path(arguments.schema) if arguments.schema is not None else None,
        arguments.target,
        None if arguments.select is None else tuple(arguments.select),
        tuple(arguments.ignore),
        tuple(arguments.extend_select),
        asked_of(arguments),
        given_of(arguments),
    )
    questions = Questions(options)
    baseline = _baseline_of(arguments)
    paths = list(files_below(arguments.paths, questions.leaves_out, not arguments.no_gitignore))
    if arguments.force_exclude:
        paths = [it for it in paths if it == "-" or not questions.leaves_out(it)]
    tasks = list(tasks_of(paths, questions, _stdin(), arguments.stdin_filename, baseline))
    code = DONE
    if arguments.fix or arguments.unsafe_fixes or arguments.diff:
        from protofix.commands.fixing import mend

        code, tasks = mend(tasks, arguments)
        if arguments.diff:
            return code
    return max(code, _report(tasks, arguments, baseline))


def _baseline_of(arguments: argparse.Namespace) -> Baseline | None:
    if not arguments.baseline:
        return None
    from protofix.linting.baseline import read_baseline

    return read_baseline(arguments.baseline)


def _stdin() -> Callable[[], bytes]:
    """Standard input, which can be read once."""
    read: list[bytes] = []

    def data() -> bytes:
        if not read:
            read.append(stdin_bytes())
        return read[0]

    return data


def _report(
    tasks: Sequence[Task | Failed], arguments: argparse.Namespace, baseline: Baseline | None
) -> int:
    from protofix.linting.checking import Failed
    from protofix.reports.findings.printing import Printer
    from protofix.reports.terminal import with_progress
    from protofix.runner import News, check_all

    # Standard input that is mended goes to standard output.
    mended = arguments.fix or arguments.unsafe_fixes
    taken = mended and any(not isinstance(it, Failed) and it.path == "-" for it in tasks)
    stream = sys.stderr if taken else sys.stdout
    printer = Printer(
        arguments.format, arguments.output, arguments.statistics, arguments.verbose, stream
    )
    news = News(tasks)
    checked: list[Checked] = []
    failed: list[str] = []  # why, for each file
    results = check_all(tasks, arguments.jobs, _cache_folder(arguments))
    for found in with_progress(results, "checking", len(tasks)):
        for result in found:
            if isinstance(result, Failed):
                if result.reason not in failed:  # One configuration may be that of many files.
                    sys.stdout.flush()
                    complain(result.reason)
                failed.append(result.reason)
                printer.take_failed(result)
                continue
            for failure in result.failures:
                sys.stdout.flush()
                complain(failure)
            new = news.of(result)
            if new is not None:
                checked.append(_beyond(new, baseline))
                if not arguments.write_baseline:  # What is accepted is not reported.
                    printer.take(checked[-1])
    if arguments.write_baseline:
        failed += [line for one in checked for line in one.failures]
        return _write_baseline(arguments.write_baseline, checked, failed)
    printer.finish()
    blobs = [one.blobs for one in checked]
    if None not in blobs:  # Nobody knows what a file has that could not be read whole.
        given = given_of(arguments)
        refuse_unmade_given(given, sorted({blob for its in blobs for blob in its or ()}))
    if failed or any(one.failures for one in checked):
        return FAILED
    # What is good to know stops no pipeline.
    wrong = any(it.severity != "info" for one in checked for it in one.findings)
    return FOUND if wrong and not arguments.exit_zero else DONE


def _cache_folder(arguments: argparse.Namespace) -> Path | None:
    """Where results are remembered: in the working folder, from which nets name their files.

    A checkout then has its own, which goes with it and which CI can keep by its path.
    """
    if arguments.no_cache or os.environ.get(_NO_CACHE):
        return None
    return Path(arguments.cache_dir or CACHE_FOLDER)


def _beyond(checked: Checked, baseline: Baseline | None) -> Checked:
    """What a baseline does not accept."""
    if baseline is None:
        return checked
    from dataclasses import replace

    from protofix.linting.baseline import beyond

    known = baseline.of(checked.source.path)
    return replace(checked, findings=beyond(known, checked.source, checked.findings))


def _write_baseline(path: str, checked: Sequence[Checked], failed: Sequence[str]) -> int:
    from protofix.files import write_atomically
    from protofix.linting.baseline import baseline_text
    from protofix.net.names import counted

    if failed:
        return complain(f"{path}: not written, since not every file could be checked")
    write_atomically(Path(path), baseline_text(path, checked).encode())
    number = sum(len(one.findings) for one in checked)
    print(f"wrote {path}: {counted(number, 'finding')} accepted", file=sys.stderr)
    return DONE
