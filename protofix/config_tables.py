"""The files that a configuration is written in, and the keys that they give."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OWN = "protofix.toml"


class ConfigError(ValueError):
    """A configuration cannot be used; the message is one line that begins with the place.

    That is the file, with the line where there is one to name.
    """


@dataclass(frozen=True)
class Table:
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
        return error_in(self.path, reason, line)


def table_in(folder: str) -> Table | None:
    """What the configuration in a folder says; None if there is none. Raises ConfigError."""
    for name, table_of in _FILES.items():
        path = Path(folder, name)
        try:
            text = path.read_text(encoding="utf-8") if _is_there(path) else ""
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            raise error_in(path, f"cannot be read: {reason}") from None
        # Reading TOML takes longer than seeing that nothing in a file is for us.
        if text and (name == OWN or "protofix" in text):
            found = table_of(text, path)
            if found is not None:
                return found
    return None


def _is_there(path: Path) -> bool:
    """Whether there is a file to read. Raises ConfigError for what only our own file's name has."""
    if os.path.isfile(path):
        return True
    if path.name == OWN and os.path.lexists(path):
        broken = os.path.islink(path) and not os.path.exists(path)
        what = "is a link to nothing" if broken else "is no file"
        raise error_in(path, f'{what}; it is to be a file with a line such as dialect = "ssd"')
    return False


def _own_table(text: str, path: Path) -> Table:
    return Table(path, text, "", _toml(text, path))


def _pyproject_table(text: str, path: Path) -> Table | None:
    tool = _toml(text, path).get("tool")
    values = tool.get("protofix") if isinstance(tool, dict) else None
    if values is None:
        return None
    if not isinstance(values, dict):
        reason = 'tool.protofix is to be a table: [tool.protofix], and below it dialect = "ssd"'
        raise Table(path, text, "[tool]", {}).error("protofix", reason)
    return Table(path, text, "[tool.protofix]", values)


def _setup_table(text: str, path: Path) -> Table | None:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text, path.name)
    except Error as error:
        # Some errors are of one line and some of several; what the words say of that is cut off.
        lines = [number for number, _ in getattr(error, "errors", ())]
        line = getattr(error, "lineno", lines[0] if lines else None)
        reason = re.sub(r"^While reading from .*?\]: |\n.*", "", error.message, flags=re.DOTALL)
        raise error_in(path, reason, line) from None
    if parser.has_section("tool:protofix"):
        line = text[: text.index("[tool:protofix]")].count("\n") + 1
        raise error_in(path, "`[tool:protofix]` is not read: write `[protofix]`", line)
    if not parser.has_section("protofix"):
        return None
    return Table(path, text, "[protofix]", dict(parser["protofix"]), of_words=True)


_FILES: Mapping[str, Callable[[str, Path], Table | None]] = {
    OWN: _own_table,
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
        raise error_in(path, reason, line) from None


def error_in(path: Path, reason: str, line: int | None = None) -> ConfigError:
    """An error about a file, its path as a person at the working folder would write it."""
    shown = os.path.relpath(path)
    place = str(path) if shown.startswith(os.pardir) else shown
    return ConfigError(f"{place}: {reason}" if line is None else f"{place}:{line}: {reason}")
