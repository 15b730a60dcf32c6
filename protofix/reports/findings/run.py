"""What a report is made of."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from protofix.linting.checking import Failed
from protofix.linting.walking import repository_folders
from protofix.rulebook.findings import Checked

if TYPE_CHECKING:
    from protofix.linting.fingerprints import Fingerprinted


class Failure(NamedTuple):
    """A file that could not be checked, or a rule that broke down over one: where, and a line.

    `path` is as `path_in` gives it, from the root of the run.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Run:
    """All that a run checked, and what it could not check.

    `only_read` are the paths of nets that it was not given, but that solvers name: it mends none of
    them.
    """

    checked: tuple[Checked, ...] = ()
    failed: tuple[Failed, ...] = ()
    only_read: frozenset[str] = frozenset()

    @property
    def went_wrong(self) -> bool:
        """Whether not every file could be checked, or not by every rule."""
        return bool(self.failed) or any(one.failures for one in self.checked)

    @property
    def root(self) -> str:
        """The folder that CI counts paths from.

        It is that of the repository that the working folder is in, or else the working folder.
        """
        here = os.getcwd()
        return (repository_folders(here) or [here])[-1]

    def fingerprinted(self) -> Iterator[Fingerprinted]:
        """All findings, each with its file's path from the root and its fingerprint."""
        from protofix.linting.fingerprints import fingerprints  # Few reports have any.

        return fingerprints(self.root, self.checked)

    def failures(self) -> list[Failure]:
        """All that went wrong."""
        from protofix.linting.fingerprints import path_in

        said = [(it.path, it.reason) for it in self.failed]
        said += [(one.source.path, line) for one in self.checked for line in one.failures]
        return [Failure(path_in(self.root, path), reason) for path, reason in said]


def run_of(results: Iterable[Checked | Failed], given: Collection[str]) -> Run:
    """A run of what was found in its files, in their order; it was `given` files of these names."""
    its = list(results)
    checked = tuple(it for it in its if isinstance(it, Checked))
    failed = tuple(it for it in its if isinstance(it, Failed))
    return Run(checked, failed, frozenset(one.source.path for one in checked) - frozenset(given))
