"""`protofix matrix show`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, TextIO

from protofix.commands.common import DONE, say_written
from protofix.commands.matrix.labels import given_counts
from protofix.files import FileError, read_bytes, write_atomically
from protofix.infogain.matrix.names import FORMATS

if TYPE_CHECKING:
    from protofix.data.counts import LabelCounts
    from protofix.reports.matrix.facts import MatrixFacts

_EXAMPLES = """\
examples:
  protofix matrix show H.binaryproto
  protofix matrix show H.csv --counts 900,90,10 --names labels.txt
  protofix matrix show H.npy --plot H.png           needs protofix[plot]
  protofix matrix show H.h5 --format json

The row of a matrix is the label, the column the predicted class. A label weighs what its row sums
to; "of loss" is the part that a class has of the weight of all labels, without --counts or --list
as though all classes occurred alike.

exit codes: 0 if the matrix is shown, 2 if it could not be.
"""
_PICTURES = (".png", ".svg")
_WIDTH = 100  # where nothing tells how wide the paper is


def add_show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    show = commands.add_parser(
        "show",
        help="show a matrix H: a table of its classes and a heat map, or a picture",
        description=fill(
            "Prints what each class weighs in a matrix H, how large H makes the loss, what may be "
            "wrong with it, and a heat map; or draws it into a file.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    show.add_argument("matrix", metavar="H", help="a file or a database that holds one")
    labels = show.add_mutually_exclusive_group()
    labels.add_argument(
        "--counts", metavar="N,N,...", help="how many labels are of each class, from class 0 on"
    )
    labels.add_argument(
        "--list", metavar="FILE",
        help="count the labels of a list of images: a line each, its path, a blank, its label",
    )  # fmt: skip
    show.add_argument(
        "--names", metavar="FILE", help="a text file with the name of a class on each line"
    )
    show.add_argument("--all", action="store_true", help="a row for every class, however many")
    show.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    show.add_argument(
        "--plot", metavar="FILE",
        help="draw the heat map into FILE, .png or .svg; needs protofix[plot]",
    )  # fmt: skip
    show.add_argument("--force", action="store_true", help="replace a picture that is there")
    show.add_argument(
        "--from", dest="from_format", choices=FORMATS, metavar="NAME",
        help="format of H, where its name and beginning do not tell",
    )  # fmt: skip
    show.add_argument(
        "--dataset", metavar="NAME", help="of an HDF5 file, if more than one could be H"
    )
    show.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    import numpy as np

    from protofix.infogain.matrix.checks import concerns
    from protofix.infogain.matrix.reading import read_matrix
    from protofix.reports.matrix.facts import MatrixFacts

    _refuse_plot(arguments)
    matrix = read_matrix(arguments.matrix, arguments.from_format, arguments.dataset)
    counts = _labels(arguments, matrix.classes)
    names = None if arguments.names is None else _names(arguments.names, matrix.classes)
    with np.errstate(over="ignore", invalid="ignore"):  # rows may sum to more than float64 holds
        found = concerns(matrix)
    # The scale is a concern of classes that occur alike; counts tell it as it is.
    found = tuple(it for it in found if it.kind != "scale" or counts is None)
    facts = MatrixFacts(matrix, counts, names, found)
    picture = None if arguments.plot is None else _picture(facts, arguments.plot)
    if arguments.format == "json":
        from protofix.reports.matrix.as_json import as_json

        print(as_json(facts))
    else:
        _print_text(facts, arguments.all, with_map=picture is None)
    if picture is not None:
        write_atomically(Path(arguments.plot), picture)
        said = sys.stderr if arguments.format == "json" else sys.stdout
        say_written(said, [Path(arguments.plot).as_posix()])
    return DONE


def _print_text(facts: MatrixFacts, every: bool, with_map: bool) -> None:
    from protofix.reports.matrix.heat_map import heat_map
    from protofix.reports.matrix.table import summary, table
    from protofix.reports.terminal import Line, write_line

    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    lines: list[Line] = [*table(facts, width, every), [("", "")], *summary(facts, width)]
    if with_map:
        lines += [[("", "")], *heat_map(facts.values, width, _takes_colours(sys.stdout))]
    for line in lines:
        write_line(sys.stdout, line)


def _takes_colours(stream: TextIO) -> bool:
    """Whether half blocks in 256 colours would be seen as such."""
    if not stream.isatty():
        return False
    from rich.console import Console

    console = Console(file=stream)
    if console.no_color or console.color_system not in ("256", "truecolor"):
        return False
    try:
        "▀".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _labels(arguments: argparse.Namespace, classes: int) -> LabelCounts | None:
    """How often each class occurs, if the options tell. Raises ValueError and `FileError`."""
    if arguments.list is not None:
        from protofix.data.counting import ImageListLabels, count_labels

        return count_labels(ImageListLabels(Path(arguments.list)), classes=classes)
    return None if arguments.counts is None else _counts(arguments.counts, classes)


def _counts(text: str, classes: int) -> LabelCounts:
    """The counts as they were given. Raises ValueError if they are none, or not one a class."""
    counts = given_counts(text)
    if len(counts.counts) != classes:
        raise ValueError(
            f"--counts: {len(counts.counts)} numbers for a matrix of {classes} classes"
        )
    if not counts.counts.any():
        raise ValueError("--counts: no labels at all, give how many are of each class")
    return counts


def _names(path: str, classes: int) -> list[str]:
    """The names in a file, a line each. Raises ValueError if they are not one a class."""
    text = read_bytes(Path(path)).decode("utf-8-sig", "backslashreplace")
    names = [line.strip() for line in text.replace("\r\n", "\n").rstrip().split("\n")]
    if len(names) != classes:
        raise ValueError(
            f"{path}: {len(names)} lines for a matrix of {classes} classes: "
            "write the name of a class on each"
        )
    return names


def _refuse_plot(arguments: argparse.Namespace) -> None:
    """Raise ValueError if the picture cannot be what it is to be called, or would replace H."""
    path = arguments.plot
    if path is None:
        return
    if Path(path).suffix.lower() not in _PICTURES:
        raise ValueError(f"--plot {path}: name a file that ends in {' or '.join(_PICTURES)}")
    for other in (arguments.matrix, arguments.names, arguments.list):
        both = other is not None and os.path.exists(other) and os.path.exists(path)
        if both and os.path.samefile(other, path):
            raise ValueError(f"--plot {path}: that is what is to be shown; name another file")
    if os.path.exists(path) and not arguments.force:
        raise FileError(f"{path}: is there already; --force replaces it")


def _picture(facts: MatrixFacts, path: str) -> bytes:
    from protofix.reports.matrix.plot import plot

    title = facts.matrix.path.name
    try:
        return plot(facts.values, Path(path).suffix.lower(), title, facts.names)
    except ImportError:
        raise ValueError("--plot needs matplotlib: pip install 'protofix[plot]'") from None
