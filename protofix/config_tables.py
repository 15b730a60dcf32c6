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

    def error(self, key: str, reason: str, inner: str | None = None) -> ConfigError:
        """An error about a key, or about an inner one of its table, at its line if it has one."""
        at = None
        header = self.text.find(self.header)
        # Without one, the name stands before each key, or keys stand behind it on one line.
        start = header if header >= 0 else self.text.rfind("\n", 0, self.text.find("protofix")) + 1
        for name in (key,) if inner is None else (key, inner):
            found = _beginning_with(name).search(self.text, start)
            if found is not None:
                start, at = found.end(), found.start()
        line = None if at is None else self.text.count("\n", 0, at) + 1
        return error_in(self.path, reason, line)


def _beginning_with(key: str) -> re.Pattern[str]:
    """A line that gives a key or is the header of its table."""
    above = r"[ \t]*\[*[ \t]*(?:[\w\"'-]+[ \t]*\.[ \t]*)*"
    return re.compile(rf"^{above}[\"']?{re.escape(key)}[\"']?[ \t]*[]=:.]", re.M | re.I)


def table_in(folder: str) -> Table | None:
    """What the configuration in a folder says; None if there is none. Raises ConfigError."""
    for name, table_of in _FILES.items():
        path = Path(folder, name)
        data = _bytes_of(path)
        # Reading TOML takes longer than seeing that nothing in a file is for us.
        if data and (name == OWN or b"protofix" in data.lower()):
            found = table_of(_text_of(data, path), path)
            if found is not None:
                return found
    return None


def files_in(folder: str) -> list[Path]:
    """The files in a folder in which a configuration may lie."""
    return [path for name in _FILES if (path := Path(folder, name)).is_file()]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes() if _is_there(path) else b""
    except OSError as error:
        raise error_in(path, f"cannot be read: {error.strerror}") from None


def _text_of(data: bytes, path: Path) -> str:
    try:
        # Some editors begin a file with a mark.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise error_in(path, "is not UTF-8", line) from None
    return text.replace("\r\n", "\n")


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
    values = _toml(text, path)
    table = Table(path, text, "", values)
    for key in ("tool", "protofix"):  # As they would be in the other files.
        if key in values:
            right = 'write its keys above all tables, as in dialect = "ssd"'
            raise table.error(
                key, f"the whole file is protofix's, without a table `{key}`: {right}"
            )
    return table


def _pyproject_table(text: str, path: Path) -> Table | None:
    content = _toml(text, path)
    tools = content.get("tool")
    tools = tools if isinstance(tools, dict) else {}
    astray = [it for it in content if _is_ours(it)]
    astray += [it for it in tools if _is_ours(it) and it != "protofix"]
    for name in astray:
        reason = f"a table `{name}` here is not read: write `[tool.protofix]`"
        raise Table(path, text, "", {}).error(name, reason)
    values = tools.get("protofix")
    if values is not None and not isinstance(values, dict):
        reason = 'tool.protofix is to be a table: [tool.protofix], and below it dialect = "ssd"'
        raise Table(path, text, "", {}).error("protofix", reason)
    return None if values is None else Table(path, text, "[tool.protofix]", values)


def _is_ours(name: str) -> bool:
    return name.lower() == "protofix"


def _setup_table(text: str, path: Path) -> Table | None:
    from configparser import Error, ParsingError, RawConfigParser

    # Without a section of defaults, whose keys would be taken to be ours.
    parser = RawConfigParser(default_section="")
    try:
        parser.read_string(text, path.name)
    except Error as error:
        # Some errors are of one line and some of several; what the words say of that is cut off.
        lines = [number for number, _ in getattr(error, "errors", ())]
        line = getattr(error, "lineno", lines[0] if lines else None)
        reason = re.sub(r"^While reading from .*?\]: |\n.*", "", error.message, flags=re.DOTALL)
        if type(error) is ParsingError:
            reason = "this line is neither `key = value` nor `[section]`"
        raise error_in(path, reason, line) from None
    for name in parser.sections():
        if _is_ours(re.sub(r"^tool\s*[:.]", "", name.strip(), flags=re.I)) and name != "protofix":
            line = text[: text.index(f"[{name}]")].count("\n") + 1
            raise error_in(path, f"`[{name}]` is not read: write `[protofix]`", line)
    if not parser.has_section("protofix"):
        return None
    return Table(path, text, "[protofix]", dict(parser["protofix"]), of_words=True)


_FILES: Mapping[str, Callable[[str, Path], Table | None]] = {
    OWN: _own_table,
    "pyproject.toml": _pyproject_table,
    "setup.cfg": _setup_table,
}

NAMES = tuple(_FILES)
"""What a file with a configuration can be called; of several in a folder the first holds."""


def _toml(text: str, path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise error_in(path, "is nested beyond all sense") from None
    except ValueError as error:  # A TOMLDecodeError, or a number that is longer than Python reads.
        # Its place is in its words: "... (at line 3, column 8)" or "... (at end of document)".
        reason, _, place = " ".join(str(error).split()).partition(" (at ")
        numbers = re.findall(r"\d+", place)
        line = int(numbers[0]) if numbers else text.rstrip().count("\n") + 1
        raise error_in(path, reason, line) from None


def error_in(path: Path, reason: str, line: int | None = None) -> ConfigError:
    """An error about a file."""
    place = shown_path(path)
    return ConfigError(f"{place}: {reason}" if line is None else f"{place}:{line}: {reason}")


def shown_path(path: Path) -> str:
    """A path as a person at the working folder would write it."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith(os.pardir) else shown
