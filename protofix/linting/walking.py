"""Which files there are to check: those named, and those below folders that nobody left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from protofix.linting.patterns import Patterns, is_pattern, relative_to

SUFFIX = ".prototxt"

_IGNORE_FILE = ".gitignore"

LeftOut = Callable[[str], bool]
"""Whether a walk passes a path over; that of a folder ends with "/"."""


class Bare(NamedTuple):
    """A folder that was named and gave no file: how many were left out, and by what."""

    folder: str
    by_git: int
    by_configuration: int


class Unreadable(NamedTuple):
    """A folder that could not be walked, and a line that says so, in the system's words."""

    folder: str
    reason: str


class Walked(NamedTuple):
    """What there is to check, the folders named in which there is nothing, and those unread."""

    files: list[str]
    bare: list[Bare]
    unreadable: list[Unreadable]


def files_below(paths: Iterable[str]) -> list[str]:
    """The files to check, of folders those that no .gitignore names: see `walk`."""
    return walk(paths).files


def _nothing(path: str) -> bool:
    return False


def walk(paths: Iterable[str], left_out: LeftOut = _nothing, heed_git: bool = True) -> Walked:
    """Find the files to check: those named, and every `*.prototxt` below the folders named.

    A file is given once, however often it is named and through however many links; `-` is standard
    input. Of what is below a folder, what `left_out` says, and, if `heed_git`, what a .gitignore
    names, is passed over; what is named itself is not.
    """
    seen: set[str] = set()
    files: list[str] = []
    bare: list[Bare] = []
    unreadable: list[Unreadable] = []
    for path in paths:
        gave_one = False
        for found in _below(path, left_out, heed_git):
            gave_one = True
            place = found.folder if isinstance(found, Unreadable) else found
            real = place if place == "-" else os.path.realpath(place)
            if real in seen:
                continue
            seen.add(real)
            if isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                files.append(found)
        if not gave_one and path not in (it.folder for it in bare):
            bare.append(_bare(path, left_out))
    return Walked(files, bare, unreadable)


def _bare(folder: str, left_out: LeftOut) -> Bare:
    # To count on each walk would mean to walk through all that is left out.
    every = _count(folder, _nothing)
    wanted = _count(folder, left_out)
    return Bare(folder, wanted, every - wanted)


def _count(folder: str, left_out: LeftOut) -> int:
    found = _below(folder, left_out, heed_git=False)
    return sum(isinstance(it, str) and it.endswith(SUFFIX) for it in found)


def _below(path: str, left_out: LeftOut, heed_git: bool) -> Iterator[str | Unreadable]:
    if path == "-" or not os.path.isdir(path):
        yield path
        return
    ignored = _GitIgnores(path) if heed_git else None
    unreadable: list[Unreadable] = []

    def keep(error: OSError) -> None:
        why = error.strerror or str(error)
        unreadable.append(Unreadable(error.filename, f"{error.filename}: cannot be read: {why}"))

    def passed_over(found: str) -> bool:
        return (ignored is not None and ignored.names(found)) or left_out(found)

    for folder, folders, files in os.walk(path, onerror=keep):
        yield from unreadable
        unreadable.clear()
        if ignored is not None and _IGNORE_FILE in files:
            ignored.read(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not passed_over(os.path.join(folder, name) + "/")
        )
        for name in sorted(files):
            found = os.path.join(folder, name)
            if name.endswith(SUFFIX) and not passed_over(found):
                yield found
    yield from unreadable


class _GitIgnores:
    """The .gitignore files that hold below a folder, those of the folders above it included."""

    def __init__(self, path: str) -> None:
        self._patterns: dict[str, Patterns] = {}
        for folder in repository_folders(os.path.abspath(path)):
            self.read(folder)

    def read(self, folder: str) -> None:
        """Take in the .gitignore of a folder; one that cannot be read names nothing."""
        try:
            # Names on a disk are bytes, and so are Git's patterns.
            with open(
                os.path.join(folder, _IGNORE_FILE), encoding="utf-8-sig", errors="surrogateescape"
            ) as stream:
                lines = [line.rstrip("\n") for line in stream]
        except OSError:
            return
        # Git passes over a pattern that it does not understand.
        understood = filter(is_pattern, lines)
        self._patterns[os.path.abspath(folder)] = Patterns(understood)

    def names(self, path: str) -> bool:
        """Whether the nearest file that says anything of a path says that it is left out.

        The path of a folder ends with "/".
        """
        if not self._patterns:
            return False
        folder = os.path.dirname(os.path.abspath(path))
        while True:
            patterns = self._patterns.get(folder)
            if patterns is not None:
                said = patterns.names_exactly(relative_to(folder, path))
                if said is not None:
                    return said
            above = os.path.dirname(folder)
            if above == folder:
                return False
            folder = above


def repository_folders(folder: str) -> list[str]:
    """A folder and those above it up to the one that a Git repository begins at; none without."""
    folders = [folder]
    while not os.path.lexists(os.path.join(folders[-1], ".git")):
        above = os.path.dirname(folders[-1])
        if above == folders[-1]:
            return []
        folders.append(above)
    return folders
