"""Many files at once: which there are, and what the rules find in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.net.data_files import DataFiles
from protofix.net.dialects import Dialect
from protofix.net.shapes import Shape
from protofix.net.solvers import SolverNet
from protofix.net.states import AskedState
from protofix.rules.registry import findings
from protofix.rules.rule import Checked, Context
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document

SUFFIX = ".prototxt"

# A mistake after which nothing can be said of a file: it could not be read as a text.
_UNREADABLE = "depth"


@dataclass(frozen=True)
class Failed:
    """One file that could not be checked: a line that begins with its path."""

    path: str
    reason: str


def files_below(paths: Iterable[str]) -> Iterator[str]:
    """The files to check: those named, and every `*.prototxt` below the folders named.

    A file is given once, however often it is named; `-` is standard input.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _below(path):
            real = found if found == "-" else os.path.realpath(found)
            if real not in seen:
                seen.add(real)
                yield found


def _below(path: str) -> Iterator[str]:
    if path == "-" or not os.path.isdir(path):
        yield path
        return
    unreadable: list[str] = []
    for folder, folders, files in os.walk(path, onerror=lambda e: unreadable.append(e.filename)):
        # Named like a file, a folder that cannot be read is said to be so when its turn comes.
        yield from unreadable
        unreadable.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(SUFFIX):
                yield os.path.join(folder, name)
    yield from unreadable


@dataclass(frozen=True)
class Question:
    """What a file is to be held against: a dialect (None to find it), states, shapes of data.

    Without `asked` a net is looked at in every state that a person can mean.
    """

    dialect: Dialect | None = None
    asked: tuple[AskedState, ...] = ()
    given: Mapping[str, Shape] | None = None

    def context(self, document: Document) -> Context:
        """What the rules are given of a document, read but not yet looked at."""
        files = DataFiles(document.source.path)
        return Context(document, self.dialect, self.asked, self.given, files)


EVERYTHING = Question()
"""What there is to be said of a file, found from the file itself."""


def check_source(source: Source, question: Question = EVERYTHING) -> Checked:
    """Check one text.

    Raises `FileError` if it is nested beyond all sense.
    """
    return _checked(_context(source, question))


def _context(source: Source, question: Question) -> Context:
    document = read(source)
    for diagnosis in document.diagnoses:
        if diagnosis.kind == _UNREADABLE:
            line, column = source.position(diagnosis.start)
            raise FileError(f"{source.path}:{line}:{column}: {diagnosis.message}")
    return question.context(document)


def _checked(context: Context) -> Checked:
    found = tuple(findings(context))
    whole = not context.document.diagnoses
    blobs = frozenset(blob for view in context.views for blob in view.net.blobs) if whole else None
    return Checked(context.document.source, found, context.kind, context.dialect, blobs)


def check_file(
    path: str, stdin: Callable[[], bytes], question: Question = EVERYTHING
) -> Iterator[Checked | Failed]:
    """Check one file and, if it is a solver, the nets that it names, in the states it builds them.

    `stdin` is asked for the bytes of `-`.
    """
    nets: tuple[SolverNet, ...] = ()

    def itself() -> Checked:
        nonlocal nets
        name = "<stdin>" if path == "-" else path
        data = stdin() if path == "-" else read_bytes(Path(path))
        context = _context(source_of_bytes(data, name), question)
        nets = context.nets
        return _checked(context)

    yield _guarded(path, itself)
    for net in nets:
        if net.path is not None:
            of_net = replace(question, asked=net.states(question.asked))
            check = partial(_check_net, str(net.path), of_net)
            yield _guarded(str(net.path), check, named=True)


def _check_net(path: str, question: Question) -> Checked:
    return check_source(source_of_bytes(read_bytes(Path(path)), path), question)


def _guarded(path: str, check: Callable[[], Checked], named: bool = False) -> Checked | Failed:
    """Check a file, and say in a line why that could not be done; `named` by a solver."""
    try:
        return check()
    except FileError as error:
        if path != "-" and os.path.isdir(path) and not named:
            # Folders are walked; one that comes this far could not be.
            return Failed(path, f"{path}: cannot be read: Permission denied")
        return Failed(path, str(error))
    except Exception as error:  # A mistake of ours in one file must not hide the others.
        what = f"{type(error).__name__}: {error}"
        return Failed(path, f"{path}: internal error, please report it: {what}")


class News:
    """Leaves out of what is checked the findings that were given before.

    A net may be checked by itself, and again for a solver that names it.
    """

    def __init__(self) -> None:
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
        return None if known and not new else replace(checked, findings=new)
