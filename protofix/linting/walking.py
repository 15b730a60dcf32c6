"""Which files there are to check: those named, and those below folders that nobody left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIX = ".prototxt"

_IGNORE_FILE = ".gitignore"


def files_below(
    paths: Iterable[str],
    left_out: Callable[[str], bool] = lambda path: False,
    heed_git: bool = True,
) -> Iterator[str]:
    """The files to check: those named, and every `*.prototxt` below the folders named.

    A file is given once, however often it is named and through however many links; `-` is standard
    input. Of what is below a folder, what `left_out` says, and, if `heed_git`, what a .gitignore
    names, is passed over; what is named itself is not.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _below(path, left_out, heed_git):
            real = found if found == "-" else os.path.realpath(found)
            if real not in seen:
                seen.add(real)
                yield found


def _below(path: str, left_out: Callable[[str], bool], heed_git: bool) -> Iterator[str]:
    if path == "-" or not os.path.isdir(path):
        yield path
        return
    ignored = _GitIgnores(path) if heed_git else None
    unreadable: list[str] = []
    for folder, folders, files in os.walk(path, onerror=lambda e: unreadable.append(e.filename)):
        # Named like a file, a folder that cannot be read is said to be so when its turn comes.
        yield from unreadable
        unreadable.clear()
        if ignored is not None and _IGNORE_FILE in files:
            ignored.read(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not _passed_over(os.path.join(folder, name), True, left_out, ignored)
        )
        for name in sorted(files):
            found = os.path.join(folder, name)
            if name.endswith(SUFFIX) and not _passed_over(found, False, left_out, ignored):
                yield found
    yield from unreadable


def _passed_over(
    path: str, is_folder: bool, left_out: Callable[[str], bool], ignored: _GitIgnores | None
) -> bool:
    if ignored is not None and ignored.names(path, is_folder):
        return True
    return left_out(path + "/" if is_folder else path)


class _GitIgnores:
    """The .gitignore files that hold below a folder, those of the folders above it included."""

    def __init__(self, path: str) -> None:
        self._specs: dict[str, GitIgnoreSpec] = {}
        for folder in repository_folders(os.path.abspath(path)):
            self.read(folder)

    def read(self, folder: str) -> None:
        """Take in the .gitignore of a folder; one that cannot be read names nothing."""
        try:
            with open(os.path.join(folder, _IGNORE_FILE), encoding="utf-8") as stream:
                lines = stream.read().splitlines()
        except (OSError, UnicodeDecodeError):
            return
        from pathspec import GitIgnoreSpec

        try:
            self._specs[os.path.abspath(folder)] = GitIgnoreSpec.from_lines(lines)
        except ValueError:  # Git passes over a pattern that it does not understand.
            return

    def names(self, path: str, is_folder: bool) -> bool:
        """Whether the nearest file that says anything of a path says that it is left out."""
        if not self._specs:
            return False
        whole = os.path.abspath(path)
        folder = os.path.dirname(whole)
        while True:
            spec = self._specs.get(folder)
            if spec is not None:
                relative = os.path.relpath(whole, folder).replace(os.sep, "/")
                said = spec.check_file(relative + "/" if is_folder else relative).include
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
