"""Findings as SARIF 2.1.0, which code scanning and editors read."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from protofix import __version__
from protofix.linting.fingerprints import Fingerprinted
from protofix.reports.findings.run import Failure, Run
from protofix.reports.rules.manual import manual_of
from protofix.reports.rules.page import page
from protofix.reports.terminal import printable
from protofix.rulebook.findings import Fix, Severity
from protofix.rulebook.registry import RULES
from protofix.rulebook.rule import Rule
from protofix.textproto.edits import Edit
from protofix.textproto.source import Source

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_ROOT = "SRCROOT"

# A byte that was not UTF-8.
_LONE = re.compile("[\udc80-\udcff]")

_Object = dict[str, Any]


def report(run: Run) -> str:
    """A log of one run: the rules that found something, what they found, and what went wrong."""
    known = list(run.fingerprinted())
    codes = sorted({it.finding.code for it in known})
    failures = run.failures()
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver([it for it in RULES if it.code in codes])},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": _text(_ROOT_IS)}},
                "invocations": [_invocation(failures)],
                "results": [_result(it, codes.index(it.finding.code)) for it in known],
            }
        ],
    }
    # Plain ASCII: it need not be told in which encoding it is.
    return json.dumps(log, indent=2)


_ROOT_IS = "the top of the repository, or the folder in which protofix ran if there is none"


def _driver(rules: Iterable[Rule]) -> _Object:
    manuals = _manuals_address()
    return {
        "name": "protofix",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_descriptor(rule, manuals) for rule in rules],
    }


def _manuals_address() -> str | None:
    """Where the pages of the rules can be read, if the package was built with an address of them.

    It is `Rules` among the `project_urls` of setup.cfg.
    """
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        addresses = metadata("protofix").get_all("Project-URL") or []
    except PackageNotFoundError:  # It runs from a folder that was never installed.
        return None
    pairs = (it.partition(", ") for it in addresses)
    return next((address for name, _, address in pairs if name == "Rules"), None)


def _descriptor(rule: Rule, manuals: str | None) -> _Object:
    title = manual_of(rule).title
    found: _Object = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": _text(title),
        "fullDescription": _text(title),
        "help": {"text": rule.manual.strip(), "markdown": page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.on},
        "properties": {"tags": ["caffe", rule.name]},
    }
    if manuals is not None:
        found["helpUri"] = f"{manuals.rstrip('/')}/{rule.code}.md"
    return found


def _invocation(failures: Iterable[Failure]) -> _Object:
    notes = [
        {
            "level": "error",
            "message": _text(failure.reason),
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(failure.path)}}],
        }
        for failure in failures
    ]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def _result(known: Fingerprinted, rule: int) -> _Object:
    source, finding = known.checked.source, known.finding
    place = {
        "artifactLocation": _artifact(known.path),
        "region": _region(source, finding.start, finding.end),
    }
    found: _Object = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": _text(finding.message),
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"protofixFinding/v1": known.fingerprint},
    }
    if finding.fix is not None:
        found["fixes"] = [_fix(source, known.path, finding.fix)]
    return found


def _fix(source: Source, path: str, fix: Fix) -> _Object:
    change = {
        "artifactLocation": _artifact(path),
        "replacements": [_replacement(source, edit) for edit in fix.edits],
    }
    return {
        "description": _text(fix.title),
        "artifactChanges": [change],
        "properties": {"safe": fix.safe},
    }


def _replacement(source: Source, edit: Edit) -> _Object:
    if not _LONE.search(edit.replacement):
        return {
            "deletedRegion": _region(source, edit.start, edit.end),
            "insertedContent": {"text": edit.replacement},
        }
    # Bytes that are no text are put in the place of bytes.
    before, deleted = source.text[: edit.start], source.text[edit.start : edit.end]
    region = {"byteOffset": len(_bytes(before)), "byteLength": len(_bytes(deleted))}
    inserted = b64encode(_bytes(edit.replacement)).decode()
    return {"deletedRegion": region, "insertedContent": {"binary": inserted}}


def _bytes(text: str) -> bytes:
    return Source(text).to_bytes()


def _region(source: Source, start: int, end: int) -> _Object:
    line, column = source.position(start)
    end_line, end_column = source.position(end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
    }


def _artifact(path: str) -> _Object:
    """The location of a file: from the root if it lies below it, else whole."""
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path.encode("utf-8", "surrogateescape")), "uriBaseId": _ROOT}


def _text(words: str) -> _Object:
    return {"text": printable(words)}
