"""`python -m protofix` is the command `protofix`."""

import signal
import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run the command as a program, and end with its exit code."""
    # While there is nothing to clean up yet, or any more, Ctrl-C ends it without a word.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from protofix.cli import main

    sys.exit(main())


if __name__ == "__main__":
    run()
