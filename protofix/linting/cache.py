"""Results remembered from one run to the next, so that only what has changed is checked again.

A result is remembered by all that it was worked out from: the text, the question, the path, the
working folder, protofix and the libraries. What was looked for on the disk beside the net is
remembered with it, and looked at again before the result is believed. Whatever goes wrong with the
cache is as if it were empty.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path

from protofix import __version__
from protofix.linting.checking import Question
from protofix.linting.store import Entry, Store
from protofix.linting.verdicts import believed
from protofix.looking import state_of
from protofix.rulebook.findings import Checked

_PACKAGES = ("caffe_proto", "protofix")
_LIBRARIES = ("site-packages", "dist-packages")
_COMPILED = "__pycache__"


class Cache:
    """The results that are remembered in a folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read or made there yet."""
        self.stamp = _stamp()
        self._store = Store(folder)
        self._states: dict[str, str] = {}

    def remembered(self, keys: Iterable[str | None]) -> Iterator[list[Checked] | None]:
        """What is known under each key; None where nothing is, or something else is there now."""
        for verdict in self._store.get(keys):
            yield None if verdict is None else believed(verdict, self._state_of)

    def remember(self, entries: Sequence[Entry]) -> None:
        """Take in what is to be known the next time."""
        if entries:
            self._store.put(entries)

    def _state_of(self, path: str) -> str:
        # Files of one folder look for the same things, which are looked at once.
        if path not in self._states:
            self._states[path] = state_of(path)
        return self._states[path]


def key_of(name: str, content: bytes, question: Question, stamp: str) -> str | None:
    """What a file's result is remembered by; None if it cannot be.

    A schema that imports others is not looked into, and the working folder may be gone.
    """
    try:
        schema = b"" if question.schema is None else question.schema.read_bytes()
        here = os.getcwd()
    except (OSError, ValueError):
        return None
    if b"import" in schema:
        return None
    parts = (
        stamp,
        here,
        name,
        sha256(content).hexdigest(),
        sha256(schema).hexdigest(),
        _steady(question),
    )
    return sha256(repr(parts).encode()).hexdigest()


def _steady(value: object) -> object:
    """A value all parts of which are seen by `repr`, in an order that is always the same."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, tuple):
        return [_steady(it) for it in value]
    if is_dataclass(value):
        return [(it.name, _steady(getattr(value, it.name))) for it in fields(value)]
    return value


def _stamp() -> str:
    """What stands for protofix itself and what it runs on: a change in any of it makes another.

    That is what each file of its packages holds, so that a rule which is being written gives its
    own answers, and the names of what is installed, which have the versions in them. Neither says
    where or when it was installed: CI does that for each run.
    """
    here = Path(__file__).resolve().parents[2]
    seen: list[object] = [__version__, sys.version]
    for package in _PACKAGES:
        for folder, folders, files in os.walk(here / package):
            folders[:] = sorted(it for it in folders if it != _COMPILED)
            within = folder[len(str(here)) :]
            seen += [(within, it, _digest(os.path.join(folder, it))) for it in sorted(files)]
    seen += [_entries(it) for it in sys.path if os.path.basename(it) in _LIBRARIES]
    return sha256(repr(seen).encode()).hexdigest()


def _digest(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as stream:
            return sha256(stream.read()).digest()
    except OSError:
        return None


def _entries(folder: str) -> list[str]:
    try:
        return sorted(it for it in os.listdir(folder) if it != _COMPILED)
    except OSError:
        return []
