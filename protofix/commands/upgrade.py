"""`protofix upgrade`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from textwrap import fill
from typing import Any

from protofix.commands.common import (
    DONE,
    FOUND,
    add_output,
    complain,
    is_dry,
    print_bytes,
    replace_file,
    report_stream,
    say_written,
    stdin_bytes,
    target_of,
)
from protofix.files import FileError, first_bytes, read_bytes, source_of_bytes
from protofix.upgrade.facts import ALL_STEPS, CAFFE_STEPS, STEP_TITLES, Step

_EXAMPLES = """\
examples:
  protofix upgrade net.prototxt                     show the diff, write nothing
  protofix upgrade net.prototxt -o new.prototxt     write the result
  protofix upgrade --in-place models/               every *.prototxt below a folder
  protofix upgrade --step input deploy.prototxt     one step alone
  protofix upgrade old.caffemodel -o new.caffemodel the same for weights

steps, in the order in which Caffe takes them (spellings is none of Caffe's):
"""


def add_upgrade(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    steps = "".join(f"  {step:12}{title}\n" for step, title in STEP_TITLES.items())
    upgrade = commands.add_parser(
        "upgrade",
        help="bring V0 and V1 nets, input fields, solvers and weights to today's format",
        description=fill(
            "Does what Caffe does to an old file when it loads one, as edits: comments, "
            "blank lines and whatever needs no change stay as they are. Shows the diff, and writes "
            "nothing unless told where.",
            80,
        ),
        epilog=_EXAMPLES + steps,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    upgrade.add_argument(
        "files", nargs="+", metavar="FILE",
        help="a prototxt, a folder of them, a caffemodel, or - for standard input",
    )  # fmt: skip
    add_output(upgrade, "each FILE")
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
    upgrade.set_defaults(run=_upgrade)


def _upgrade(arguments: argparse.Namespace) -> int:
    from protofix.linting.walking import walk

    paths, bare, unreadable = walk(arguments.files)
    if bare:
        folder, by_git, _ = bare[0]
        but = f" but {by_git} that .gitignore leaves out: name the files" if by_git else ""
        raise ValueError(f"{folder}: there is no *.prototxt in this folder{but}")
    if arguments.output is not None and (len(paths) > 1 or paths != arguments.files):
        said = f"{len(paths)} files" if len(arguments.files) > 1 else "a folder"
        raise ValueError(f"-o takes one FILE, not {said}; --in-place replaces each")
    if arguments.in_place and "-" in paths:
        raise ValueError("--in-place needs a file: standard input cannot be replaced")
    codes = {DONE}
    records: list[dict[str, Any]] = []
    for folder, reason in unreadable:
        codes.add(complain(reason))
        records.append({"file": folder, "error": reason})
    for path in paths:
        try:
            code, record = _one(path, arguments)
        except (FileError, ValueError) as error:
            sys.stdout.flush()
            code, record = complain(str(error)), {"file": path, "error": str(error)}
        codes.add(code)
        records.append(record)
    if arguments.format == "json":
        stream = sys.stderr if arguments.output == "-" else sys.stdout
        print(json.dumps(records, indent=2), file=stream)
    return max(codes)


def _one(path: str, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Upgrade one file; give the exit code and the record of the JSON report."""
    if path != "-" and _is_binary(Path(path)):
        return _one_binary(Path(path), arguments)
    data = stdin_bytes() if path == "-" else read_bytes(Path(path))
    return _one_text(path, data, arguments)


def _is_binary(path: Path) -> bool:
    """Whether a file is to be taken for weights: by its name, else by how it begins."""
    from protofix.upgrade.weights.recognise import HEAD, looks_binary

    if path.suffix in (".prototxt", ".pt", ".txt"):
        return False
    return path.suffix == ".caffemodel" or looks_binary(first_bytes(path, HEAD))


def _one_text(path: str, data: bytes, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from protofix.reports import upgrade as report
    from protofix.reports.terminal import write_diff, write_line
    from protofix.textproto.reader import read
    from protofix.upgrade.text.document import upgrade_document

    document = read(source_of_bytes(data, "<stdin>" if path == "-" else path))
    upgrade = upgrade_document(document, _steps(arguments), arguments.unsafe)
    after = upgrade.after.source.to_bytes()
    target = target_of(arguments, path)
    written = target if target is not None and (upgrade.changed or arguments.output) else None
    if arguments.output == "-":
        print_bytes(after)
    if written is not None:
        replace_file(written, path, data, after)
    dry = is_dry(arguments)
    if arguments.format == "json":
        record = report.record(upgrade, written)
    else:
        record = {}
        if dry:
            write_diff(sys.stdout, report.diff_of(upgrade))
        stream = report_stream(arguments)
        for line in report.lines(upgrade, dry):
            write_line(stream, line)
        would = "it" if dry and upgrade.changed and not arguments.diff else ""
        say_written(stream, [written.as_posix()] if written else [], would)
    return (DONE if upgrade.complete else FOUND), record


def _one_binary(path: Path, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from protofix.reports import upgrade as report
    from protofix.reports.terminal import byte_progress, write_line
    from protofix.upgrade.weights.splice import upgrade_weights

    if arguments.output == "-":
        raise FileError(f"{path}: is binary; weights are written to a file: give its path to -o")
    if arguments.diff:
        raise FileError(f"{path}: is binary; there is no diff of weights")
    target = target_of(arguments, str(path))
    with byte_progress(path.name, path.stat().st_size) as progress:
        upgrade = upgrade_weights(
            path, target, _steps(arguments), progress, unsafe=arguments.unsafe
        )
    written = target if upgrade.changed or arguments.output else None
    if arguments.format == "text":
        for line in report.weights_lines(path.as_posix(), upgrade):
            write_line(sys.stdout, line)
        would = "it" if target is None and upgrade.changed else ""
        say_written(sys.stdout, [written.as_posix()] if written else [], would)
    code = DONE if upgrade.complete else FOUND
    return code, report.weights_record(path.as_posix(), upgrade, written)


def _steps(arguments: argparse.Namespace) -> tuple[Step, ...]:
    steps: list[Step] = arguments.step or list(CAFFE_STEPS)
    return (*steps, "spellings") if arguments.spellings else tuple(steps)
