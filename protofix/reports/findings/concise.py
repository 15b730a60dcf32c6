"""Findings a line each, and what there is to say of a file and of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from protofix.net.kinds import KIND_NAMES
from protofix.net.names import counted, in_words
from protofix.reports.terminal import Line
from protofix.rulebook.findings import Checked, Finding, Severity
from protofix.textproto.source import Source

if TYPE_CHECKING:
    from protofix.reports.findings.run import Run

NOT_CAFFE = "not a Caffe file"

_OWN_SCHEMA = "names in no fork known here: if they are your fork's, add --schema caffe.proto"

COLOURS: Mapping[Severity, str] = {"error": "red", "warning": "yellow", "info": "cyan"}
"""The colours of the severities, the worst first."""


def text_line(source: Source, finding: Finding) -> Line:
    """One finding on one line: file:line:column: code rule: message."""
    line, column = source.position(finding.start)
    mark = f" [{mark_of(finding)}]" if finding.fix else ""
    return [
        (f"{source.path}:{line}:{column}: ", "bold"),
        (f"{finding.code}{mark} ", COLOURS[finding.severity]),
        (f"{finding.rule}: {finding.message}", ""),
    ]


def lines(checked: Checked, width: int | None = None) -> Iterator[Line]:
    """The findings of a file, one a line, however long."""
    for finding in checked.findings:
        yield text_line(checked.source, finding)


def mark_of(finding: Finding) -> str:
    """The mark of a finding that `--fix` mends, and of one that takes `--unsafe-fixes`."""
    return "" if finding.fix is None else "*" if finding.fix.safe else "**"


def summary(run: Run) -> str:
    """How much was found, in one line."""
    checked, failed = run.checked, len(run.failed)
    findings = [finding for one in checked for finding in one.findings]
    files = sum(1 for one in checked if one.findings)
    parts = []
    if findings:
        severities = Counter(finding.severity for finding in findings)
        found = ", ".join(_of_severity(it, severities[it]) for it in COLOURS if severities[it])
        parts.append(f"{found} in {files} of {counted(len(checked), 'file')}")
        given = [one for one in checked if one.source.path not in run.only_read]
        parts += _marked(given)
        parts += _marked_in_only_read([one for one in checked if one.source.path in run.only_read])
    elif checked or not failed:
        parts.append(f"{counted(len(checked), 'file')} checked, nothing found")
    if failed:
        parts.append(f"{counted(failed, 'file')} could not be checked")
    if checked:
        parts.append(_dialects(checked))
    return "; ".join(parts)


def hint(run: Run) -> str | None:
    """What would tell more of the files, in one line; None if nothing is known that would."""
    unheard = any(finding.unheard for one in run.checked for finding in one.findings)
    return _OWN_SCHEMA if unheard else None


def _marked(checked: Sequence[Checked]) -> Iterator[str]:
    """How many findings are mended by which option."""
    marks = Counter(mark_of(finding) for one in checked for finding in one.findings)
    if marks["*"]:
        yield f"{marks['*']} marked [*] for --fix"
    if marks["**"]:
        yield f"{marks['**']} marked [**] for --unsafe-fixes"


def _marked_in_only_read(checked: Sequence[Checked]) -> Iterator[str]:
    """How many findings are mended by which option once the nets that solvers name are given."""
    marked = " and ".join(_marked(checked))
    if marked:
        names = [one.source.path for one in checked if any(it.fix for it in one.findings)]
        are = "is" if len(names) == 1 else "are"
        yield f"{marked} once {in_words(names)} {are} named as well"


def _of_severity(severity: Severity, number: int) -> str:
    return f"{number:,} info" if severity == "info" else counted(number, severity)


def file_line(checked: Checked) -> Line:
    """What a file is, on one line: `net.prototxt: net, dialect SSD (ssd)`."""
    what = NOT_CAFFE if checked.kind is None else f"{KIND_NAMES[checked.kind]}, {_dialect(checked)}"
    return [(f"{checked.source.path}: ", "bold"), (what, "")]


def _dialects(checked: Sequence[Checked]) -> str:
    """The dialect of one file; of several, how many are of which."""
    if len(checked) == 1:
        return NOT_CAFFE if checked[0].kind is None else _dialect(checked[0])
    counts = Counter(one.dialect_title if one.kind else NOT_CAFFE for one in checked)
    return "by dialect: " + ", ".join(f"{title} {number}" for title, number in counts.most_common())


def _dialect(checked: Checked) -> str:
    title, name = checked.dialect_title, checked.dialect
    return f"dialect {title}" if title == name else f"dialect {title} ({name})"
