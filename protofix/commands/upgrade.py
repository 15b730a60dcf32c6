"""`protofix upgrade`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from protofix.commands.common import DONE, FOUND, complain, stdin_bytes
from protofix.files import FileError, first_bytes, read_bytes, source_of_bytes, write_atomically
from protofix.upgrade.facts import ALL_STEPS, CAFFE_STEPS, STEP_TITLES, Step

if TYPE_CHECKING:
    from protofix.upgrade.text.document import Upgrade

_EXAMPLES = """\
examples:
  protofix upgrade net.prototxt                     show the diff, write nothing
  protofix upgrade net.prototxt -o new.prototxt     write the result
  protofix upgrade --in-place models/               every *.prototxt below a folder
  protofix upgrade --step input deploy.prototxt     one step alone
  protofix upgrade old.caffemodel -o new.caffemodel the same for weights

steps, in Caffe's order:
"""


def add_upgrade(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    steps = "".join(f"  {step:12}{title}\n" for step, title in STEP_TITLES.items())
    upgrade = commands.add_parser(
        "upgrade",
        help="bring V0 and V1 nets, input fields, solvers and weights to today's format",
        description="Does what Caffe does to an old file when it loads one, as edits: comments, "
        "blank lines and whatever needs no change stay as they are. Shows the diff, and writes "
        "nothing unless told where.",
        epilog=_EXAMPLES + steps,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    upgrade.add_argument(
        "files", nargs="+", metavar="FILE",
        help="a prototxt, a folder of them, a caffemodel, or - for standard input",
    )  # fmt: skip
    output = upgrade.add_mutually_exclusive_group()
    output.add_argument(
        "-o", "--output", metavar="OUT", help="write the result to OUT (- prints it)"
    )
    output.add_argument("--in-place", action="store_true", help="replace each FILE")
    output.add_argument("--diff", action="store_true", help="print the diff alone, for patch")
    upgrade.add_argument(
        "--step", action="append", choices=ALL_STEPS, metavar="STEP",
        help="take this step only (may be given several times); default: all that Caffe takes",
    )  # fmt: skip
    upgrade.add_argument(
        "--spellings", action="store_true",
        help="take the last step too, which Caffe leaves out: the same numbers in today's words",
    )  # fmt: skip
    upgrade.add_argument(
        "--unsafe", action="store_true",
        help="make a net whole that mixes `layer` and `layers`, which Caffe refuses",
    )  # fmt: skip
    upgrade.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    upgrade.set_defaults(run=_upgrade)


def _upgrade(arguments: argparse.Namespace) -> int:
    from protofix.runner import files_below

    paths = list(files_below(arguments.files))
    if arguments.output is not None and (
        len(paths) != 1 or (arguments.files[0] != "-" and Path(arguments.files[0]).is_dir())
    ):
        raise ValueError(f"-o takes one FILE and {len(paths)} are given; use --in-place for many")
    if arguments.in_place and "-" in paths:
        raise ValueError("--in-place needs a file: standard input cannot be replaced")
    codes = {DONE}
    records: list[dict[str, Any]] = []
    for path in paths:
        try:
            code, record = _one(path, arguments)
            records.append(record)
        except (FileError, ValueError) as error:
            sys.stdout.flush()
            code = complain(str(error))
        codes.add(code)
    if arguments.format == "json":
        stream = sys.stderr if arguments.output == "-" else sys.stdout
        print(json.dumps(records, indent=2), file=stream)
    return max(codes)


def _one(path: str, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Upgrade one file; give the exit code and the record of the JSON report."""
    from protofix.upgrade.weights.recognise import HEAD, looks_binary

    if path == "-":
        data = stdin_bytes()
        if looks_binary(data[:HEAD]):
            raise FileError("<stdin>: is binary; weights are read from a file: give its path")
        return _one_text("<stdin>", data, arguments)
    if looks_binary(first_bytes(Path(path), HEAD)):
        return _one_binary(Path(path), arguments)
    return _one_text(path, read_bytes(Path(path)), arguments)


def _one_text(name: str, data: bytes, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from protofix.reports import upgrade as report
    from protofix.textproto.reader import read
    from protofix.upgrade.text.document import upgrade_document

    document = read(source_of_bytes(data, name))
    upgrade = upgrade_document(document, _steps(arguments), arguments.unsafe)
    written = _write(upgrade, name, data, arguments)
    if arguments.format == "text":
        _report(upgrade, written, arguments)
    return (DONE if upgrade.complete else FOUND), report.record(upgrade, written)


def _one_binary(path: Path, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from protofix.reports import upgrade as report
    from protofix.reports.terminal import byte_progress, write_line
    from protofix.upgrade.weights.splice import upgrade_weights

    if arguments.output == "-":
        raise FileError(f"{path}: is binary; weights are written to a file: give its path to -o")
    target = path if arguments.in_place else Path(arguments.output) if arguments.output else None
    with byte_progress(path.name, path.stat().st_size) as progress:
        upgrade = upgrade_weights(
            path, target, _steps(arguments), progress, unsafe=arguments.unsafe
        )
    written = target.as_posix() if target and (upgrade.changed or not arguments.in_place) else None
    if arguments.format == "text":
        for line in report.weights_lines(path.as_posix(), upgrade):
            write_line(sys.stdout, line)
        _say_written(sys.stdout, written, target is None and upgrade.changed)
    code = FOUND if upgrade.notes else DONE
    return code, report.weights_record(path.as_posix(), upgrade, written)


def _steps(arguments: argparse.Namespace) -> tuple[Step, ...]:
    steps: list[Step] = arguments.step or list(CAFFE_STEPS)
    return (*steps, "spellings") if arguments.spellings else tuple(steps)


def _write(upgrade: Upgrade, path: str, data: bytes, arguments: argparse.Namespace) -> str | None:
    after = upgrade.after.source.to_bytes()
    if arguments.output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(after)
        sys.stdout.buffer.flush()
        return None
    if arguments.output is not None:
        target = Path(arguments.output)
        onto_itself = path != "<stdin>" and target.resolve() == Path(path).resolve()
        write_atomically(target, after, data if onto_itself else None)
        return target.as_posix()
    if arguments.in_place and upgrade.changed:
        write_atomically(Path(path), after, data)
        return path
    return None


def _report(upgrade: Upgrade, written: str | None, arguments: argparse.Namespace) -> None:
    from protofix.reports import upgrade as report
    from protofix.reports.terminal import write_diff, write_line

    stream = sys.stderr if arguments.output == "-" or arguments.diff else sys.stdout
    dry = arguments.output is None and not arguments.in_place
    if dry:
        write_diff(sys.stdout, report.diff_of(upgrade))
    for line in report.lines(upgrade):
        write_line(stream, line)
    _say_written(stream, written, dry and upgrade.changed and not arguments.diff)


def _say_written(stream: TextIO, written: str | None, would_write: bool) -> None:
    from protofix.reports.terminal import write_line

    if written is not None:
        write_line(stream, [(f"wrote {written}", "bold")])
    if would_write:
        write_line(stream, [("nothing was written; -o OUT or --in-place writes it", "bold")])
