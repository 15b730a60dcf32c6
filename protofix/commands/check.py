"""`protofix check`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from caffe_proto import AUTO, DIALECTS
from protofix.commands.common import DONE, FAILED, FOUND, complain, stdin_bytes

if TYPE_CHECKING:
    from protofix.config import Configs
    from protofix.net.dialects import Dialect

_EXAMPLES = """\
examples:
  protofix check train_val.prototxt         one net
  protofix check models/                    every *.prototxt below a folder
  protofix check --format json - < net      standard input, findings as JSON
  protofix check --verbose models/          what each file is, and in which fork's dialect
  protofix check --dialect ssd deploy.prototxt
  protofix check --schema my_caffe.proto deploy.prototxt
"""


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    check = commands.add_parser(
        "check",
        help="report mistakes and Softmax → InfogainLoss chains",
        description="Reports syntax errors, what does not fit Caffe's schema, blobs that nobody "
        "makes, and InfogainLosses that today's Caffe computes wrongly.",
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
        "--dialect", choices=(AUTO, *DIALECTS), metavar="NAME",
        help=f"the fork whose schema files are held against: {', '.join(DIALECTS)}; "
        "default: auto, found for each file from what it uses",
    )  # fmt: skip
    held.add_argument(
        "--schema", metavar="FILE",
        help="a schema of your own with a NetParameter: a .proto file "
        "(needs protofix[schema]) or what protoc makes of one",
    )  # fmt: skip
    check.add_argument(
        "-v", "--verbose", action="store_true", help="say of each file what it is, on a line"
    )
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from protofix.config import Configs
    from protofix.reports import findings as report
    from protofix.reports.terminal import with_progress, write_line
    from protofix.rules.rule import Checked
    from protofix.runner import check_file, files_below

    paths = list(files_below(arguments.paths))
    checked: list[Checked] = []
    failed = 0
    configs = Configs()
    for path in with_progress(paths, "checking"):
        result = check_file(path, stdin_bytes, _dialect_for(path, arguments, configs))
        if isinstance(result, Checked):
            checked.append(result)
            if arguments.verbose:
                # Standard output is all JSON, or all text.
                to = sys.stdout if arguments.format == "text" else sys.stderr
                write_line(to, report.file_line(result))
            if arguments.format == "text":
                for finding in result.findings:
                    write_line(sys.stdout, report.text_line(result.source, finding))
        else:
            failed += 1
            sys.stdout.flush()
            complain(result.reason)
    if arguments.format == "json":
        print(report.as_json(checked))
    elif checked or not failed:
        sys.stdout.flush()
        print(report.summary(checked, failed), file=sys.stderr)
    if failed:
        return FAILED
    return FOUND if any(one.findings for one in checked) else DONE


def _dialect_for(path: str, arguments: argparse.Namespace, configs: Configs) -> Dialect | None:
    """The dialect to hold a file against: the command line's, else the configured one."""
    from protofix.net.dialects import chosen_dialect

    if arguments.schema is not None or arguments.dialect is not None:
        return chosen_dialect(arguments.dialect or AUTO, arguments.schema)
    config = configs.of(path)
    return chosen_dialect(config.dialect, config.schema)
