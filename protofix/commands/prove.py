"""`protofix prove`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from protofix.commands.common import DONE, FOUND, stdin_bytes
from protofix.files import read_bytes, source_of_bytes, write_atomically

if TYPE_CHECKING:
    from protofix.infogain.proof.results import Proof
    from protofix.textproto.tree import Document

_FILE_WIDTH = 120  # where nothing tells how wide lines may be

_EXAMPLES = """\
examples:
  protofix prove old.prototxt new.prototxt           for each loss in each state: old chain on old
                                                     and today's Caffe, and the new one
  protofix prove old.prototxt new.prototxt --report proof.html
                                                     the same as one page, with the diff, the
                                                     graph around each loss and plots
  protofix prove old.prototxt new.prototxt --engine caffe
                                                     let the pycaffe that is installed compute
exit code: 0 where the numbers are equal (but for an H that is new), 1 where not
"""


def add_prove(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    prove = commands.add_parser(
        "prove",
        help="hold the losses of a net against those of another, number by number",
        description=fill(
            "Computes each loss of two nets in each state on random and adversarial scores: the "
            "old net as Caffe computed it before April 2017 and as today's does, and the new one. "
            "Says whether losses and gradients are equal, and if not, by which field.",
            80,
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    prove.add_argument("old", metavar="OLD", help="the net as it was, or - for standard input")
    prove.add_argument("new", metavar="NEW", help="the net as it is now")
    prove.add_argument(
        "--format", choices=("text", "json", "html"), default="text", help="default: text"
    )
    prove.add_argument(
        "--report", metavar="FILE",
        help="write it to FILE: .html and .json say the format, unless --format does",
    )  # fmt: skip
    prove.add_argument(
        "--target", choices=("fused", "legacy"), default="fused",
        help="the Caffe that NEW is for; fused: today's, legacy: one before April 2017. "
        "Default: fused",
    )  # fmt: skip
    prove.add_argument(
        "--engine", choices=("numpy", "caffe"), default="numpy",
        help="what computes; caffe: the pycaffe that this Python imports. Default: numpy",
    )  # fmt: skip
    prove.set_defaults(run=_prove)


def _prove(arguments: argparse.Namespace) -> int:
    from protofix.proving import prove_documents

    if arguments.old == arguments.new == "-":
        raise ValueError("only one of OLD and NEW can be standard input")
    old, new = _document(arguments.old), _document(arguments.new)
    proof = prove_documents(old, new, arguments.target, arguments.engine)
    if arguments.report:
        _refuse_to_overwrite(Path(arguments.report), arguments, old, new)
    _print(arguments, proof, old, new)
    return DONE if proof.holds else FOUND


def _document(path: str) -> Document:
    from protofix.textproto.reader import read

    data = stdin_bytes() if path == "-" else read_bytes(Path(path))
    return read(source_of_bytes(data, "<stdin>" if path == "-" else path))


def _refuse_to_overwrite(
    report: Path, arguments: argparse.Namespace, old: Document, new: Document
) -> None:
    """Raise ValueError where the report would be written onto what it is about."""
    from protofix.infogain.proof.matrices import matrix_files

    if not report.exists():
        return
    nets = (Path(path) for path in (arguments.old, arguments.new) if path != "-")
    for path in (*nets, *matrix_files(old), *matrix_files(new)):
        if os.path.samefile(report, path):
            raise ValueError(f"{report}: is {path}, which is read for it; write it elsewhere")


def _print(arguments: argparse.Namespace, proof: Proof, old: Document, new: Document) -> None:
    """Print the proof, or write it to the file that was named."""
    from protofix.reports.proof.text import proof_lines, three_lines
    from protofix.reports.terminal import write_line

    kind = arguments.format
    suffix = Path(arguments.report).suffix.lower() if arguments.report else ""
    if kind == "text" and suffix in (".html", ".htm"):
        kind = "html"
    elif kind == "text" and suffix == ".json":
        kind = "json"
    if kind == "text" and not arguments.report:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _FILE_WIDTH
        for line in proof_lines(proof, width):
            write_line(sys.stdout, line)
        return
    text = _rendered(kind, proof, old, new)
    if not arguments.report:
        print(text)
        return
    write_atomically(Path(arguments.report), text.encode())
    for line in three_lines(proof):
        write_line(sys.stdout, line)
    write_line(sys.stdout, [(f"wrote {arguments.report}", "bold")])


def _rendered(kind: str, proof: Proof, old: Document, new: Document) -> str:
    if kind == "html":
        from protofix.reports.proof.html import html_report

        return html_report(proof, old, new)
    if kind == "json":
        import json

        from protofix.reports.proof.as_json import proof_record

        return json.dumps(proof_record(proof), indent=2)
    from protofix.reports.proof.text import proof_lines

    return "".join("".join(part for part, _ in line) + "\n" for line in proof_lines(proof))
