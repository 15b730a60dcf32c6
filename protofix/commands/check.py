"""`protofix check`."""

from __future__ import annotations

import argparse
import sys

from protofix.commands.common import DONE, FAILED, FOUND, complain, stdin_bytes

_EXAMPLES = """\
examples:
  protofix check train_val.prototxt         one net
  protofix check models/                    every *.prototxt below a folder
  protofix check --format json - < net      standard input, findings as JSON
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
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from protofix.reports import findings as report
    from protofix.reports.terminal import with_progress, write_line
    from protofix.rules.rule import Checked
    from protofix.runner import check_file, files_below

    paths = list(files_below(arguments.paths))
    checked: list[Checked] = []
    failed = 0
    for path in with_progress(paths, "checking"):
        result = check_file(path, stdin_bytes)
        if isinstance(result, Checked):
            checked.append(result)
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
