"""`protofix matrix build`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from protofix.commands.common import DONE
from protofix.commands.matrix.labels import (
    Counted,
    add_label_options,
    counted,
    given_numbers,
    places_of,
    refuse_stray_options,
)
from protofix.infogain.matrix.names import DTYPES, FORMATS, Format

if TYPE_CHECKING:
    from protofix.files import NewFile
    from protofix.infogain.matrix.values import Array

_RECIPES = (
    "balanced", "inverse", "compute-h", "median-frequency", "one-minus-frequency",
    "effective-number", "log", "identity",
)  # fmt: skip
_ABSENT = ("error", "zero", "one", "clamp")
_SHARPNESS = 10.0
_WIDTH = 100  # where nothing tells how wide the paper is

_EXAMPLES = """\
examples:
  protofix matrix build --counts 900,90,10           show H, write nothing
  protofix matrix build --counts 900,90,10 -o H.binaryproto
  protofix matrix build --lmdb examples/mnist/mnist_train_lmdb -o H.binaryproto
  protofix matrix build --from-net train_val.prototxt --recipe effective-number -o H.binaryproto
  protofix matrix build --images SegmentationClass --ignore-label 255 --recipe median-frequency
  protofix matrix build --csv labels.csv:class --absent clamp --tree classes.txt -o H.npy

H is diag(weights), or with costs diag(weights) times rows of soft labels. docs/recipes.md says what
each recipe does, and where it is from.

exit codes: 0 if H was made, 2 if it could not be.
"""


def add_build(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    build = commands.add_parser(
        "build",
        help="make H from counts, or from labels where they are",
        description=fill(
            "Makes the infogain matrix H: counts the labels of a data set, weighs its classes by a "
            "recipe, and writes H in any form. Without -o it shows H and writes nothing.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_label_options(build)
    weights = build.add_argument_group("what each class weighs")
    weights.add_argument(
        "--recipe", choices=_RECIPES, metavar="NAME",
        help=f"one of {', '.join(_RECIPES)}; default: balanced",
    )  # fmt: skip
    weights.add_argument(
        "--beta", type=float, metavar="B", help="of effective-number; default: 0.9999"
    )
    weights.add_argument(
        "--absent", choices=_ABSENT, default="error",
        help="a class that never occurs: is an error (default), weighs zero or one, or counts as "
        "though it occurred once (clamp)",
    )  # fmt: skip
    costs = weights.add_mutually_exclusive_group()
    costs.add_argument(
        "--costs", metavar="FILE", help="costs of taking i for j, L lines of L numbers"
    )
    costs.add_argument("--tree", metavar="FILE", help="a tree of classes, an indented outline")
    weights.add_argument(
        "--sharpness", type=float, metavar="S",
        help=f"how fast what is right falls with costs; default: {_SHARPNESS:g}",
    )  # fmt: skip
    output = build.add_argument_group("what becomes of H")
    output.add_argument("-o", "--output", metavar="OUT", help="write H to OUT, a file or a folder")
    output.add_argument("--to", choices=FORMATS, help="its form; default: by the name of OUT")
    output.add_argument(
        "--dtype", choices=tuple(DTYPES), default="float",
        help="what numbers are rounded to; default: float, with which Caffe computes",
    )  # fmt: skip
    output.add_argument("--force", action="store_true", help="replace what is there")
    output.add_argument("--all", action="store_true", help="show a row for every class")
    output.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    build.set_defaults(run=_build)


def _build(arguments: argparse.Namespace) -> int:
    from protofix.infogain.matrix.writing import save

    _refuse_options(arguments)
    _refuse_output(arguments)
    labels = None if arguments.weights is not None else counted(arguments)
    values = _matrix(arguments, labels)
    files = _files(arguments, values)
    written = save(files, replace=arguments.force) if files else ()
    _report(arguments, labels, values, [path.as_posix() for path in written])
    return DONE


def _refuse_options(arguments: argparse.Namespace) -> None:
    """Raise ValueError for options that do not go together."""
    refuse_stray_options(arguments)
    if arguments.weights is not None and arguments.recipe is not None:
        raise ValueError("--recipe makes weights of counts: give --counts, or --weights alone")
    if arguments.beta is not None and arguments.recipe != "effective-number":
        raise ValueError("--beta goes with --recipe effective-number")
    if arguments.sharpness is not None and arguments.costs is None and arguments.tree is None:
        raise ValueError("--sharpness goes with --costs or --tree")
    if arguments.output is None and (arguments.to or arguments.force):
        raise ValueError(f"{'--to' if arguments.to else '--force'} goes with -o OUT")


def _refuse_output(arguments: argparse.Namespace) -> None:
    """Raise ValueError, before anything is counted, if H cannot be written where it is to be."""
    from protofix.infogain.matrix.writing import format_named

    output = arguments.output
    if output is None:
        return
    if output == "-":
        raise ValueError("-o -: H goes to a file or a folder: name one")
    if arguments.to is None:
        format_named(output)
    for path in (*places_of(arguments), arguments.costs, arguments.tree):
        there = path is not None and os.path.exists(path) and os.path.exists(output)
        if there and os.path.samefile(path, output):
            raise ValueError(f"-o {output}: that is what H is to be made of; name another file")


def _matrix(arguments: argparse.Namespace, labels: Counted | None) -> Array:
    """H as it is asked for, in the numbers that it is to be written in; L x L."""
    import numpy as np

    from protofix.infogain.matrix.costs import read_costs, read_tree, soft_labels, weighted
    from protofix.infogain.matrix.narrowing import narrowed
    from protofix.infogain.matrix.values import check_matrix

    weights = _weights(arguments, labels)
    if arguments.costs is None and arguments.tree is None:
        rows = np.eye(len(weights))
    else:
        costs = (
            read_costs(arguments.costs)
            if arguments.costs is not None
            else read_tree(arguments.tree)
        )
        if len(costs) != len(weights):
            raise ValueError(
                f"{arguments.costs or arguments.tree}: {len(costs)} classes, but the labels have "
                f"{len(weights)}: they must be the same (--classes says how many)"
            )
        sharpness = _SHARPNESS if arguments.sharpness is None else arguments.sharpness
        rows = soft_labels(costs, sharpness)
    values = weighted(weights, rows)
    check_matrix(values)
    if arguments.dtype == "double":
        return values
    narrow = narrowed(values).astype(np.float64)
    check_matrix(narrow, None, "H in float32")
    return narrow


def _weights(arguments: argparse.Namespace, labels: Counted | None) -> Array:
    """What each class weighs, L numbers."""
    import numpy as np

    from protofix.infogain.matrix.recipes import BETA, Absent, class_weights

    if labels is None:
        numbers = given_numbers(arguments.weights, "--weights")
        if arguments.classes not in (None, len(numbers)):
            raise ValueError(f"--weights: {len(numbers)} numbers for --classes {arguments.classes}")
        return np.array(numbers)
    try:
        return class_weights(
            labels.counts,
            arguments.recipe or "balanced",
            absent=Absent(arguments.absent),
            beta=BETA if arguments.beta is None else arguments.beta,
        )
    except ValueError as error:
        option = " (--absent)" if labels.counts.absent and labels.counts.total else ""
        raise ValueError(f"{error}{option}{_hint(labels)}") from None


def _hint(labels: Counted) -> str:
    """What may be behind classes that never occur: a label that is ignored, or should be."""
    counts, ignored = labels.counts, labels.ignore_label
    if ignored is not None and ignored in counts.absent:
        return f"; {counts.ignored:,} labels are {ignored}, the one ignored: --absent zero is meant"
    there = [index for index, number in enumerate(counts.counts.tolist()) if number]
    if ignored is None and len(there) > 1 and there[-1] - there[-2] > max(1, there[-2]):
        return f"; is {there[-1]}, far above the others, the label to ignore: --ignore-label?"
    return ""


def _files(arguments: argparse.Namespace, values: Array) -> tuple[NewFile, ...]:
    from protofix.infogain.matrix.writing import files_of_matrix

    if arguments.output is None:
        return ()
    form = _form(arguments)
    # Text holds either; the numbers are those of float32 already, unless double was asked for.
    wanted = None if form == "csv" else DTYPES[arguments.dtype]
    return files_of_matrix(values, arguments.output, form, dtype=wanted)


def _form(arguments: argparse.Namespace) -> Format:
    from protofix.infogain.matrix.writing import format_named

    form: Format = arguments.to or format_named(arguments.output or "H.binaryproto")
    return form


def _report(
    arguments: argparse.Namespace, labels: Counted | None, values: Array, written: list[str]
) -> None:
    from protofix.infogain.matrix.checks import concerns
    from protofix.infogain.matrix.values import InfogainMatrix
    from protofix.reports.matrix import built
    from protofix.reports.matrix.facts import MatrixFacts
    from protofix.reports.terminal import write_line

    form = _form(arguments)
    size = len(values)
    shape = (size, size) if form in ("npy", "csv") else (1, 1, size, size)
    dtype = "float64" if form == "csv" else DTYPES[arguments.dtype]
    matrix = InfogainMatrix(values, shape, form, Path(arguments.output or "H"), dtype)
    counts = labels.counts if labels else None
    # The scale is a concern of classes that occur alike; counts tell it as it is.
    found = tuple(it for it in concerns(matrix) if it.kind != "scale" or counts is None)
    facts = MatrixFacts(matrix, counts, None, found)
    recipe = None if labels is None else arguments.recipe or "balanced"
    result = built.Built(facts, recipe, labels.said if labels else (), arguments.output is not None)
    if arguments.format == "json":
        print(built.as_json(result, written))
        return
    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    for line in built.lines(result, written, width, arguments.all):
        write_line(sys.stdout, line)
