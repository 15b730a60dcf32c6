"""Many files at once: what the rules find in each, in a steady order."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from protofix.data.processes import cores, in_processes
from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.linting.checking import Failed, Question, Recent, check_file, guarded
from protofix.linting.questions import Questions
from protofix.looking import written_down
from protofix.rulebook.findings import Checked
from protofix.textproto.source import Source

if TYPE_CHECKING:
    from protofix.linting.baseline import Acceptance
    from protofix.linting.cache import Cache
    from protofix.linting.fixing import Fixed
    from protofix.linting.store import Entry

_WORTH_PROCESSES = 32  # files; starting a process takes longer than checking a dozen of them
_WORTH_A_CACHE = 8  # files; fewer are checked while the cache is opened
_AT_ONCE = 16  # files that a process is given and gives back together
_SQLITE = ("sqlite3", "_sqlite3")  # the modules of Python that the cache is kept by


@dataclass(frozen=True)
class Task:
    """One file of a run: its path, "-" for standard input, whose bytes are `data` then.

    It goes by `name` in messages. What is `accepted` of it is told by a baseline, if there is one.
    """

    path: str
    name: str
    question: Question
    data: bytes | None = None
    accepted: Acceptance | None = None


def tasks_of(
    paths: Sequence[str],
    questions: Questions,
    stdin: Callable[[], bytes],
    stdin_name: str | None = None,
    accepted_of: Callable[[str], Acceptance | None] = lambda path: None,
) -> Iterator[Task | Failed]:
    """What there is to do for each path; standard input goes by `stdin_name`.

    `accepted_of` tells what a baseline accepts of a file.
    """
    for path in paths:
        name = (stdin_name or "<stdin>") if path == "-" else path
        try:
            question = questions.of(stdin_name or path if path == "-" else path)
            accepted = accepted_of(name)
        except ValueError as error:
            yield Failed(name, str(error))
            continue
        data = stdin() if path == "-" else None
        yield Task(path, name, question, data, accepted)


class _Result(NamedTuple):
    """What was found in a file and the nets that it names, and what of that to remember."""

    found: Sequence[Checked | Failed]
    entry: Entry | None = None


def check_all(
    tasks: Sequence[Task | Failed],
    question_of: Callable[[str], Question],
    workers: int | None = None,
    cache_folder: Path | None = None,
) -> Generator[Sequence[Checked | Failed], None, None]:
    """Check files, each with the nets that it names if it is a solver, in their order.

    `question_of` tells what such a net is held against; it goes to other processes. A result in
    which nothing was found has no text: nobody is shown a line of it. Of many files, the results
    are remembered in `cache_folder`, and what has not changed is not checked again.
    """
    worth_it = sum(map(_is_on_disk, tasks)) >= _WORTH_A_CACHE
    cache = _cache_in(cache_folder) if cache_folder is not None and worth_it else None
    if cache is None:
        with closing(_check_in_lots(tasks, workers, None, question_of)) as results:
            yield from (it.found for it in results)
        return
    known = list(cache.remembered(_key(task, cache) for task in tasks))
    left = [task for task, it in zip(tasks, known, strict=True) if it is None]
    entries: list[Entry] = []
    try:
        with closing(_check_in_lots(left, workers, cache.stamp, question_of)) as results:
            for it in known:
                result = next(results) if it is None else _Result(it)
                if result.entry is not None:
                    entries.append(result.entry)
                yield result.found
    finally:  # What was found is worth keeping, even if somebody did not want to wait for the rest.
        cache.remember(entries)


def _cache_in(folder: Path) -> Cache | None:
    try:
        from protofix.linting.cache import Cache
    except ImportError as error:
        if error.name not in _SQLITE:
            raise
        return None  # A Python that was built without it.
    return Cache(folder)


def _is_on_disk(task: Task | Failed) -> bool:
    return isinstance(task, Task) and task.path != "-"


def _key(task: Task | Failed, cache: Cache) -> str | None:
    """What a file's result is remembered by; None for what is not remembered."""
    if isinstance(task, Failed) or task.path == "-":
        return None
    from protofix.linting.cache import key_of

    try:
        return key_of(task.name, read_bytes(Path(task.path)), task.question, cache.stamp)
    except FileError:
        return None


def _check_in_lots(
    tasks: Sequence[Task | Failed],
    workers: int | None,
    stamp: str | None,
    question_of: Callable[[str], Question],
) -> Generator[_Result, None, None]:
    processes = _workers(tasks, workers)
    # One process gives each result when it has it; of several, each is to have its share.
    size = 1 if processes < 2 else min(_AT_ONCE, -(-len(tasks) // processes))
    lots = [tasks[at : at + size] for at in range(0, len(tasks), size)]
    check = partial(_check_lot, stamp=stamp, of_nets=_OfNets(question_of, Recent()))
    with closing(in_processes(check, lots, processes)) as results:
        yield from chain.from_iterable(results)


class _OfNets(NamedTuple):
    """How nets that solvers name are asked, and what was worked out of them of late."""

    question_of: Callable[[str], Question]
    recent: Recent


def _check_lot(
    tasks: Sequence[Task | Failed], stamp: str | None, of_nets: _OfNets
) -> list[_Result]:
    return [_check(task, stamp, of_nets) for task in tasks]


def _check(task: Task | Failed, stamp: str | None, of_nets: _OfNets) -> _Result:
    """Check a file; with a stamp of the cache, see to it that the result can be remembered."""
    if isinstance(task, Failed):
        return _Result([task])
    data = task.data
    question_of, recent = of_nets
    checks = check_file(
        task.path, lambda: data or b"", task.question, task.name, recent, question_of
    )
    if stamp is None or task.path == "-":
        return _Result([_shown(it) for it in checks])
    from protofix.linting.cache import key_of
    from protofix.linting.store import Entry
    from protofix.linting.verdicts import verdict_of

    with written_down() as looks:
        found = list(checks)
    shown = [_shown(it) for it in found]
    first = found[0]
    if isinstance(first, Failed):
        return _Result(shown)
    # By the text that was checked, which may be another than the one that was looked up.
    key = key_of(task.name, first.source.to_bytes(), task.question, stamp)
    verdict = verdict_of(shown, looks)
    return _Result(shown, None if key is None or verdict is None else Entry(key, verdict))


def _shown(found: Checked | Failed) -> Checked | Failed:
    """The same without a text of which no line is to be shown."""
    if isinstance(found, Failed) or found.findings or found.failures:
        return found
    return replace(found, source=Source("", found.source.path))


def fix_all(
    tasks: Sequence[Task | Failed], unsafe: bool, workers: int | None = None
) -> Generator[Fixed | Failed, None, None]:
    """Work out what files become once they are mended, in their order. Nothing is written."""
    work = _fix_all if unsafe else _fix_safely
    with closing(in_processes(work, tasks, _workers(tasks, workers))) as results:
        yield from results


def _fix_safely(task: Task | Failed) -> Fixed | Failed:
    return _fix(task, unsafe=False)


def _fix_all(task: Task | Failed) -> Fixed | Failed:
    return _fix(task, unsafe=True)


def _fix(task: Task | Failed, unsafe: bool) -> Fixed | Failed:
    if isinstance(task, Failed):
        return task
    from protofix.linting.baseline import NOTHING
    from protofix.linting.fixing import fix_source

    def fixed() -> Fixed:
        data = task.data if task.path == "-" else read_bytes(Path(task.path))
        source = source_of_bytes(data or b"", task.name)
        return fix_source(source, task.question, unsafe, task.accepted or NOTHING)

    return guarded(task.name, fixed)


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
        if known and not new and not checked.failures:
            return None
        name = self._names.get(path, checked.source.path)
        return replace(checked, source=replace(checked.source, path=name), findings=new)
