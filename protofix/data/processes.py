"""Work in several processes, which end with this one and leave Ctrl-C to it.

What starts them is imported where they are wanted: work in one process is not to wait for it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from protofix.interrupts import ENDING

if TYPE_CHECKING:
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_AHEAD = 4  # tasks given out for each process, beyond which no more are kept waiting


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_processes(
    work: Callable[[_Task], _Result], tasks: Iterable[_Task], workers: int
) -> Generator[_Result, None, None]:
    """Results of tasks in their order, worked out by so many processes; 1 is this one.

    The processes are started anew (spawned), so that `work` must be a function of a module, and a
    program that calls this must do so under `if __name__ == "__main__"`. However many tasks there
    are, only a few are taken ahead of what was asked for. What a task raises is raised here in its
    turn. Where this ends early, as by Ctrl-C, so do they, at once.

    Raises:
        ValueError: a process was ended from outside.

    """
    if workers < 2:
        yield from map(work, tasks)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    ear, mouth = context.Pipe(duplex=False)
    # Python starts one more process here, which clears up at the end and must live until then.
    with _blocked(ENDING):
        pool = ProcessPoolExecutor(workers, context, _begin, (ear,))
    waiting: deque[Future[_Result]] = deque()
    remaining = iter(tasks)
    finished = False
    try:
        while True:
            while len(waiting) < workers * _AHEAD:
                try:
                    task = next(remaining)
                except StopIteration:
                    break
                with _without_interrupts():
                    waiting.append(pool.submit(work, task))
            if not waiting:
                finished = True
                return
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise ValueError(
            "a process that worked on this was ended from outside, for want of memory perhaps"
        ) from None
    finally:
        if not finished:
            # The processes listen to this, and end where nobody speaks any more.
            mouth.close()
        pool.shutdown(wait=True, cancel_futures=True)
        mouth.close()
        ear.close()


def _begin(ear: Connection) -> None:
    """Begin a process: Ctrl-C is not for it; it ends when the one that started it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(ear,), daemon=True).start()


def _end_with(ear: Connection) -> None:
    try:
        ear.recv()
    except (EOFError, OSError):
        os._exit(0)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep signals to end back for a moment, Ctrl-C for good from processes started in it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # They are another thread's.
        return
    handlers = {it: signal.getsignal(it) for it in (signal.SIGINT, *ENDING)}
    handled = {number: handler for number, handler in handlers.items() if callable(handler)}
    kept: list[int] = []
    for number in handled:
        signal.signal(number, lambda number, frame: kept.append(number))
    try:
        # Here other threads may receive the signal all the same.
        with _blocked([signal.SIGINT] if signal.SIGINT in handled else []):
            yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
    if kept:
        signal.raise_signal(kept[0])


@contextmanager
def _blocked(numbers: Sequence[int]) -> Iterator[None]:
    """Keep signals from this thread for a moment, and for good from processes started in it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
