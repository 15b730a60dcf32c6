"""The keys of a configuration, and what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from protofix.config_tables import Table
from protofix.net.names import dialect_named, nearest

_MOST_BLANKS = 16


def values_of(table: Table) -> dict[str, Any]:
    """What a file says, by the names of the fields of `Config`. Raises ConfigError."""
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
    return values


def _dialect(key: str, value: object, table: Table) -> str:
    try:
        return dialect_named(str(value))
    except ValueError as error:
        raise table.error(key, str(error)) from None


def _path(what: str, example: str) -> Callable[[str, object, Table], Path]:
    """What takes a path, which counts from the folder of the configuration."""

    def read(key: str, value: object, table: Table) -> Path:
        if not isinstance(value, str) or not value:
            reason = f'`{key}` takes the path of {what}: {key} = "{example}"'
            raise table.error(key, reason)
        try:
            return table.path.parent / Path(value).expanduser()
        except RuntimeError:
            raise table.error(key, f"`{key}`: nobody knows the home folder in {value}") from None

    return read


def _one_of(*words: str) -> Callable[[str, object, Table], str]:
    def read(key: str, value: object, table: Table) -> str:
        if value not in words:
            choices = " or ".join(f'"{word}"' for word in words)
            raise table.error(key, f"`{key}` is {choices}, not {_shown(value)}")
        return str(value)

    return read


def _strings(key: str, value: object, table: Table, inner: str | None = None) -> tuple[str, ...]:
    """A list of strings; in a setup.cfg words between commas or on lines of their own."""
    if isinstance(value, str) and table.of_words:
        return tuple(re.findall(r"[^\s,]+", value))
    if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
        right = f'{key} = ["..."]' if inner is None else f'"{inner}" = ["PF322"]'
        raise table.error(key, f"`{inner or key}` takes a list of strings: {right}", inner)
    return tuple(value)


def _rules(key: str, value: object, table: Table, inner: str | None = None) -> tuple[str, ...]:
    from protofix.rulebook.registry import NAMES
    from protofix.rulebook.selectors import SelectionError, known_selector

    found = _strings(key, value, table, inner)
    try:
        return tuple(known_selector(it, NAMES) for it in dict.fromkeys(found))
    except SelectionError as error:
        raise table.error(key, f"`{key}`: {error}", inner) from None


def _select(key: str, value: object, table: Table) -> tuple[str, ...]:
    """Rules of which there is one at least: with none, every rule would be off without a word."""
    found = _rules(key, value, table)
    if not found:
        right = "name some, or leave it out for all but those of style"
        raise table.error(key, f"`{key}` names no rule, so that none looks: {right}")
    return found


def _patterns(key: str, value: object, table: Table) -> tuple[str, ...]:
    found = _strings(key, value, table)
    for pattern in found:
        _check_pattern(key, pattern, table)
    return found


def _per_file(key: str, value: object, table: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A table of patterns and rules; in a setup.cfg a line each, `pattern: PF1, PF2`."""
    if isinstance(value, str) and table.of_words:
        pairs: list[tuple[str, object]] = [*_lines_of_files(key, value, table)]
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        reason = f'`{key}` takes a table: {key} = {{ "deploy/*" = ["PF322"] }}'
        raise table.error(key, reason)
    return tuple((pattern, _rules_of_file(key, pattern, it, table)) for pattern, it in pairs)


def _lines_of_files(key: str, value: str, table: Table) -> Iterator[tuple[str, str]]:
    """The pattern and the rules of each line of a setup.cfg; a pattern may stand on several."""
    for line in filter(str.strip, value.splitlines()):
        pattern, colon, rules = line.rpartition(":")
        if not colon:
            right = "write a line such as `deploy/*: PF322, PF323`"
            raise table.error(key, f"`{key}`: `{line.strip()}` has no pattern before it: {right}")
        yield pattern.strip(), rules


def _rules_of_file(key: str, pattern: str, value: object, table: Table) -> tuple[str, ...]:
    _check_pattern(key, pattern, table, pattern)
    if pattern.startswith("!"):
        reason = f"`{key}`: {_shown(pattern)} names no file: name those in which rules do not look"
        raise table.error(key, reason, pattern)
    found = _rules(key, value, table, pattern)
    if not found:
        reason = f"`{key}`: {_shown(pattern)} has no rule: name some, or `ALL`"
        raise table.error(key, reason, pattern)
    return found


def _check_pattern(key: str, pattern: str, table: Table, inner: str | None = None) -> None:
    from pathspec import GitIgnoreSpec

    try:
        if not pattern.strip() or pattern.startswith("#"):
            raise ValueError("it is empty" if not pattern.strip() else "it is a comment")
        if pattern.split("/")[0] in (".", ".."):
            raise ValueError("it begins at the folder of this file; leave `./` and `../` out")
        GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        reason = f"`{key}`: {_shown(pattern)} is no pattern: {error}"
        raise table.error(key, reason, inner) from None


def _indent(key: str, value: object, table: Table) -> int:
    written = int(value) if isinstance(value, str) and value.isdecimal() else value
    if type(written) is not int or not 1 <= written <= _MOST_BLANKS:
        reason = f"`{key}` is how many blanks a level is set in, 1 to {_MOST_BLANKS}"
        raise table.error(key, f"{reason}, not {_shown(value)}")
    return written


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value}"


_READERS: Mapping[str, Callable[[str, object, Table], Any]] = {
    "dialect": _dialect,
    "schema": _path("a file", "my.proto"),
    "target": _one_of("fused", "legacy"),
    "select": _select,
    "extend-select": _rules,
    "ignore": _rules,
    "per-file-ignores": _per_file,
    "exclude": _patterns,
    "baseline": _path("a file", "protofix-baseline.json"),
    "cache-dir": _path("a folder", ".cache/protofix"),
    "indent": _indent,
    "quotes": _one_of("double", "single"),
}
