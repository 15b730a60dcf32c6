"""`protofix inject`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from protofix.commands.common import (
    DONE,
    FOUND,
    add_output,
    is_dry,
    report_stream,
    say_written,
    stdin_bytes,
)
from protofix.commands.ways import add_ways, folder_of, way_of, write_net
from protofix.files import read_bytes, source_of_bytes

if TYPE_CHECKING:
    from protofix.injection import Injection

_EXAMPLES = """\
examples:
  protofix inject net.prototxt --source H.csv        show what it would do, write nothing
  protofix inject net.prototxt --source H.csv -o weighted.prototxt
                                                     weigh the classes by a file's H
  protofix inject net.prototxt --compute-h --in-place
                                                     compute H from each batch's labels
  protofix inject net.prototxt --h-lmdb H_lmdb --loss loss1 --loss loss2 --in-place
                                                     give an H to these two losses alone
  protofix inject weighted.prototxt --identity -o net.prototxt
                                                     back to SoftmaxWithLoss
  protofix inject net.prototxt --target legacy -o old.prototxt
                                                     Softmax and InfogainLoss, for an old Caffe
"""


def add_inject(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    inject = commands.add_parser(
        "inject",
        help="weigh the classes of a loss by H, or take its H away",
        description=fill(
            "Gives the InfogainLosses of a net their matrix H, or a new one. A net that has none "
            "gets them: its SoftmaxWithLosses become InfogainLosses that weigh the classes by H. "
            "Shows the diff, and writes nothing unless told where.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inject.add_argument("net", metavar="NET", help="the prototxt, or - for standard input")
    add_output(inject, "NET")
    way = add_ways(inject, "the matrix H")
    way.add_argument(
        "--identity", action="store_true", help="none: back to SoftmaxWithLoss, and H goes"
    )
    inject.add_argument(
        "--loss", metavar="NAME", action="append", default=[],
        help="a loss that is meant; default: all InfogainLosses, or all SoftmaxWithLosses of a net "
        "without any",
    )  # fmt: skip
    inject.add_argument(
        "--target", choices=("fused", "legacy"), default="fused",
        help="fused: today's Caffe; legacy: one before April 2017, in which a Softmax layer stands "
        "in front of the loss; with or without an H. Default: fused",
    )  # fmt: skip
    inject.add_argument(
        "--no-upgrade", action="store_true", help="keep the old format of a net that is changed"
    )
    inject.set_defaults(run=_inject)


def _inject(arguments: argparse.Namespace) -> int:
    from protofix.injection import InjectOptions, inject_document
    from protofix.textproto.reader import read

    if arguments.net == "-" and arguments.in_place:
        raise ValueError("--in-place needs a file: standard input cannot be replaced")
    options = InjectOptions(
        way=way_of(arguments),
        identity=arguments.identity,
        target=arguments.target,
        losses=tuple(arguments.loss),
        folder=folder_of(arguments),
        upgrade=not arguments.no_upgrade,
    )
    data = stdin_bytes() if arguments.net == "-" else read_bytes(Path(arguments.net))
    name = "<stdin>" if arguments.net == "-" else arguments.net
    injection = inject_document(read(source_of_bytes(data, name)), options)
    if not injection.may_be_written:
        _report(arguments, injection, [])
        raise ValueError(f"{name}: the proof does not hold, so nothing was written")
    after = injection.after.source.to_bytes()
    written = write_net(arguments, data, after, injection.files)
    _report(arguments, injection, written)
    return DONE if injection.complete else FOUND


def _report(arguments: argparse.Namespace, injection: Injection, written: list[str]) -> None:
    from protofix.reports import injection as report
    from protofix.reports.terminal import write_diff, write_line

    stream = report_stream(arguments)
    if arguments.format == "json":
        stream = sys.stderr if arguments.output == "-" else sys.stdout
        print(report.as_json(injection, written), file=stream)
        return
    if is_dry(arguments):
        write_diff(sys.stdout, report.diff_of(injection))
    for line in report.note_lines(injection):
        write_line(stream, line)
    names = "".join(f", {file.path}" for file in injection.files)
    would = is_dry(arguments) and injection.changed and not arguments.diff
    say_written(stream, written, f"the net{names}" if would else "")
