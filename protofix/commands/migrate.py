"""`protofix migrate`."""

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
    from protofix.migration import MigrateOptions, Migration
    from protofix.upgrade.weights.match import WeightsMatch

_EXAMPLES = """\
examples:
  protofix migrate net.prototxt                      show the diff and the proof, write nothing
  protofix migrate net.prototxt -o new.prototxt      write the result
  protofix migrate net.prototxt --in-place           replace the file
  protofix migrate net.prototxt --source H.csv -o new.prototxt
                                                     take H from a file; .csv and .npy become
                                                     H.binaryproto beside the result
  protofix migrate net.prototxt --weights net.caffemodel
                                                     say whether the weights still match
  protofix migrate net.prototxt --compute-h -o new.prototxt
                                                     compute H from each batch's labels
"""


def add_migrate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    migrate = commands.add_parser(
        "migrate",
        help="fuse Softmax → InfogainLoss, give it H, prove the numbers",
        description=fill(
            "Fuses every Softmax → InfogainLoss of a net for today's Caffe, gives it its "
            "matrix H, and proves that the numbers are those of the old layer. Shows the diff and "
            "the proof, and writes nothing unless told where.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    migrate.add_argument("net", metavar="NET", help="the prototxt, or - for standard input")
    add_output(migrate, "NET")
    add_ways(migrate, "the matrix H (the net's own is kept if none is given)")
    loss_param = migrate.add_mutually_exclusive_group()
    loss_param.add_argument(
        "--keep-loss-param", dest="loss_param", action="store_const", const="keep", default="auto",
        help="keep the loss_param that the old layer never read",
    )  # fmt: skip
    loss_param.add_argument(
        "--drop-loss-param", dest="loss_param", action="store_const", const="drop",
        help="drop loss_param even where the net was written for today's layer",
    )  # fmt: skip
    migrate.add_argument(
        "--maps", action="store_true",
        help="fuse chains over maps of scores too: the loss is then one a position, another loss",
    )  # fmt: skip
    migrate.add_argument(
        "--log-layer", action="store_true",
        help="keep probabilities that sum to one but are no plain Softmax, such as an average of "
        "softmaxes, by a Log layer in front of the loss: softmax(log p) = p",
    )  # fmt: skip
    migrate.add_argument(
        "--sums-to-one", metavar="LOSS", action="append", default=[],
        help="say that what a loss reads sums to one where the file does not tell, so that a Log "
        "layer keeps it",
    )  # fmt: skip
    migrate.add_argument(
        "--no-upgrade", action="store_true", help="keep the old format of a net that is changed"
    )
    migrate.add_argument(
        "--weights", metavar="FILE.caffemodel",
        help="say whether these weights still match the net, by layer name and shape",
    )  # fmt: skip
    migrate.set_defaults(run=_migrate)


def _migrate(arguments: argparse.Namespace) -> int:
    from protofix.migration import migrate_document
    from protofix.textproto.reader import read

    if arguments.net == "-" and arguments.in_place:
        raise ValueError("--in-place needs a file: standard input cannot be replaced")
    data = stdin_bytes() if arguments.net == "-" else read_bytes(Path(arguments.net))
    name = "<stdin>" if arguments.net == "-" else arguments.net
    document = read(source_of_bytes(data, name))
    migration = migrate_document(document, _migrate_options(arguments))
    match = _weights_match(arguments, migration)
    if not migration.may_be_written:
        _report(arguments, migration, [], match)
        raise ValueError(f"{name}: the proof does not hold, so nothing was written")
    after = migration.after.source.to_bytes()
    written = write_net(arguments, data, after, migration.files, migration.matrices)
    _report(arguments, migration, written, match)
    fits = match is None or (match.loads and match.useful)
    return DONE if migration.complete and fits else FOUND


def _weights_match(arguments: argparse.Namespace, migration: Migration) -> WeightsMatch | None:
    if arguments.weights is None:
        return None
    from protofix.net.view import view_of
    from protofix.upgrade.weights.match import match_weights

    return match_weights(view_of(migration.after), Path(arguments.weights))


def _migrate_options(arguments: argparse.Namespace) -> MigrateOptions:
    from protofix.infogain.fuse import FuseOptions, LossParam
    from protofix.migration import MigrateOptions

    fuse = FuseOptions(LossParam(arguments.loss_param), arguments.maps)
    return MigrateOptions(
        fuse,
        way_of(arguments),
        folder_of(arguments),
        upgrade=not arguments.no_upgrade,
        log_layer=arguments.log_layer,
        sums_to_one=tuple(arguments.sums_to_one),
    )


def _report(
    arguments: argparse.Namespace,
    migration: Migration,
    written: list[str],
    match: WeightsMatch | None,
) -> None:
    from protofix.reports import migration as report
    from protofix.reports.terminal import write_diff, write_line

    stream = report_stream(arguments)
    if arguments.format == "json":
        stream = sys.stderr if arguments.output == "-" else sys.stdout
        print(report.as_json(migration, written, match), file=stream)
        return
    if is_dry(arguments):
        write_diff(sys.stdout, report.diff_of(migration))
    for line in (*report.note_lines(migration), *report.proof_lines(migration)):
        write_line(stream, line)
    if match is not None:
        for line in report.weights_lines(arguments.weights, match):
            write_line(stream, line)
    names = "".join(f", {file.path}" for file in migration.files)
    would = is_dry(arguments) and migration.changed and not arguments.diff
    say_written(stream, written, f"the net{names}" if would else "")
