"""Configuration: what a project says once so that nobody has to say it on each command line.

It lies in `protofix.toml`, in `[tool.protofix]` of `pyproject.toml` or in `[protofix]` of
`setup.cfg`, in the folder of a file or in one above it; the nearest holds, whole.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from caffe_proto import AUTO, DIALECTS
from protofix.net.names import nearest


class ConfigError(ValueError):
    """A configuration cannot be used; the message is one line that begins with its file."""


@dataclass(frozen=True)
class Config:
    """What is configured for a file.

    `dialect` is a name in `DIALECTS`, or "auto" to find it; `schema` is a schema file of the
    user's own, and None if there is none. Only one of the two is set.
    """

    dialect: str = AUTO
    schema: Path | None = None


class Configs:
    """The configurations of the files of one run; each folder is looked at once."""

    def __init__(self) -> None:
        self._by_folder: dict[str, Config] = {}

    def of(self, path: str) -> Config:
        """Give the configuration of a file; that of the working folder for "-".

        Raises ConfigError.
        """
        return self._of_folder(os.path.dirname(os.path.abspath(path)))

    def _of_folder(self, folder: str) -> Config:
        waiting: list[str] = []
        while folder not in self._by_folder:
            waiting.append(folder)
            found = _read_folder(folder)
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
    for name, table_in in _FILES.items():
        path = Path(folder, name)
        try:
            text = path.read_text(encoding="utf-8") if os.path.isfile(path) else ""
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            raise ConfigError(f"{_shown(path)}: cannot be read: {reason}") from None
        # Reading TOML takes longer than seeing that nothing in a file is for us.
        if text and (name == "protofix.toml" or "protofix" in text):
            found = table_in(text, path)
            if found is not None:
                return _config(found, path)
    return None


def _own_table(text: str, path: Path) -> Mapping[str, Any]:
    return _toml(text, path)


def _pyproject_table(text: str, path: Path) -> Mapping[str, Any] | None:
    tool = _toml(text, path).get("tool")
    table = tool.get("protofix") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{_shown(path)}: tool.protofix is to be a table: [tool.protofix]")
    return table


def _setup_table(text: str, path: Path) -> Mapping[str, Any] | None:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text, path.name)
    except Error as error:
        raise ConfigError(f"{_shown(path)}: {' '.join(str(error).split())}") from None
    return dict(parser["protofix"]) if parser.has_section("protofix") else None


_FILES: Mapping[str, Callable[[str, Path], Mapping[str, Any] | None]] = {
    "protofix.toml": _own_table,
    "pyproject.toml": _pyproject_table,
    "setup.cfg": _setup_table,
}


def _toml(text: str, path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{_shown(path)}: {' '.join(str(error).split())}") from None


def _config(table: Mapping[str, Any], path: Path) -> Config:
    """Make a configuration of what a file says."""
    keys = [field.name for field in fields(Config)]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in keys:
            meant = nearest(key, keys)
            right = f"did you mean `{meant}`?" if meant else f"there are {', '.join(keys)}"
            raise ConfigError(f"{_shown(path)}: there is no key `{key}`: {right}")
        values[key] = _READERS[key](value, path)
    if len(values) > 1:
        raise ConfigError(f"{_shown(path)}: give `dialect` or `schema`, not both")
    return Config(**values)


def _dialect(value: object, path: Path) -> str:
    names = (AUTO, *DIALECTS)
    if value in names:
        return str(value)
    meant = nearest(value, names) if isinstance(value, str) else None
    right = f"did you mean `{meant}`?" if meant else f"there are {', '.join(names)}"
    raise ConfigError(f"{_shown(path)}: there is no dialect `{value}`: {right}")


def _schema(value: object, path: Path) -> Path:
    if not isinstance(value, str) or not value:
        raise ConfigError(f'{_shown(path)}: `schema` takes the path of a file: schema = "my.proto"')
    return path.parent / value


_READERS: Mapping[str, Callable[[object, Path], Any]] = {"dialect": _dialect, "schema": _schema}


def _shown(path: Path) -> str:
    """A path as a person at the working folder would write it."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith(os.pardir) else shown
