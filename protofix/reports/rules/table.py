"""The list of the rules, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from protofix.reports.findings.concise import COLOURS
from protofix.reports.rules.manual import fix_kinds, manual_of
from protofix.reports.terminal import Line
from protofix.rulebook.rule import Rule

_HEADER = ("code", "name", "severity", "fix", "looks")


def lines(rules: Sequence[Rule]) -> Iterator[Line]:
    """A line a rule: code, name, severity, fix, and whether it looks unasked."""
    rows = [(it.code, it.name, it.severity, _fix(it), "on" if it.on else "off") for it in rules]
    widths = [max(map(len, column)) for column in zip(_HEADER, *rows, strict=True)]
    yield [(_set(_HEADER, widths), "bold")]
    for rule, (code, name, severity, *rest) in zip(rules, rows, strict=True):
        yield [
            (f"{code}  {name:<{widths[1]}}  ", ""),
            (f"{severity:<{widths[2]}}", COLOURS[rule.severity]),
            (f"  {_set(rest, widths[3:])}", ""),
        ]


def _set(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
    return "  ".join(cells).rstrip()


def _fix(rule: Rule) -> str:
    return ", ".join(fix_kinds(rule)) or "none"


def as_json(rules: Iterable[Rule]) -> str:
    """A list with an object for each rule."""
    records = [
        {
            "code": rule.code,
            "name": rule.name,
            "severity": rule.severity,
            "fixes": fix_kinds(rule),
            "on": rule.on,
            "title": manual_of(rule).title,
        }
        for rule in rules
    ]
    return json.dumps(records, indent=2)
