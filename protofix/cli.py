"""The command line: arguments in, calls of the library, exit codes out.

0: nothing found, or all done. 1: something was found, or is left to do. 2: it could not be done.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from protofix import __version__
from protofix.commands.check import add_check
from protofix.commands.common import FAILED, complain
from protofix.commands.completion import add_completion
from protofix.commands.inject import add_inject
from protofix.commands.matrix import add_matrix
from protofix.commands.migrate import add_migrate
from protofix.commands.prove import add_prove
from protofix.commands.rules import add_explain, add_rules
from protofix.commands.show import add_show
from protofix.commands.upgrade import add_upgrade
from protofix.files import FileError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give the exit code."""
    # A program started without them has None there; what it prints then goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        parsed = _parser().parse_args(arguments)
        code: int = parsed.run(parsed)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of the pipe has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments, as every other mistake is said."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {message}; --help shows what it takes\n")


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = _Parser(
        prog="protofix",
        description="Reads, checks and mends Caffe prototxt without losing a byte.",
        epilog="protofix COMMAND --help shows examples.",
    )
    parser.add_argument("--version", action="version", version=f"protofix {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_check(commands)
    add_rules(commands)
    add_explain(commands)
    add_show(commands)
    add_upgrade(commands)
    add_migrate(commands)
    add_inject(commands)
    add_matrix(commands)
    add_prove(commands)
    add_completion(commands, parser)
    return parser
