"""`protofix matrix convert`."""

from __future__ import annotations

import argparse
import sys
from textwrap import fill
from typing import TYPE_CHECKING

from protofix.commands.common import DONE
from protofix.infogain.matrix.names import DTYPES, FORMATS, DType, Format

if TYPE_CHECKING:
    from protofix.infogain.matrix.values import Array

_EXAMPLES = """\
examples:
  protofix matrix convert H.csv H.binaryproto           for a loss's source
  protofix matrix convert H.npy H.h5                    and H_list.txt, for an HDF5Data layer
  protofix matrix convert H.binaryproto H_lmdb          for a Data layer
  protofix matrix convert H.csv H_lmdb --dtype float    narrowed to float32 on purpose
  protofix matrix convert H_lmdb H.csv                  back into something to look at
"""


def add_convert(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    convert = commands.add_parser(
        "convert",
        help="write H in another format, exactly",
        description=fill(
            "Writes the infogain matrix H in another format: binaryproto, .npy, CSV, HDF5 with its "
            "list, LMDB or LevelDB. The numbers stay the same to the last bit; a format that "
            "cannot hold them is refused.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    convert.add_argument("matrix", metavar="A", help="the file or database that holds H")
    convert.add_argument("output", metavar="B", help="what to write; its name tells the format")
    convert.add_argument(
        "--from", dest="from_format", choices=FORMATS, metavar="NAME",
        help="format of A, where its name and beginning do not tell",
    )  # fmt: skip
    convert.add_argument(
        "--to", choices=FORMATS, metavar="NAME",
        help=f"format of B, where its name does not tell: {', '.join(FORMATS)}",
    )  # fmt: skip
    convert.add_argument(
        "--dtype", choices=tuple(DTYPES),
        help="default: float if nothing is lost by it, else double; float narrows on purpose",
    )  # fmt: skip
    convert.add_argument(
        "--shape", choices=("legacy", "new"),
        help="of a binaryproto: 1 x 1 x L x L for any Caffe (the default), or L x L",
    )  # fmt: skip
    convert.add_argument(
        "--dataset", metavar="NAME",
        help="name of B's HDF5 dataset, the layer's top; default: that of A, or infogain_H",
    )  # fmt: skip
    convert.add_argument(
        "--from-dataset", metavar="NAME", help="A's HDF5 dataset, if more than one could be H"
    )
    convert.add_argument("--force", action="store_true", help="replace what B holds already")
    convert.set_defaults(run=_convert)


def _convert(arguments: argparse.Namespace) -> int:
    from protofix.infogain.matrix.reading import read_matrix
    from protofix.infogain.matrix.values import shape_text
    from protofix.infogain.matrix.writing import (
        DATASET,
        dtype_for,
        files_of_matrix,
        format_named,
        save,
    )
    from protofix.reports.terminal import write_line

    format = arguments.to or format_named(arguments.output)
    if arguments.dataset is not None and format != "hdf5":
        raise ValueError(f"--dataset goes with HDF5, and {arguments.output} is to be {format}")
    matrix = read_matrix(arguments.matrix, arguments.from_format, arguments.from_dataset)
    dtype = dtype_for(matrix.values, format, DTYPES.get(arguments.dtype), arguments.output)
    files = files_of_matrix(
        matrix.values,
        arguments.output,
        format,
        dtype=dtype,
        shape=arguments.shape,
        dataset=arguments.dataset or matrix.dataset or DATASET,
    )
    written = save(files, replace=arguments.force)
    for file in files:
        done = "wrote" if file.path in written else "is there already:"
        write_line(sys.stdout, [(f"{done} {file.path}", "bold")])
    said = f"{shape_text(matrix.values.shape)}, {_kept(matrix.values, format, dtype)}"
    write_line(sys.stdout, [(said, "")])
    return DONE


def _kept(values: Array, format: Format, dtype: DType) -> str:
    """In what the numbers are held, and why so."""
    from protofix.infogain.matrix.narrowing import narrowing

    lost = narrowing(values)
    if dtype == "float32" and lost.changed:
        return f"narrowed to float: {lost}"
    if format == "csv":
        return "decimals that read as the same numbers"
    if dtype == "float32":
        return "float, which holds them all"
    return f"double, since {lost}" if lost.changed else "double"
