"""`protofix matrix`: the infogain matrix H made, converted, checked and shown."""

from __future__ import annotations

import argparse
from textwrap import fill

from protofix.commands.matrix.build import add_build
from protofix.commands.matrix.check import add_check
from protofix.commands.matrix.convert import add_convert
from protofix.commands.matrix.show import add_show

_EXAMPLES = """\
examples:
  protofix matrix build --counts 900,90,10 -o H.binaryproto
  protofix matrix build --from-net train_val.prototxt -o H.binaryproto
  protofix matrix show H.binaryproto
  protofix matrix check H.binaryproto --net train_val.prototxt
  protofix matrix convert H.binaryproto H.csv

protofix matrix COMMAND --help shows more.
"""


def add_matrix(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its subcommands."""
    matrix = commands.add_parser(
        "matrix",
        help="make, convert, check and show the infogain matrix H",
        description=fill(
            "Makes the infogain matrix H from counts or from labels where they are, converts it "
            "between the formats that hold one, checks it and shows it.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = matrix.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_build(subcommands)
    add_show(subcommands)
    add_check(subcommands)
    add_convert(subcommands)
