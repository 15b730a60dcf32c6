"""Patterns as in a .gitignore: what they say of paths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_EVERYTHING = "*"


class Patterns:
    """The lines of a .gitignore; of those that name a path the last counts."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Each line is a pattern, as `is_pattern` says."""
        self._lines = tuple(lines)

    def names_exactly(self, path: str) -> bool | None:
        """Whether a file, or a folder that ends with "/", is named; None if no line is of it.

        Lines that name a folder above do not count. A walk does not come below such a folder,
        unless it began there, because that was what was meant.
        """
        spec = self._of_folders if path.endswith("/") else self._of_files
        said = spec.check_file(path.rstrip("/"))
        return said.include if said.index else None

    def names_it_or_a_folder_above(self, path: str) -> bool:
        """Whether a file is named, or a folder above it."""
        return self._whole.match_file(path)

    # Each takes some time to make, and most are asked of one kind of path alone.

    @cached_property
    def _of_files(self) -> GitIgnoreSpec:
        return _spec(self._counted)

    @cached_property
    def _of_folders(self) -> GitIgnoreSpec:
        # A line for folders would be taken to name what is below them, and so to count for less.
        return _spec(re.sub(r"(?<=[^!/\\])/ *$", "", it) for it in self._counted)

    @cached_property
    def _whole(self) -> GitIgnoreSpec:
        return _spec(self._lines)

    @property
    def _counted(self) -> tuple[str, ...]:
        # A first line that names everything goes before lines that name only a folder above it.
        return (_EVERYTHING, *self._lines)


@cache
def patterns_of(lines: tuple[str, ...]) -> Patterns:
    """`Patterns`, once for the same lines: the files of a run are many, its configurations few."""
    return Patterns(lines)


def is_pattern(line: str) -> bool:
    """Whether a line can be understood; one that is empty or a comment can."""
    try:
        _spec([line])
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
