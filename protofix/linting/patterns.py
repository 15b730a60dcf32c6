"""Patterns as in a .gitignore: what they say of paths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_EVERYTHING = "*"


class Patterns:
    """The lines of a .gitignore; of those that name a path the last counts."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Raises ValueError for a line that is no pattern."""
        self._lines = tuple(lines)
        # A first line that names everything goes before lines that name only a folder above it.
        counted = (_EVERYTHING, *self._lines)
        self._of_files = _spec(counted)
        # A line for folders would be taken to name what is below them, and so to count for less.
        self._of_folders = _spec(re.sub(r"(?<=[^!/\\])/ *$", "", it) for it in counted)

    def say(self, path: str) -> bool | None:
        """Whether a file, or a folder that ends with "/", is named; None if no line is of it.

        Lines that name a folder above do not count. A walk does not come below such a folder,
        unless it began there, because that was what was meant.
        """
        spec = self._of_folders if path.endswith("/") else self._of_files
        said = spec.check_file(path.rstrip("/"))
        return said.include if said.index else None

    def name(self, path: str) -> bool:
        """Whether a file is named, or a folder above it."""
        return self._whole.match_file(path)

    @cached_property
    def _whole(self) -> GitIgnoreSpec:
        return _spec(self._lines)


@lru_cache(maxsize=1024)  # The files of a run are many, its configurations few.
def patterns_of(lines: tuple[str, ...]) -> Patterns:
    """`Patterns`, once for the same lines. Raises ValueError."""
    return Patterns(lines)


def is_pattern(line: str) -> bool:
    """Whether a line can be understood; one that is empty or a comment can."""
    try:
        Patterns([line])
    except ValueError:
        return False
    return True


def relative_to(folder: str, path: str) -> str:
    """A path as patterns in a folder above it see it, with `/` between names.

    The folder's path is absolute. A "/" at the end of the other, that of a folder, stays.
    """
    names = os.path.abspath(path)[len(folder.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
    return names + "/" if path.endswith("/") else names


def _spec(lines: Iterable[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines)
