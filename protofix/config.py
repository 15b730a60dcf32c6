"""Configuration: what a project says once so that nobody has to say it on each command line.

It lies in `protofix.toml`, in `[tool.protofix]` of `pyproject.toml` or in `[protofix]` of
`setup.cfg`, in the folder of a file or in one above it; the nearest holds, whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from caffe_proto import AUTO
from protofix.config_keys import values_of
from protofix.config_tables import NAMES, ConfigError, files_in, table_in

if TYPE_CHECKING:
    from protofix.rulebook.context import Target


@dataclass(frozen=True)
class Config:
    """What is configured for a file.

    `dialect` is a name in `DIALECTS`, or "auto" to find it; `schema` is a schema file of the
    user's own, and None if there is none. A configuration gives one of the two at most, be it
    `dialect = "auto"`; the other is as it is here. `target` is the Caffe that nets are for.

    `select`, `extend_select`, `ignore` and the values of `per_file_ignores` name rules, as
    `protofix.rulebook.selectors` has it; its keys and `exclude` are patterns as in a .gitignore,
    from `folder` on, where the configuration lies. `baseline` is a file with findings that are
    accepted. `cache_dir` is where results are remembered; there is one such folder for a run, that
    of the configuration which holds in the working folder. `indent` and `quotes` are what files of
    good style have.
    """

    dialect: str = AUTO
    schema: Path | None = None
    target: Target = "fused"
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: Path | None = None
    cache_dir: Path | None = None
    indent: int = 2
    quotes: Literal["double", "single"] = "double"
    folder: str = ""


class Configs:
    """The configurations of the files of one run; each folder is looked at once."""

    def __init__(self) -> None:
        self._by_folder: dict[str, Config | ConfigError] = {}

    def of(self, path: str) -> Config:
        """Give the configuration of a file; that of the working folder for "-".

        Raises ConfigError.
        """
        found = self._of_folder(os.path.dirname(os.path.abspath(path)))
        if isinstance(found, ConfigError):
            raise found
        return found

    def places(self, path: str) -> Iterator[str]:
        """The files that may configure a file, there or not, up to the one that does."""
        folder = os.path.dirname(os.path.abspath(path))
        found = self._of_folder(folder)
        while True:
            yield from (os.path.join(folder, name) for name in NAMES)
            above = os.path.dirname(folder)
            if above == folder or (isinstance(found, Config) and folder == found.folder):
                return
            folder = above

    @property
    def files(self) -> list[Path]:
        """The files that were looked into, whether they configure protofix or other programs."""
        return [path for folder in self._by_folder for path in files_in(folder)]

    def _of_folder(self, folder: str) -> Config | ConfigError:
        waiting: list[str] = []
        while folder not in self._by_folder:
            waiting.append(folder)
            found: Config | ConfigError | None
            try:
                found = _read_folder(folder)
            except ConfigError as error:
                found = error
            above = os.path.dirname(folder)
            if found is not None or above == folder:
                self._by_folder[folder] = found or Config()
            else:
                folder = above
        config = self._by_folder[folder]
        self._by_folder.update(dict.fromkeys(waiting, config))
        return config


def _read_folder(folder: str) -> Config | None:
    """The configuration that lies in a folder; None if there is none."""
    table = table_in(folder)
    return None if table is None else Config(**values_of(table), folder=folder)
