"""What every command does alike: exit codes, complaints, standard input, where results go."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TextIO

from protofix.files import FileError, write_atomically

DONE, FOUND, FAILED = 0, 1, 2
"""Nothing found, or all done; something was found, or is left to do; it could not be done."""


def complain(message: str, code: int = FAILED) -> int:
    """Say in one line why something could not be done; give the exit code."""
    one_line = " ".join(message.split())
    with contextlib.suppress(OSError):  # There is nobody who would hear it.
        print(f"protofix: {one_line}", file=sys.stderr)
    return code


class Complaints:
    """Says why something could not be done, the same once: many files may have one cause."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say(self, message: str) -> int:
        """Say it, behind what was printed so far; give the exit code."""
        if message not in self._said:
            self._said.add(message)
            sys.stdout.flush()
            complain(message)
        return FAILED


def path_written(written: str) -> str:
    """The path that an option names."""
    if not written:  # A variable of CI that nobody has set.
        raise argparse.ArgumentTypeError("is empty: name a path")
    return written


def positive(text: str) -> int:
    """An option's number, which must be 1 at least."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def stdin_bytes() -> bytes:
    """Everything on standard input."""
    if sys.stdin is None:
        raise FileError("<stdin>: is closed")
    return sys.stdin.buffer.read()


def add_output(command: argparse.ArgumentParser, file: str) -> None:
    """Add the options that say where the result goes; `file` is what the command calls its file."""
    output = command.add_mutually_exclusive_group()
    output.add_argument(
        "-o", "--output", metavar="OUT", help="write the result to OUT (- prints it)"
    )
    output.add_argument("--in-place", action="store_true", help=f"replace {file}")
    output.add_argument("--diff", action="store_true", help="print the diff alone, for patch")
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def is_dry(arguments: argparse.Namespace) -> bool:
    """Whether nothing is to be written, only shown."""
    return arguments.output is None and not arguments.in_place


def report_stream(arguments: argparse.Namespace) -> TextIO:
    """Where what is said goes: beside the result or the diff, if one of them is printed."""
    return sys.stderr if arguments.output == "-" or arguments.diff else sys.stdout


def target_of(arguments: argparse.Namespace, path: str) -> Path | None:
    """The file that the result for `path` goes to; None if it is printed or only shown."""
    if arguments.output == "-" or is_dry(arguments):
        return None
    return Path(path) if arguments.output is None else Path(arguments.output)


def print_bytes(data: bytes) -> None:
    """Put a result on standard output, to the byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def is_source(target: Path, path: str) -> bool:
    """Whether a result goes into the place of its source, which must still be what was read."""
    return path != "-" and target.resolve() == Path(path).resolve()


def replace_file(target: Path, path: str, before: bytes, after: bytes) -> None:
    """Write a result; a file that replaces its source must still be what was read."""
    write_atomically(target, after, before if is_source(target, path) else None)


def say_written(stream: TextIO, paths: list[str], would_write: str = "") -> None:
    """Say what was written, and what would have been."""
    from protofix.reports.terminal import write_line

    for path in paths:
        write_line(stream, [(f"wrote {path}", "bold")])
    if would_write:
        said = f"nothing was written; -o OUT or --in-place writes {would_write}"
        write_line(stream, [(said, "bold")])
