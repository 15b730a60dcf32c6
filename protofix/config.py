"""Configuration: what a project says once so that nobody has to say it on each command line.

It lies in `protofix.toml`, in `[tool.protofix]` of `pyproject.toml` or in `[protofix]` of
`setup.cfg`, in the folder of a file or in one above it; the nearest holds, whole.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from caffe_proto import AUTO
from protofix.net.names import dialect_named, nearest

if TYPE_CHECKING:
    from protofix.rulebook.context import Target

_OWN = "protofix.toml"
_MOST_BLANKS = 16


class ConfigError(ValueError):
    """A configuration cannot be used; the message is one line that begins with the place.

    That is the file, with the line where there is one to name.
    """


@dataclass(frozen=True)
class Config:
    """What is configured for a file.

    `dialect` is a name in `DIALECTS`, or "auto" to find it; `schema` is a schema file of the
    user's own, and None if there is none. A configuration gives one of the two at most, be it
    `dialect = "auto"`; the other is as it is here. `target` is the Caffe that nets are for.

    `select`, `extend_select`, `ignore` and the values of `per_file_ignores` name rules, as
    `protofix.rulebook.selectors` has it; its keys and `exclude` are patterns as in a .gitignore,
    from `folder` on, where the configuration lies. `indent` and `quotes` are what files of good
    style have.
    """

    dialect: str = AUTO
    schema: Path | None = None
    target: Target = "fused"
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
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


@dataclass(frozen=True)
class _Table:
    """The keys that a file gives, and where to look for them in its text.

    `header` is the line above them, such as "[protofix]", or "" if the whole file is theirs. Where
    values are `of_words`, they are all strings, and lists are words in them.
    """

    path: Path
    text: str
    header: str
    values: Mapping[str, Any]
    of_words: bool = False

    def error(self, key: str, reason: str) -> ConfigError:
        """An error about a key; its line is told where the key has one of its own."""
        header = re.search(rf"^{re.escape(self.header)}", self.text, re.MULTILINE)
        written = rf"^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*[=:]"
        of_key = re.compile(written, re.MULTILINE | re.IGNORECASE)
        found = of_key.search(self.text, header.end()) if header else None
        line = self.text.count("\n", 0, found.start()) + 1 if found else None
        return _error(self.path, reason, line)


def _read_folder(folder: str) -> Config | None:
    """The configuration that lies in a folder; None if there is none."""
    for name, table_in in _FILES.items():
        path = Path(folder, name)
        try:
            text = path.read_text(encoding="utf-8") if _is_there(path) else ""
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            raise _error(path, f"cannot be read: {reason}") from None
        # Reading TOML takes longer than seeing that nothing in a file is for us.
        if text and (name == _OWN or "protofix" in text):
            found = table_in(text, path)
            if found is not None:
                return _config(found)
    return None


def _is_there(path: Path) -> bool:
    """Whether there is a file to read. Raises ConfigError for what only our own file's name has."""
    if os.path.isfile(path):
        return True
    if path.name == _OWN and os.path.lexists(path):
        broken = os.path.islink(path) and not os.path.exists(path)
        what = "is a link to nothing" if broken else "is no file"
        raise _error(path, f'{what}; it is to be a file with a line such as dialect = "ssd"')
    return False


def _own_table(text: str, path: Path) -> _Table:
    return _Table(path, text, "", _toml(text, path))


def _pyproject_table(text: str, path: Path) -> _Table | None:
    tool = _toml(text, path).get("tool")
    values = tool.get("protofix") if isinstance(tool, dict) else None
    if values is None:
        return None
    if not isinstance(values, dict):
        reason = 'tool.protofix is to be a table: [tool.protofix], and below it dialect = "ssd"'
        raise _Table(path, text, "[tool]", {}).error("protofix", reason)
    return _Table(path, text, "[tool.protofix]", values)


def _setup_table(text: str, path: Path) -> _Table | None:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text, path.name)
    except Error as error:
        # Some errors are of one line and some of several; what the words say of that is cut off.
        lines = [number for number, _ in getattr(error, "errors", ())]
        line = getattr(error, "lineno", lines[0] if lines else None)
        reason = re.sub(r"^While reading from .*?\]: |\n.*", "", error.message, flags=re.DOTALL)
        raise _error(path, reason, line) from None
    if parser.has_section("tool:protofix"):
        line = text[: text.index("[tool:protofix]")].count("\n") + 1
        raise _error(path, "`[tool:protofix]` is not read: write `[protofix]`", line)
    if not parser.has_section("protofix"):
        return None
    return _Table(path, text, "[protofix]", dict(parser["protofix"]), of_words=True)


_FILES: Mapping[str, Callable[[str, Path], _Table | None]] = {
    _OWN: _own_table,
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
        # Its place is in its words: "... (at line 3, column 8)" or "... (at end of document)".
        reason, _, place = " ".join(str(error).split()).partition(" (at ")
        numbers = re.findall(r"\d+", place)
        line = int(numbers[0]) if numbers else text.rstrip().count("\n") + 1
        raise _error(path, reason, line) from None


def _config(table: _Table) -> Config:
    """Make a configuration of what a file says."""
    values: dict[str, Any] = {}
    for key, value in table.values.items():
        if key not in _READERS:
            meant = nearest(key, _READERS)
            right = f"did you mean `{meant}`?" if meant else f"there are {', '.join(_READERS)}"
            raise table.error(key, f"there is no key `{key}`: {right}")
        values[key.replace("-", "_")] = _READERS[key](key, value, table)
    if "dialect" in values and "schema" in values:
        last = [key for key in values if key in ("dialect", "schema")][-1]
        raise table.error(last, "give `dialect` or `schema`, not both")
    return Config(**values, folder=str(table.path.parent))


def _dialect(key: str, value: object, table: _Table) -> str:
    try:
        return dialect_named(str(value))
    except ValueError as error:
        raise table.error(key, str(error)) from None


def _schema(key: str, value: object, table: _Table) -> Path:
    if not isinstance(value, str) or not value:
        reason = '`schema` takes the path of a file: schema = "my.proto"'
        raise table.error(key, reason)
    return table.path.parent / value


def _one_of(*words: str) -> Callable[[str, object, _Table], str]:
    def read(key: str, value: object, table: _Table) -> str:
        if value not in words:
            choices = " or ".join(f'"{word}"' for word in words)
            raise table.error(key, f"`{key}` is {choices}, not {_shown(value)}")
        return str(value)

    return read


def _strings(key: str, value: object, table: _Table) -> tuple[str, ...]:
    """A list of strings; in a setup.cfg words between commas or on lines of their own."""
    if isinstance(value, str) and table.of_words:
        return tuple(re.findall(r"[^\s,]+", value))
    if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
        raise table.error(key, f'`{key}` takes a list of strings: {key} = ["..."]')
    return tuple(value)


def _rules(key: str, value: object, table: _Table) -> tuple[str, ...]:
    from protofix.rulebook.registry import NAMES
    from protofix.rulebook.selectors import SelectionError, known_selector

    found = _strings(key, value, table)
    try:
        return tuple(known_selector(it, NAMES) for it in found)
    except SelectionError as error:
        raise table.error(key, f"`{key}`: {error}") from None


def _select(key: str, value: object, table: _Table) -> tuple[str, ...]:
    """Rules of which there is one at least: with none, every rule would be off without a word."""
    found = _rules(key, value, table)
    if not found:
        right = "name some, or leave it out for all but those of style"
        raise table.error(key, f"`{key}` names no rule, so that none looks: {right}")
    return found


def _patterns(key: str, value: object, table: _Table) -> tuple[str, ...]:
    found = _strings(key, value, table)
    for pattern in found:
        _check_pattern(key, pattern, table)
    return found


def _per_file(key: str, value: object, table: _Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A table of patterns and rules; in a setup.cfg a line each, `pattern: PF1, PF2`."""
    if isinstance(value, str) and table.of_words:
        lines = [line.rpartition(":") for line in value.splitlines() if line.strip()]
        value = {pattern.strip(): rules for pattern, _, rules in lines}
    if not isinstance(value, dict):
        reason = f'`{key}` takes a table: {key} = {{ "deploy/*" = ["PF322"] }}'
        raise table.error(key, reason)
    for pattern in value:
        _check_pattern(key, pattern, table)
    return tuple((pattern, _rules(key, rules, table)) for pattern, rules in value.items())


def _check_pattern(key: str, pattern: str, table: _Table) -> None:
    from pathspec import GitIgnoreSpec

    try:
        if not pattern:
            raise ValueError("it is empty")
        GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise table.error(key, f"`{key}`: {_shown(pattern)} is no pattern: {error}") from None


def _indent(key: str, value: object, table: _Table) -> int:
    written = int(value) if isinstance(value, str) and value.isdecimal() else value
    if type(written) is not int or not 1 <= written <= _MOST_BLANKS:
        reason = f"`{key}` is how many blanks a level is set in, 1 to {_MOST_BLANKS}"
        raise table.error(key, f"{reason}, not {_shown(value)}")
    return written


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value}"


_READERS: Mapping[str, Callable[[str, object, _Table], Any]] = {
    "dialect": _dialect,
    "schema": _schema,
    "target": _one_of("fused", "legacy"),
    "select": _select,
    "extend-select": _rules,
    "ignore": _rules,
    "per-file-ignores": _per_file,
    "exclude": _patterns,
    "indent": _indent,
    "quotes": _one_of("double", "single"),
}


def _error(path: Path, reason: str, line: int | None = None) -> ConfigError:
    """An error about a file, its path as a person at the working folder would write it."""
    shown = os.path.relpath(path)
    place = str(path) if shown.startswith(os.pardir) else shown
    return ConfigError(f"{place}: {reason}" if line is None else f"{place}:{line}: {reason}")
