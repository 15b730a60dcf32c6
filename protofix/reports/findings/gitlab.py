"""Findings as GitLab's Code Quality report: a JSON list that a merge request is shown with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from protofix.linting.fingerprints import Fingerprinted
from protofix.reports.findings.run import Failure, Run
from protofix.reports.terminal import printable
from protofix.rulebook.findings import Severity

_SEVERITIES: Mapping[Severity, str] = {"error": "major", "warning": "minor", "info": "info"}


def report(run: Run) -> str:
    """A list of findings, and of what went wrong, which would be missed otherwise."""
    records = [*map(_of_finding, run.fingerprinted()), *map(_of_failure, run.failures())]
    # Plain ASCII: bytes of a file that were not UTF-8 could not be printed otherwise.
    return json.dumps(records, indent=2)


def _of_finding(known: Fingerprinted) -> dict[str, Any]:
    source, finding = known.checked.source, known.finding
    return {
        "description": f"{finding.code} {finding.rule}: {printable(finding.message)}",
        "check_name": f"{finding.code} {finding.rule}",
        "fingerprint": known.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": printable(known.path),
            "lines": {
                "begin": source.position(finding.start).line,
                "end": source.position(finding.end).line,
            },
        },
    }


def _of_failure(failure: Failure) -> dict[str, Any]:
    words = "\0".join(failure)
    return {
        "description": printable(failure.reason),
        "check_name": "not checked",
        "fingerprint": sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:32],
        "severity": "blocker",
        "location": {"path": printable(failure.path), "lines": {"begin": 1}},
    }
