"""Findings as JSON: a list with an object for each."""

from __future__ import annotations

import json
from typing import Any

from protofix.reports.findings.run import Run
from protofix.rulebook.findings import Checked, Finding, Fix
from protofix.textproto.source import Source


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
        "fix": None if finding.fix is None else _fix_record(source, finding.fix),
        "dialect": None if checked.kind is None else checked.dialect,
    }


def _fix_record(source: Source, fix: Fix) -> dict[str, Any]:
    """A fix; its edits replace what is between two places by another text."""
    edits = []
    for edit in fix.edits:
        line, column = source.position(edit.start)
        end_line, end_column = source.position(edit.end)
        edits.append(
            {
                "line": line,
                "column": column,
                "end_line": end_line,
                "end_column": end_column,
                "text": edit.replacement,
            }
        )
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def report(run: Run) -> str:
    """A list of all findings."""
    records = [finding_record(one, finding) for one in run.checked for finding in one.findings]
    # Plain ASCII: bytes of a file that were not UTF-8 could not be printed otherwise.
    return json.dumps(records, indent=2)
