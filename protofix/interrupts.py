"""Signals that end a program: one is raised as an exception, so that everything is cleaned up."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

# A console's own signals end a program on Windows, which has no SIGHUP.
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""The signals to end that are no interrupt."""

_Handler = Callable[[int, FrameType | None], Any] | int | None


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Let the first signal to end raise, KeyboardInterrupt for Ctrl-C and else SystemExit.

    SystemExit has the exit code that a shell gives such a program. Signals that follow are ignored
    to the end of the block: nothing is to stop the cleaning up. A signal for which a program has a
    handler of its own, or that it ignores (nohup), stays as it is. So do all in other threads than
    the main one, which alone can handle any.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = (signal.SIG_DFL, signal.default_int_handler)
    handlers: dict[int, _Handler] = {it: signal.getsignal(it) for it in (signal.SIGINT, *ENDING)}
    taken = {number: handler for number, handler in handlers.items() if handler in usual}
    hook = sys.unraisablehook

    def end(number: int, frame: FrameType | None) -> NoReturn:
        for other in taken:
            signal.signal(other, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def unraisable(lost: sys.UnraisableHookArgs) -> None:
        """End at once where Python would go on, having been about to clean up an object itself."""
        if lost.exc_type not in (KeyboardInterrupt, SystemExit):
            hook(lost)
            return
        number = signal.SIGINT if lost.exc_type is KeyboardInterrupt else signal.SIGTERM
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    try:
        for number in taken:
            signal.signal(number, end)
        if taken:
            sys.unraisablehook = unraisable
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in taken.items():
            signal.signal(number, handler)
