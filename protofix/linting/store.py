"""Values kept on disk by their keys, so much and no more, for any number of processes at once.

It is a database of SQLite: to look a key up reads a few pages, and of two processes that write one
waits for the other. Nothing here ever fails: what cannot be read is not there, what cannot be
written is not kept, and a file that is no database makes room for one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FILE = "results-1.sqlite"
"""The name of the database; the number is that of the layout of its table."""

_MOST = 64 << 20  # bytes of values
_PATIENCE = 1.0  # seconds that are waited for another process

_TABLE = (
    "CREATE TABLE IF NOT EXISTS results "
    "(number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL)"
)
_LOOK_UP = "SELECT value FROM results WHERE key = ?"
_INSERT = "INSERT OR REPLACE INTO results (key, value) VALUES (?, ?)"
# The oldest go first, whether they were of use or not: to note that would make readers write.
_FORGET = (
    "DELETE FROM results WHERE number IN (SELECT number FROM (SELECT number, sum(length(value)) "
    "OVER (ORDER BY number DESC) AS total FROM results) WHERE total > ?)"
)
_IGNORE = "# Made by protofix.\n*\n"
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by protofix; see bford.info/cachedir\n"


class Entry(NamedTuple):
    """A key and its value."""

    key: str
    value: bytes


class Store:
    """The values that are kept in a folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read or made yet."""
        self._folder = folder
        self._file = folder / FILE

    def get(self, keys: Iterable[str | None]) -> Iterator[bytes | None]:
        """The value of each key; None for one that is not known."""
        database = self._opened()
        for key in keys:
            value = None
            if database is not None and key is not None:
                try:
                    value = _value_in(database, key)
                except sqlite3.Error:  # It is locked, say, and will be for the next key.
                    database.close()
                    database = None
            yield value
        if database is not None:
            database.close()

    def put(self, entries: Sequence[Entry]) -> None:
        """Keep values by their keys; the oldest of too many are forgotten."""
        with contextlib.suppress(sqlite3.Error, OSError):
            self._make_folder()
            try:
                self._insert(entries)
            except sqlite3.OperationalError:
                return  # It is locked, or the disk is full.
            except sqlite3.DatabaseError:  # It is no database, or a damaged one.
                self._file.unlink()
                self._insert(entries)

    def _opened(self) -> sqlite3.Connection | None:
        try:
            return self._connect() if self._file.is_file() else None
        except (sqlite3.Error, OSError):
            return None

    def _make_folder(self) -> None:
        if self._folder.is_dir():
            return
        self._folder.mkdir(parents=True)
        # Neither Git nor programs that make backups care for what is in it.
        (self._folder / ".gitignore").write_text(_IGNORE, encoding="utf-8")
        (self._folder / "CACHEDIR.TAG").write_text(_TAG, encoding="utf-8")

    def _insert(self, entries: Sequence[Entry]) -> None:
        with contextlib.closing(self._connect()) as database, database:
            database.execute(_TABLE)
            database.executemany(_INSERT, entries)
            database.execute(_FORGET, (_MOST,))

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=_PATIENCE)


def _value_in(database: sqlite3.Connection, key: str) -> bytes | None:
    found = database.execute(_LOOK_UP, (key,)).fetchone()
    return found[0] if found and isinstance(found[0], bytes) else None
