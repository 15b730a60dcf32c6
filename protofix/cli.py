"""The command line: arguments in, calls of the library, exit codes out.

0: nothing found, or all done. 1: something was found, or is left to do. 2: it could not be done.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, TextIO

from protofix import __version__
from protofix.commands.common import FAILED, complain
from protofix.files import FileError
from protofix.interrupts import ending_cleanly

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_OBJECTS = 100_000  # more than there were before, at which cycles are looked for

# The modules of `protofix.commands`, whose functions `add_NAME` add the commands' arguments. One
# more, which completes all of them, is added where they all are.
_COMMANDS = {
    "check": "check",
    "rules": "rules",
    "explain": "rules",
    "show": "show",
    "upgrade": "upgrade",
    "migrate": "migrate",
    "inject": "inject",
    "matrix": "matrix",
    "prove": "prove",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give the exit code."""
    # A program started without them has None there; what it prints then goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with ending_cleanly():
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            _close(sys.stdout)
            _close(sys.stderr)


def _run(given: Sequence[str]) -> int:
    """Run the command, and say in a line why it could not be done."""
    try:
        with _rare_garbage_collection():
            parsed = _parsed(given)
            code: int = parsed.run(parsed)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # The reader of the pipe has gone; there is nobody left to tell.
        return FAILED
    except KeyboardInterrupt:
        return complain("interrupted", 130)
    except (FileError, ValueError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename or 'standard output'}: {error.strerror or error}")
    except MemoryError:
        return complain("there is not enough memory for this")
    except Exception as error:  # A user never sees a traceback.
        return complain(f"internal error, please report it: {type(error).__name__}: {error}")


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    try:
        return _parser(given).parse_args(given)
    finally:
        sys.stdout.flush()  # A help text, which ends the program.


def _close(stream: TextIO) -> None:
    """Write what a stream holds; if it takes that no more, let nobody try again at the end."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Look for cycles seldom: what a run makes has few, and looking took a sixth of a short one."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, as every other mistake is said.

    A help text that cannot be written is a mistake as well, which argparse would hide.
    """

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        (file or sys.stdout).write(self.format_help())

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {message}; --help shows what it takes\n")


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of these arguments; of the commands it has the one that they begin with alone.

    Without one it has all, to list them.
    """
    parser: argparse.ArgumentParser = _Parser(
        prog="protofix",
        description="Reads, checks and mends Caffe prototxt without losing a byte.",
        epilog="protofix COMMAND --help shows examples.",
    )
    parser.add_argument("--version", action="version", version=f"protofix {__version__}")
    # Asked for prog, argparse makes it of a help text, with a few more modules.
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, prog=parser.prog
    )
    # To import all and to build their parsers takes longer than to check a small net.
    for name in [it for it in _COMMANDS if it in given[:1]] or _COMMANDS:
        module = import_module(f"protofix.commands.{_COMMANDS[name]}")
        getattr(module, f"add_{name}")(commands)
    if not given or given[0] not in _COMMANDS:
        from protofix.commands.completion import add_completion

        add_completion(commands, parser)
    return parser
