"""`protofix check`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING

from caffe_proto import AUTO, DIALECTS
from protofix.commands.common import DONE, FAILED, FOUND, complain, stdin_bytes
from protofix.commands.states import add_state_options, asked_of, given_of, refuse_unmade_given

if TYPE_CHECKING:
    from protofix.config import Config
    from protofix.net.dialects import Dialect

_EXAMPLES = """\
examples:
  protofix check train_val.prototxt         one net
  protofix check models/                    every *.prototxt below a folder
  protofix check --format json - < net      standard input, findings as JSON
  protofix check --verbose models/          what each file is, and in which fork's dialect
  protofix check --dialect ssd deploy.prototxt
  protofix check --schema my_caffe.proto deploy.prototxt

configuration: --dialect or --schema can be said once for all files below a folder, by a line such
as dialect = "ssd" or schema = "my_caffe.proto" in its protofix.toml, in [tool.protofix] of its
pyproject.toml or in [protofix] of its setup.cfg; the nearest holds, the command line goes before.
"""


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    check = commands.add_parser(
        "check",
        help="report mistakes and Softmax → InfogainLoss chains",
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
    check.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    held = check.add_mutually_exclusive_group()
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
        "-v", "--verbose", action="store_true",
        help="say of each file on a line whether it is a net, a solver or a label map, and in "
        "which dialect; with --format json on standard error, since the JSON is of findings alone",
    )  # fmt: skip
    add_state_options(check)
    check.set_defaults(run=_check)


def _dialect_named(written: str) -> str:
    from protofix.net.names import dialect_named

    try:
        return dialect_named(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _check(arguments: argparse.Namespace) -> int:
    from protofix.reports import findings as report
    from protofix.reports.terminal import with_progress, write_line
    from protofix.rules.rule import Checked
    from protofix.runner import Failed, News, Question, check_file, files_below

    paths = list(files_below(arguments.paths))
    dialects = _Dialects(arguments)
    asked, given = asked_of(arguments), given_of(arguments)
    checked: list[Checked] = []
    failed: list[str] = []
    news = News()
    for path in with_progress(paths, "checking"):
        dialect = dialects.of(path)
        if isinstance(dialect, ValueError):
            results: Iterable[Checked | Failed] = [Failed(path, str(dialect))]
        else:
            results = check_file(path, stdin_bytes, Question(dialect, asked, given))
        for result in results:
            if isinstance(result, Failed):
                if result.reason not in failed:  # One configuration may be that of many files.
                    sys.stdout.flush()
                    complain(result.reason)
                failed.append(result.reason)
                continue
            new = news.of(result)
            if new is None:
                continue
            checked.append(new)
            if arguments.verbose:
                # Standard output is all JSON, or all text.
                to = sys.stdout if arguments.format == "text" else sys.stderr
                write_line(to, report.file_line(new))
            if arguments.format == "text":
                for finding in new.findings:
                    write_line(sys.stdout, report.text_line(new.source, finding))
    if arguments.format == "json":
        print(report.as_json(checked))
    elif checked or len(failed) != 1:
        sys.stdout.flush()
        print(report.summary(checked, len(failed)), file=sys.stderr)
    blobs = [one.blobs for one in checked]
    if None not in blobs:  # Nobody knows what a file has that could not be read whole.
        refuse_unmade_given(given, sorted({blob for its in blobs for blob in its or ()}))
    if failed:
        return FAILED
    return FOUND if any(one.findings for one in checked) else DONE


class _Dialects:
    """The dialect to hold each file of a run against: the command line's, else the configured."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Raises SchemaError if the one of the command line cannot be used."""
        from protofix.config import Configs
        from protofix.net.dialects import chosen_dialect

        self._is_set = arguments.schema is not None or arguments.dialect is not None
        self._set = chosen_dialect(arguments.dialect or AUTO, arguments.schema)
        self._configs = Configs()
        self._of_config: dict[Config, Dialect | ValueError | None] = {}

    def of(self, path: str) -> Dialect | ValueError | None:
        """The dialect of a file; None to find it, an error if its configuration will not do."""
        from protofix.net.dialects import chosen_dialect

        if self._is_set:
            return self._set
        try:
            config = self._configs.of(path)
        except ValueError as error:
            return error
        if config not in self._of_config:
            try:
                self._of_config[config] = chosen_dialect(config.dialect, config.schema)
            except ValueError as error:
                self._of_config[config] = error
        return self._of_config[config]
