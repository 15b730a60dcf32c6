"""Findings as the commands by which a GitHub workflow puts notes beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from protofix.linting.fingerprints import Fingerprinted
from protofix.reports.findings.concise import text_line
from protofix.reports.findings.run import Run
from protofix.reports.terminal import printable
from protofix.rulebook.findings import Severity

_COMMANDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


def report(run: Run) -> str:
    """A command a line, for each finding and for each thing that went wrong."""
    return "\n".join([*map(_of_finding, run.fingerprinted()), *_of_failures(run)])


def _of_finding(known: Fingerprinted) -> str:
    source, finding = known.checked.source, known.finding
    line, column = source.position(finding.start)
    end_line, end_column = source.position(finding.end)
    properties = {"file": known.path, "line": str(line), "endLine": str(end_line)}
    if end_line == line:  # Columns are of one line.
        # It counts the last character of what is meant, not the one behind.
        properties |= {"col": str(column), "endColumn": str(max(column, end_column - 1))}
    properties["title"] = f"{finding.code} {finding.rule}"
    # The log shows the message alone, so that says the place as well.
    message = "".join(part for part, _ in text_line(source, finding))
    return _command(_COMMANDS[finding.severity], properties, message)


def _of_failures(run: Run) -> Iterator[str]:
    for failure in run.failures():
        properties = {"file": failure.path, "title": "protofix could not check this"}
        yield _command("error", properties, failure.reason)


def _command(name: str, properties: Mapping[str, str], message: str) -> str:
    said = ",".join(f"{key}={_escaped(value, ',:')}" for key, value in properties.items())
    return f"::{name} {said}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """A text as a command takes it; controls were spelled out, and line feeds among them."""
    escaped = printable(text).replace("%", "%25")
    for character in also:
        escaped = escaped.replace(character, f"%{ord(character):02X}")
    return escaped
