"""Looks at what lies on the disk beside a net, written down so that they can be repeated.

A verdict on a net holds for as long as the net's text is the same, and everything that was looked
for on the disk is as it was: there and unchanged, or not there. What decides where something is
looks through `exists`; whoever wants to keep a verdict lets the looks be written down, and compares
what they saw with `state_of` later.

They are written down in a context variable and not in an object that is handed on: a name is looked
for by solvers, rules and readers of matrices alike, below a dozen functions that have nothing else
to do with it.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar

CACHE_FOLDER = ".protofix_cache"
"""What protofix itself writes into a folder; not a part of the folder's state."""

NO_CACHE = "PROTOFIX_NO_CACHE"
"""The environment variable that keeps protofix from remembering anything."""

ABSENT = ""
"""The state of what is not there."""

UNSETTLED = "?"
"""The state of what may change without a trace; no look finds it the same."""

_MOST_ENTRIES = 2000  # of a folder: to look at more of them takes longer than to check a net
_SMALL = 1 << 20  # bytes; what is less is told by its content: CI copies it anew for each run
# Seconds. Disks keep times as coarsely as that, so that a change right after another may not show.
_SETTLES_AFTER = 2.0

_looks: ContextVar[dict[str, str] | None] = ContextVar("looks", default=None)


@contextmanager
def written_down() -> Iterator[dict[str, str]]:
    """Write down the looks within: the state of each path when it was looked at first."""
    looks: dict[str, str] = {}
    token = _looks.set(looks)
    try:
        yield looks
    finally:
        _looks.reset(token)


def looks_so_far() -> dict[str, str] | None:
    """The looks that are being written down, as far as they go; None if nobody does."""
    return _looks.get()


def looked_before(looks: dict[str, str] | None) -> None:
    """Write down looks that were made before, for what was found by them and is used again."""
    now = _looks.get()
    if now is not None and looks is not None:
        _write_down(looks, now)


def exists(path: str | os.PathLike[str]) -> bool:
    """Whether a file or a folder is there, as `os.path.exists` says."""
    looks = _looks.get()
    if looks is None:
        return os.path.exists(path)
    # Before it is read: what changes while it is read is seen to be another afterwards.
    state = state_of(path)
    place = os.fspath(path)
    with suppress(OSError):  # The working folder is gone.
        place = os.path.abspath(path)
    _write_down({place: state}, looks)
    return state != ABSENT


def folders_in(path: str | os.PathLike[str]) -> list[str]:
    """The names of the folders in a folder; none of what is no folder, or cannot be read."""
    if not exists(path):
        return []
    try:
        with os.scandir(path) as entries:
            return sorted(it.name for it in entries if it.is_dir())
    except OSError:
        return []


def _write_down(seen: Mapping[str, str], looks: dict[str, str]) -> None:
    for place, state in seen.items():
        looks[place] = state if looks.get(place, state) == state else UNSETTLED


def state_of(path: str | os.PathLike[str]) -> str:
    """What is told apart about a path: of a file what it holds, of a folder its entries.

    Another copy of the same is the same, if it is small; what is large is told by its size and
    times. Of an entry, the same is told as of a file: a database is a folder whose files change.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ABSENT
    if not stat.S_ISDIR(status.st_mode):
        return _state(path, status, status.st_size)
    try:
        with os.scandir(path) as entries:
            names = sorted(it.name for it in entries if it.name != CACHE_FOLDER)
    except OSError:
        return "unreadable folder"
    return UNSETTLED if len(names) > _MOST_ENTRIES else _state_of_entries(path, names)


def _state_of_entries(folder: str | os.PathLike[str], names: Sequence[str]) -> str:
    """What is told of the entries of a folder; their contents if they are small together."""
    found = {name: _status(os.path.join(folder, name)) for name in names}
    size = sum(it.st_size for it in found.values() if it is not None)
    states = [
        (name, ABSENT if it is None else _state(os.path.join(folder, name), it, size))
        for name, it in found.items()
    ]
    if any(state == UNSETTLED for _, state in states):
        return UNSETTLED
    return f"folder {_digest(repr(states).encode())}"


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):  # A link that leads nowhere.
        return None


def _state(path: str | os.PathLike[str], status: os.stat_result, size: int) -> str:
    """What is told of a file, or of an entry of a folder; `size` is that of all that is told of."""
    if stat.S_ISDIR(status.st_mode):
        return "folder"  # Whoever looks for something in there looks at that.
    if size < _SMALL and stat.S_ISREG(status.st_mode):
        return _state_by_content(path)
    if max(status.st_mtime, status.st_ctime) > time.time() - _SETTLES_AFTER:
        return UNSETTLED
    seen = (
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_size,
        status.st_ino,
        status.st_dev,
        status.st_mode,
    )
    return " ".join(map(str, seen))


def _state_by_content(path: str | os.PathLike[str]) -> str:
    try:
        with open(path, "rb") as stream:
            content = stream.read(_SMALL)
    except OSError:
        return "unreadable"
    # One that has grown is not read to its end.
    return UNSETTLED if len(content) == _SMALL else f"file {_digest(content)}"


def _digest(content: bytes) -> str:
    from hashlib import sha256  # Where results are remembered, and not for each small net.

    return sha256(content).hexdigest()
