"""Many files at once: what the rules find in each, in a steady order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from protofix.data.processes import cores, in_processes
from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.linting.checking import Failed, Question, check_file
from protofix.linting.questions import Questions
from protofix.rules.rule import Checked, Finding

if TYPE_CHECKING:
    from protofix.linting.baseline import Baseline, Known
    from protofix.linting.fixing import Fixed

_WORTH_PROCESSES = 64  # files; starting a process takes longer than checking a dozen of them


@dataclass(frozen=True)
class Task:
    """One file of a run: its path, "-" for standard input, whose bytes are `data` then.

    It goes by `name` in messages. `known` are findings that a baseline accepts.
    """

    path: str
    name: str
    question: Question
    data: bytes | None = None
    known: Known | None = None


def tasks_of(
    paths: Sequence[str],
    questions: Questions,
    stdin: Callable[[], bytes],
    stdin_name: str | None = None,
    baseline: Baseline | None = None,
) -> Iterator[Task | Failed]:
    """What there is to do for each path; standard input goes by `stdin_name`."""
    for path in paths:
        name = (stdin_name or "<stdin>") if path == "-" else path
        try:
            question = questions.of(stdin_name or path if path == "-" else path)
        except ValueError as error:
            yield Failed(name, str(error))
            continue
        data = stdin() if path == "-" else None
        yield Task(path, name, question, data, baseline.of(name) if baseline else None)


def check_all(
    tasks: Sequence[Task | Failed], workers: int | None = None
) -> Iterator[Sequence[Checked | Failed]]:
    """Check files, each with the nets that it names if it is a solver, in their order."""
    yield from in_processes(_check, tasks, _workers(tasks, workers))


def _check(task: Task | Failed) -> list[Checked | Failed]:
    if isinstance(task, Failed):
        return [task]
    data = task.data
    return list(check_file(task.path, lambda: data or b"", task.question, task.name))


def fix_all(
    tasks: Sequence[Task | Failed], unsafe: bool, workers: int | None = None
) -> Iterator[Fixed | Failed]:
    """Work out what files become once they are mended, in their order. Nothing is written."""
    work = _fix_all if unsafe else _fix_safely
    yield from in_processes(work, tasks, _workers(tasks, workers))


def _fix_safely(task: Task | Failed) -> Fixed | Failed:
    return _fix(task, unsafe=False)


def _fix_all(task: Task | Failed) -> Fixed | Failed:
    return _fix(task, unsafe=True)


def _fix(task: Task | Failed, unsafe: bool) -> Fixed | Failed:
    if isinstance(task, Failed):
        return task
    from protofix.linting.baseline import beyond
    from protofix.linting.fixing import fix_source

    known = task.known

    def wanted(checked: Checked) -> Sequence[Finding]:
        return (
            checked.findings if known is None else beyond(known, checked.source, checked.findings)
        )

    try:
        data = task.data if task.path == "-" else read_bytes(Path(task.path))
        return fix_source(source_of_bytes(data or b"", task.name), task.question, unsafe, wanted)
    except FileError as error:
        return Failed(task.name, str(error))
    except Exception as error:  # A mistake of ours in one file must not hide the others.
        what = f"{type(error).__name__}: {error}"
        return Failed(task.name, f"{task.name}: internal error, please report it: {what}")


def _workers(tasks: Sequence[Task | Failed], workers: int | None) -> int:
    if workers is not None:
        return min(workers, len(tasks))
    return cores() if len(tasks) >= _WORTH_PROCESSES else 1


class News:
    """Leaves out of what is checked the findings that were given before.

    A net may be checked by itself, and again for a solver that names it. It goes by the name that
    the run has for it, whoever names it first.
    """

    def __init__(self, tasks: Iterable[Task | Failed] = ()) -> None:
        on_disk = (it for it in tasks if isinstance(it, Task) and it.path != "-")
        self._names = {os.path.realpath(it.path): it.name for it in on_disk}
        self._seen: set[tuple[str, int, int, str]] = set()
        self._files: set[str] = set()

    def of(self, checked: Checked) -> Checked | None:
        """What is new; None if a file was seen before and there is nothing new in it."""
        path = os.path.realpath(checked.source.path)
        places = {it: (path, it.start, it.end, it.code) for it in checked.findings}
        new = tuple(it for it in checked.findings if places[it] not in self._seen)
        self._seen.update(places.values())
        known = path in self._files
        self._files.add(path)
        if known and not new:
            return None
        name = self._names.get(path, checked.source.path)
        return replace(checked, source=replace(checked.source, path=name), findings=new)
