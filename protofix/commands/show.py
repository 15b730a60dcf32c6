"""`protofix show`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from caffe_proto import AUTO
from protofix.commands.common import DONE, FOUND, print_bytes, say_written, stdin_bytes
from protofix.commands.dialects import add_dialect_options
from protofix.commands.states import add_state_options, asked_of, given_of, refuse_unmade_given
from protofix.files import read_bytes, source_of_bytes, write_atomically

if TYPE_CHECKING:
    from protofix.showing import Shown

_EXAMPLES = """\
examples:
  protofix show train_val.prototxt                  a table for each state that a person can mean
  protofix show --phase TEST --stage deploy net.prototxt
  protofix show --dialect intel net.prototxt        as a fork builds it
  protofix show --given data=10,3,227,227 --given label=10 train_val.prototxt
  protofix show solver.prototxt                     the solver's nets in its states
  protofix show --format svg -o net.svg net.prototxt
  protofix show --format json --as-built --phase TRAIN net.prototxt

Multiply-adds count what is multiplied and added; what only compares or copies (ReLU, MAX pooling,
Concat) counts none. Memory is that of all tops, as in the log of Caffe.

exit codes: 0 if the nets are shown; 1 if Caffe would refuse one of them, which is shown all the
same, and why is on standard error; 2 if nothing could be shown.
"""
_WIDTH = 120  # where nothing tells how wide the paper is


def add_show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    show = commands.add_parser(
        "show",
        help="show a net as Caffe builds it: layers, shapes, parameters, cost, or a drawing",
        description=fill(
            "Builds a net as Caffe would, in every state that a person can mean or in the one "
            "named, and prints what each layer reads and makes, with shapes, parameters, memory "
            "and multiply-adds; or draws it.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    show.add_argument("net", metavar="NET", help="a net, a solver, or - for standard input")
    show.add_argument(
        "--format", choices=("table", "json", "dot", "svg"), default="table",
        help="default: table; dot is for Graphviz; svg needs protofix[draw]",
    )  # fmt: skip
    show.add_argument(
        "--as-built", action="store_true",
        help="show the layers that Caffe adds (Splits) too, and its names for the blobs; "
        "with --format json, give layers, blobs and outputs alone",
    )  # fmt: skip
    show.add_argument("-o", "--output", metavar="OUT", help="write to OUT (- prints it)")
    add_dialect_options(show)
    add_state_options(show)
    show.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    from protofix.config import Configs
    from protofix.linting.checking import Question
    from protofix.reports.findings.concise import text_line
    from protofix.reports.terminal import write_line
    from protofix.showing import show

    if arguments.as_built and arguments.format in ("dot", "svg"):
        raise ValueError("--as-built is for tables and JSON; a drawing is of the file's own layers")
    path = arguments.net
    data = stdin_bytes() if path == "-" else read_bytes(Path(path))
    config = Configs().of(path)
    given = given_of(arguments)
    source = source_of_bytes(data, "<stdin>" if path == "-" else path)
    dialect, schema = config.dialect, config.schema
    if arguments.dialect or arguments.schema:
        dialect, schema = arguments.dialect or AUTO, arguments.schema and Path(arguments.schema)
    shown = show(source, Question(dialect, schema, asked_of(arguments), given))
    refuse_unmade_given(given, [blob for net in shown.nets for blob in net.blobs])
    _refuse_overwriting(shown, arguments)
    if arguments.format == "table":
        _print_table(shown, arguments)
    else:
        _give_out(_text(shown, arguments).encode(), arguments.output)
    sys.stdout.flush()
    for error in shown.errors:
        write_line(sys.stderr, text_line(error.source, error.finding))
    # What was not read does not matter where all is known.
    for note in shown.notes if any(any(it.wanted()) for it in shown.facts) else ():
        write_line(sys.stderr, [(f"not read: {note}", "")])
    return FOUND if shown.errors else DONE


def _print_table(shown: Shown, arguments: argparse.Namespace) -> None:
    from protofix.reports.show.table import table
    from protofix.reports.terminal import printable, write_line

    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    lines = table(shown.facts, width, arguments.as_built)
    if arguments.output in (None, "-"):
        for line in lines:
            write_line(sys.stdout, line)
    else:
        text = "".join(printable("".join(part for part, _ in line)) + "\n" for line in lines)
        _give_out(text.encode(), arguments.output)


def _text(shown: Shown, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from protofix.reports.show.as_json import as_json

        return as_json(shown.facts, bool(asked_of(arguments)), arguments.as_built) + "\n"
    from protofix.reports.show.drawing import drawings

    pictures = drawings(shown.facts)
    if arguments.format == "dot":
        from protofix.reports.show.dot import dot

        return dot(pictures)
    from protofix.reports.show.svg import svg

    try:
        return svg(pictures)
    except ImportError:
        raise ValueError("--format svg needs igraph: pip install 'protofix[draw]'") from None


def _refuse_overwriting(shown: Shown, arguments: argparse.Namespace) -> None:
    """Raise ValueError if the result would replace what it is of."""
    output = arguments.output
    if output in (None, "-") or not os.path.exists(output):
        return
    for path in {arguments.net, *(facts.file for facts in shown.facts)}:
        if os.path.exists(path) and os.path.samefile(path, output):
            raise ValueError(f"-o {output}: that is the net to be shown; name another file")


def _give_out(data: bytes, output: str | None) -> None:
    if output is None or output == "-":
        print_bytes(data)
        return
    write_atomically(Path(output), data)
    say_written(sys.stdout, [Path(output).as_posix()])
