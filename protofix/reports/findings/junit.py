"""Findings as JUnit's XML, which most CI systems show as tests that failed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from protofix.linting.fingerprints import Fingerprinted, path_in
from protofix.reports.findings.concise import text_line
from protofix.reports.findings.run import Run
from protofix.reports.terminal import printable

if TYPE_CHECKING:
    from junitparser import Error, Failure, TestCase


def report(run: Run) -> str:
    """A suite for each file, with a case for each finding and each thing that went wrong.

    A file in which nothing was found is a case that passed, and so is what is only good to know,
    which stops no pipeline: what it says is the case's output.
    """
    from junitparser import Error, JUnitXml, TestSuite

    root = run.root
    suites: dict[str, list[TestCase]] = defaultdict(list)
    for one in run.checked:
        suites[path_in(root, one.source.path)] = []
    for known in run.fingerprinted():
        suites[known.path].append(_of_finding(known))
    for failure in run.failures():
        error = Error(printable(failure.reason), "not checked")
        suites[failure.path].append(_case(failure.path, "not checked", error))
    xml = JUnitXml("protofix")
    for path, cases in suites.items():
        suite = TestSuite(printable(path))
        # Added by its own methods, each would have everything counted again.
        for case in cases or [_case(path, "nothing found")]:
            suite.append(case)
        xml.append(suite)
    xml.update_statistics()
    written: bytes = xml.tostring()
    return written.decode()


def _of_finding(known: Fingerprinted) -> TestCase:
    from junitparser import Failure

    source, finding = known.checked.source, known.finding
    line, column = source.position(finding.start)
    name = f"{finding.code} {finding.rule} at {line}:{column}"
    said = printable("".join(part for part, _ in text_line(source, finding)))
    if finding.severity == "info":
        case = _case(known.path, name)
        case.system_out = said
        return case
    failure = Failure(printable(finding.message), finding.severity)
    failure.text = said
    return _case(known.path, name, failure)


def _case(path: str, name: str, result: Failure | Error | None = None) -> TestCase:
    from junitparser import TestCase

    case = TestCase(name, printable(path))
    if result is not None:
        case.result = [result]
    return case
