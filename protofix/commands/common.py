"""What every command does alike: exit codes, complaints and standard input."""

from __future__ import annotations

import sys

from protofix.files import FileError

DONE, FOUND, FAILED = 0, 1, 2
"""Nothing found, or all done; something was found, or is left to do; it could not be done."""


def complain(message: str, code: int = FAILED) -> int:
    """Say in one line why something could not be done; give the exit code."""
    one_line = " ".join(message.split())
    print(f"protofix: {one_line}", file=sys.stderr)
    return code


def stdin_bytes() -> bytes:
    """Everything on standard input."""
    if sys.stdin is None:
        raise FileError("<stdin>: is closed")
    return sys.stdin.buffer.read()
