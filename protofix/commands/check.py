"""`protofix check`: its options; what they make it do is in `checking.py`."""

from __future__ import annotations

import argparse
from functools import partial
from textwrap import fill

from protofix.commands.common import path_written
from protofix.commands.dialects import add_dialect_options
from protofix.commands.states import add_state_options
from protofix.looking import CACHE_FOLDER, NO_CACHE
from protofix.reports.findings.formats import FORMATS, WHOLE

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


_OF_REPORTS = ("--format", "--output", "--statistics", "--verbose")

# By options that print or write something else than a report, those that would be ignored then:
# a diff is made of the fixes, which are not remembered.
_LEAVES_NOTHING_TO = {
    "--diff": (*_OF_REPORTS, "--write-baseline", "--cache-dir"),
    "--write-baseline": _OF_REPORTS,
}


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
        "paths", nargs="*", metavar="PATH",
        help="a file, a folder (every *.prototxt below it), or - for standard input; default: .",
    )  # fmt: skip
    _add_rules(check)
    _add_mending(check)
    _add_reports(check)
    _add_files(check)
    add_dialect_options(check)
    check.add_argument(
        "--target", choices=("fused", "legacy"),
        help="legacy: a Caffe before April 2017, whose InfogainLoss reads probabilities; "
        "default: fused",
    )  # fmt: skip
    add_state_options(check)
    check.set_defaults(run=partial(_check, check))


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
        "--baseline", type=path_written, metavar="FILE",
        help="accept the findings of FILE, report what is new",
    )  # fmt: skip
    baseline.add_argument(
        "--no-baseline", action="store_true", help="report what a configured baseline accepts, too"
    )
    baseline.add_argument(
        "--write-baseline", type=path_written, metavar="FILE",
        help="write all that is found to FILE, to be accepted",
    )  # fmt: skip


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
    reports.add_argument("--format", choices=FORMATS, help="default: text")
    reports.add_argument(
        "-o", "--output", type=path_written, metavar="FILE",
        help="write the report to FILE, not to standard output (- prints it)",
    )  # fmt: skip
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
        f"also by the environment variable {NO_CACHE}",
    )  # fmt: skip
    cache.add_argument(
        "--cache-dir", type=path_written, metavar="DIR",
        help="where the results of eight files and more are remembered; "
        f"default: what is configured for the working folder, else {CACHE_FOLDER} in it",
    )  # fmt: skip
    files.add_argument("--jobs", type=_jobs, metavar="N", help="processes; default: all cores")


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


def _check(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    _refuse_what_would_be_ignored(parser, arguments)
    from protofix.commands.checking import check_files

    return check_files(arguments)


def _refuse_what_would_be_ignored(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace
) -> None:
    """End with an error for two options of which one would have nothing to do beside the other."""
    for option, others in _LEAVES_NOTHING_TO.items():
        for other in others:
            if _is_given(arguments, option) and _is_given(arguments, other):
                parser.error(f"argument {other}: not allowed with argument {option}")
    if arguments.statistics and arguments.format in WHOLE:
        format = f"--format {arguments.format}"
        parser.error(f"argument --statistics: not allowed with argument {format}")
    if arguments.stdin_filename is not None and "-" not in arguments.paths:
        parser.error("argument --stdin-filename: not allowed without -, for standard input")


def _is_given(arguments: argparse.Namespace, option: str) -> bool:
    return getattr(arguments, option.strip("-").replace("-", "_")) not in (None, False)
