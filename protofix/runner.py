"""Many files at once: which there are, and what the rules find in each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.net.dialects import Dialect
from protofix.rules.registry import findings
from protofix.rules.rule import Checked, Context
from protofix.textproto.reader import read
from protofix.textproto.source import Source

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


def check_source(source: Source, dialect: Dialect | None = None) -> Checked:
    """Check one text, against the dialect that it uses if none is given.

    Raises `FileError` if it is nested beyond all sense.
    """
    document = read(source)
    for diagnosis in document.diagnoses:
        if diagnosis.kind == _UNREADABLE:
            line, column = source.position(diagnosis.start)
            raise FileError(f"{source.path}:{line}:{column}: {diagnosis.message}")
    context = Context(document, dialect)
    found = tuple(findings(context))
    return Checked(source, found, context.kind, context.dialect)


def check_file(
    path: str, stdin: Callable[[], bytes], dialect: Dialect | None = None
) -> Checked | Failed:
    """Check one file; `stdin` is asked for the bytes of `-`."""
    try:
        name = "<stdin>" if path == "-" else path
        data = stdin() if path == "-" else read_bytes(Path(path))
        return check_source(source_of_bytes(data, name), dialect)
    except FileError as error:
        if path != "-" and os.path.isdir(path):
            # Folders are walked; one that comes this far could not be.
            return Failed(path, f"{path}: cannot be read: Permission denied")
        return Failed(path, str(error))
    except Exception as error:  # A mistake of ours in one file must not hide the others.
        what = f"{type(error).__name__}: {error}"
        return Failed(path, f"{path}: internal error, please report it: {what}")
