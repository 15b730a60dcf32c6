"""The findings of `protofix check`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from protofix.net.kinds import KIND_NAMES
from protofix.net.names import counted
from protofix.reports.terminal import Line
from protofix.rules.rule import Checked, Finding
from protofix.textproto.source import Source

NOT_CAFFE = "not a Caffe file"

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def finding_record(checked: Checked, finding: Finding) -> dict[str, Any]:
    """One finding as an object of the JSON report; lines and columns count from 1.

    `dialect` is null in a file that is not Caffe's.
    """
    source = checked.source
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
        "dialect": None if checked.kind is None else checked.dialect.name,
    }


def as_json(checked: Iterable[Checked]) -> str:
    """A list of all findings."""
    records = [finding_record(one, finding) for one in checked for finding in one.findings]
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
            f"{counted(len(findings), 'finding')} in {files} of {counted(len(checked), 'file')}"
        )
        if fixable:
            parts.append(f"{fixable} marked [*] for `protofix migrate`")
    elif checked or not failed:
        parts.append(f"{counted(len(checked), 'file')} checked, nothing found")
    if failed:
        parts.append(f"{counted(failed, 'file')} could not be checked")
    if checked:
        parts.append(_dialects(checked))
    return "; ".join(parts)


def file_line(checked: Checked) -> Line:
    """What a file is, on one line: `net.prototxt: net, dialect SSD (ssd)`."""
    what = NOT_CAFFE if checked.kind is None else f"{KIND_NAMES[checked.kind]}, {_dialect(checked)}"
    return [(f"{checked.source.path}: ", "bold"), (what, "")]


def _dialects(checked: Sequence[Checked]) -> str:
    """The dialect of one file; of several, how many are of which."""
    if len(checked) == 1:
        return NOT_CAFFE if checked[0].kind is None else _dialect(checked[0])
    counts = Counter(one.dialect.title if one.kind else NOT_CAFFE for one in checked)
    return "by dialect: " + ", ".join(f"{title} {number}" for title, number in counts.most_common())


def _dialect(checked: Checked) -> str:
    title, name = checked.dialect.title, checked.dialect.name
    return f"dialect {title}" if title == name else f"dialect {title} ({name})"
