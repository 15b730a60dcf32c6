"""What was found in a file and the nets that it names, as bytes that can be kept, and back.

They are JSON, which can be read without being run, and compressed, which makes a text and its
findings a tenth of it and tells when a byte is not as it was written.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from protofix.linting.checking import Failed
from protofix.looking import UNSETTLED
from protofix.rulebook.findings import Checked, Finding, Fix
from protofix.textproto.edits import Edit
from protofix.textproto.source import Source

_LARGEST = 1 << 20  # bytes; a larger one costs as much to read as to find again
_LEVEL = 1  # of compression: the fastest


def verdict_of(results: Sequence[Checked | Failed], looks: Mapping[str, str]) -> bytes | None:
    """What is to be remembered of a file's results; None if that is nothing.

    Nothing is if anything failed, or if something that was looked at may change without a trace.
    """
    checked = [it for it in results if isinstance(it, Checked) and not it.failures]
    if len(checked) < len(results) or UNSETTLED in looks.values():
        return None
    content = {"files": [_record(it) for it in checked], "looks": dict(looks)}
    verdict = zlib.compress(json.dumps(content).encode(), _LEVEL)
    return verdict if len(verdict) <= _LARGEST else None


def believed(verdict: bytes, state_of: Callable[[str], str]) -> list[Checked] | None:
    """The results, if what they were found by still looks the same; None if not, or if damaged."""
    try:
        known = json.loads(zlib.decompress(verdict))
        if any(state_of(path) != state for path, state in known["looks"].items()):
            return None
        return [_checked(it) for it in known["files"]]
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return None


def _record(checked: Checked) -> dict[str, object]:
    # Findings of one change have one fix, which is written once.
    fixes = {id(it.fix): it.fix for it in checked.findings if it.fix is not None}
    numbers = {its: number for number, its in enumerate(fixes)}
    return {
        "path": checked.source.path,
        "text": checked.source.text,
        "findings": [_finding_record(it, numbers) for it in checked.findings],
        "fixes": [[it.title, it.safe, it.edits] for it in fixes.values()],
        "kind": checked.kind,
        "dialect": checked.dialect,
        "title": checked.dialect_title,
        "blobs": None if checked.blobs is None else sorted(checked.blobs),
    }


def _finding_record(finding: Finding, numbers: Mapping[int, int]) -> list[object]:
    fix = None if finding.fix is None else numbers[id(finding.fix)]
    place = (finding.start, finding.end, finding.code, finding.rule)
    return [*place, finding.message, finding.severity, fix, finding.unheard]


def _checked(record: Mapping[str, Any]) -> Checked:
    fixes = [
        Fix(title, tuple(Edit(*edit) for edit in edits), safe)
        for title, safe, edits in record["fixes"]
    ]
    findings = tuple(
        Finding(
            start, end, code, rule, message, severity, None if fix is None else fixes[fix], unheard
        )
        for start, end, code, rule, message, severity, fix, unheard in record["findings"]
    )
    blobs = record["blobs"]
    return Checked(
        Source(record["text"], record["path"]),
        findings,
        record["kind"],
        record["dialect"],
        record["title"],
        None if blobs is None else frozenset(blobs),
    )
