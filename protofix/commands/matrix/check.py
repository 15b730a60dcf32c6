"""`protofix matrix check`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from protofix.commands.common import DONE, FOUND, positive, stdin_bytes
from protofix.infogain.matrix.names import FORMATS

if TYPE_CHECKING:
    from protofix.infogain.matrix.checks import Concern
    from protofix.infogain.matrix.values import Array, InfogainMatrix

_EXAMPLES = """\
examples:
  protofix matrix check H.binaryproto                          the matrix alone
  protofix matrix check H.csv --net train_val.prototxt         and whether it is of the net's size
  protofix matrix check H_lmdb --classes 10 --format json
"""


def add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    check = commands.add_parser(
        "check",
        help="report what is likely wrong with H",
        description=fill(
            "Reports of an infogain matrix H what Caffe would refuse and what is most likely not "
            "meant: another size than the net's, rows of zeros, negative numbers, a diagonal "
            "smaller than its row's rest, labels as columns. Exit code 0: nothing but notes; "
            "1: an error or a warning; 2: there is no matrix to read.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_argument("matrix", metavar="H", help="the file or database that holds H")
    check.add_argument(
        "--from", dest="from_format", choices=FORMATS, metavar="NAME",
        help="format of H, where its name and beginning do not tell",
    )  # fmt: skip
    check.add_argument(
        "--dataset", metavar="NAME", help="HDF5 dataset, if more than one could be H"
    )
    check.add_argument(
        "--net", metavar="NET",
        help="a prototxt: H must be of the size of its InfogainLoss and SoftmaxWithLoss layers",
    )  # fmt: skip
    check.add_argument("--loss", metavar="NAME", help="of these, the layer that H is for")
    check.add_argument("--classes", type=positive, metavar="L", help="number of classes")
    check.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    check.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from protofix.infogain.matrix.checks import concerns
    from protofix.infogain.matrix.reading import read_matrix

    if arguments.loss is not None and arguments.net is None:
        raise ValueError("--loss goes with --net")
    matrix = read_matrix(arguments.matrix, arguments.from_format, arguments.dataset)
    found = list(concerns(matrix, arguments.classes))
    if arguments.net is not None:
        found = [*_of_net(matrix.values, arguments.net, arguments.loss), *found]
    if arguments.format == "json":
        print(_as_json(matrix, found))
    else:
        _print(matrix, found)
    return FOUND if any(concern.severity != "note" for concern in found) else DONE


def _of_net(values: Array, net: str, name: str | None) -> list[Concern]:
    """Whether H is of the size that the losses of a net want."""
    from protofix.files import read_bytes, source_of_bytes
    from protofix.infogain.matrix.checks import Concern, size_concern
    from protofix.infogain.sources.giving import classes_of
    from protofix.net.view import view_of
    from protofix.textproto.reader import read

    data = stdin_bytes() if net == "-" else read_bytes(Path(net))
    view = view_of(read(source_of_bytes(data, net)))
    types = ("InfogainLoss", "SoftmaxWithLoss")
    losses = [layer for layer in view.net.layers if layer.type in types]
    if not losses:
        raise ValueError(f"{net}: has no {' or '.join(types)}; give --classes")
    names = list(dict.fromkeys(loss.name for loss in losses))
    if name is not None and name not in names:
        raise ValueError(f"{net}: has no loss `{name}`; there is `{'`, `'.join(names)}`")
    found: list[Concern | None] = []
    for loss in losses:
        if name in (None, loss.name):
            classes = classes_of(view, loss)
            unknown = f"the net does not tell how many classes `{loss.name}` has; give --classes"
            found.append(
                Concern("size", "note", unknown)
                if classes is None
                else size_concern(values, classes, f"`{loss.name}`")
            )
    return list(dict.fromkeys(concern for concern in found if concern is not None))


def _as_json(matrix: InfogainMatrix, found: list[Concern]) -> str:
    from dataclasses import asdict

    record = {
        "path": str(matrix.path),
        "format": matrix.format,
        "shape": list(matrix.shape),
        "dtype": matrix.dtype,
        "classes": matrix.classes,
        "concerns": [asdict(concern) for concern in found],
    }
    return json.dumps(record, indent=2)


def _print(matrix: InfogainMatrix, found: list[Concern]) -> None:
    from protofix.infogain.matrix.values import path_text, shape_text
    from protofix.reports.matrix.table import TINTS
    from protofix.reports.terminal import write_line

    where = path_text(matrix.path)
    for concern in found:
        parts = [(f"{where}: ", "bold"), (f"{concern.severity} ", TINTS[concern.severity])]
        write_line(sys.stdout, [*parts, (f"{concern.kind}: {concern.message}", "")])
    number = sum(concern.severity != "note" for concern in found)
    said = "1 concern" if number == 1 else f"{number} concerns"
    if not number:
        said = "nothing found but notes" if found else "nothing found"
    shape = shape_text(matrix.shape)
    print(f"{where}: {matrix.format}, {shape}, {matrix.dtype}: {said}", file=sys.stderr)
