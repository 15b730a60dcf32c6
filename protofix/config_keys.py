"""The keys of a configuration, and what they take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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


def _schema(key: str, value: object, table: Table) -> Path:
    if not isinstance(value, str) or not value:
        reason = '`schema` takes the path of a file: schema = "my.proto"'
        raise table.error(key, reason)
    return table.path.parent / value


def _one_of(*words: str) -> Callable[[str, object, Table], str]:
    def read(key: str, value: object, table: Table) -> str:
        if value not in words:
            choices = " or ".join(f'"{word}"' for word in words)
            raise table.error(key, f"`{key}` is {choices}, not {_shown(value)}")
        return str(value)

    return read


def _strings(key: str, value: object, table: Table) -> tuple[str, ...]:
    """A list of strings; in a setup.cfg words between commas or on lines of their own."""
    if isinstance(value, str) and table.of_words:
        return tuple(re.findall(r"[^\s,]+", value))
    if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
        raise table.error(key, f'`{key}` takes a list of strings: {key} = ["..."]')
    return tuple(value)


def _rules(key: str, value: object, table: Table) -> tuple[str, ...]:
    from protofix.rulebook.registry import NAMES
    from protofix.rulebook.selectors import SelectionError, known_selector

    found = _strings(key, value, table)
    try:
        return tuple(known_selector(it, NAMES) for it in found)
    except SelectionError as error:
        raise table.error(key, f"`{key}`: {error}") from None


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
        lines = [line.rpartition(":") for line in value.splitlines() if line.strip()]
        value = {pattern.strip(): rules for pattern, _, rules in lines}
    if not isinstance(value, dict):
        reason = f'`{key}` takes a table: {key} = {{ "deploy/*" = ["PF322"] }}'
        raise table.error(key, reason)
    for pattern in value:
        _check_pattern(key, pattern, table)
    return tuple((pattern, _rules(key, rules, table)) for pattern, rules in value.items())


def _check_pattern(key: str, pattern: str, table: Table) -> None:
    from pathspec import GitIgnoreSpec

    try:
        if not pattern:
            raise ValueError("it is empty")
        GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise table.error(key, f"`{key}`: {_shown(pattern)} is no pattern: {error}") from None


def _indent(key: str, value: object, table: Table) -> int:
    written = int(value) if isinstance(value, str) and value.isdecimal() else value
    if type(written) is not int or not 1 <= written <= _MOST_BLANKS:
        reason = f"`{key}` is how many blanks a level is set in, 1 to {_MOST_BLANKS}"
        raise table.error(key, f"{reason}, not {_shown(value)}")
    return written


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value}"


_READERS: Mapping[str, Callable[[str, object, Table], Any]] = {
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
