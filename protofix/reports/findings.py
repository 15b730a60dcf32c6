"""The findings of `protofix check`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from protofix.reports.terminal import Line
from protofix.rules.rule import Checked, Finding
from protofix.textproto.source import Source

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def finding_record(source: Source, finding: Finding) -> dict[str, Any]:
    """One finding as an object of the JSON report; lines and columns count from 1."""
    line, column = source.position(finding.start)
    end_line, end_column = source.position(finding.end)
    return {
        "file": source.path,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "code": finding.code,
        "rule": finding.rule,
        "message": finding.message,
        "severity": finding.severity,
        "fixable": finding.fixable,
    }


def as_json(checked: Iterable[Checked]) -> str:
    """A list of all findings."""
    records = [finding_record(one.source, f) for one in checked for f in one.findings]
    # Plain ASCII: bytes of a file that were not UTF-8 could not be printed otherwise.
    return json.dumps(records, indent=2)


def text_line(source: Source, finding: Finding) -> Line:
    """One finding on one line: file:line:column: code rule: message."""
    line, column = source.position(finding.start)
    mark = " [*]" if finding.fixable else ""
    return [
        (f"{source.path}:{line}:{column}: ", "bold"),
        (f"{finding.code}{mark} ", _COLOURS[finding.severity]),
        (f"{finding.rule}: {finding.message}", ""),
    ]


def summary(checked: Sequence[Checked], failed: int) -> str:
    """How much was found, in one line."""
    findings = [finding for one in checked for finding in one.findings]
    files = sum(1 for one in checked if one.findings)
    parts = []
    if findings:
        fixable = sum(finding.fixable for finding in findings)
        parts.append(
            f"{_count(len(findings), 'finding')} in {files} of {_count(len(checked), 'file')}"
        )
        if fixable:
            parts.append(f"{fixable} marked [*] for `protofix migrate`")
    else:
        parts.append(f"{_count(len(checked), 'file')} checked, nothing found")
    if failed:
        parts.append(f"{_count(failed, 'file')} could not be checked")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
