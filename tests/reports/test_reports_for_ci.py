"""`--format junit`, `github` and `gitlab`, each read as its CI system reads it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from findings_runs import checked, found, holding, run
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml

from protofix.linting.checking import Failed
from protofix.reports.findings import github, gitlab, junit
from protofix.rulebook.findings import Checked

CLEAN = checked('layer { name: "d" type: "Input" top: "d" }', "clean.prototxt")
GONE = Failed("gone.prototxt", "gone.prototxt: cannot be read: No such file or directory")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def net(text: str = "a: 1\nb: 2\n", start: int = 5, end: int = 6) -> Checked:
    return holding(text, found(start, end))


def test_junit_has_a_suite_a_file_and_a_case_a_finding() -> None:
    broken = replace(net(), failures=("net.prototxt: internal error in rule PF401: oops",))
    xml = JUnitXml.fromstring(junit.report(run(broken, CLEAN, failed=(GONE,))))
    assert (xml.name, xml.tests, xml.failures, xml.errors) == ("protofix", 4, 1, 2)
    cases = {suite.name: [(case.name, case.result) for case in suite] for suite in xml}
    (finding, [failure]), (unchecked, [error]) = cases["net.prototxt"]
    assert finding == "PF301 unmade-blob at 2:1"
    assert isinstance(failure, Failure)
    assert (failure.message, failure.type) == ("is wrong: write it anew", "error")
    assert failure.text == "net.prototxt:2:1: PF301 unmade-blob: is wrong: write it anew"
    assert unchecked == "not checked"
    assert isinstance(error, Error)
    assert cases["clean.prototxt"] == [("nothing found", [])]
    assert cases["gone.prototxt"][0][1][0].message == GONE.reason


def test_what_is_only_good_to_know_fails_no_case() -> None:
    known = net()
    [finding] = known.findings
    told = replace(known, findings=(replace(finding, severity="info"),))
    xml = JUnitXml.fromstring(junit.report(run(told)))
    assert (xml.tests, xml.failures) == (1, 0)
    [[case]] = xml
    assert case.system_out == "net.prototxt:2:1: PF301 unmade-blob: is wrong: write it anew"


@given(st.text(st.characters(codec=None), max_size=30))
def test_junit_is_xml_whatever_is_in_a_message(words: str) -> None:
    # No path holds these characters.
    name = words.replace("\0", "").encode("utf-8", "ignore").decode()
    written = holding("a: 1", found(0, 1, words), path=f"{name}.prototxt")
    [suite] = JUnitXml.fromstring(junit.report(run(written)).encode())
    assert len(list(suite)) == 1


def test_github_has_a_command_a_finding() -> None:
    assert github.report(run(net(), CLEAN, failed=(GONE,))).splitlines() == [
        "::error file=net.prototxt,line=2,endLine=2,col=1,endColumn=1,title=PF301 unmade-blob::"
        "net.prototxt:2:1: PF301 unmade-blob: is wrong: write it anew",
        "::error file=gone.prototxt,title=protofix could not check this::"
        "gone.prototxt: cannot be read: No such file or directory",
    ]


def test_github_takes_columns_of_one_line_alone() -> None:
    [command] = github.report(run(net("a {\n}\n", 0, 5))).splitlines()
    assert command.startswith("::error file=net.prototxt,line=1,endLine=2,title=")


COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


@pytest.mark.parametrize("severity", COMMANDS)
def test_github_has_a_command_for_each_severity(severity: Any) -> None:
    said = github.report(run(holding("a: 1", found(0, 1, severity=severity))))
    assert said.startswith(f"::{COMMANDS[severity]} file=")


def unescaped(text: str) -> str:
    """A text as GitHub's runner takes it back."""
    marks = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
    return re.sub("%25|%0D|%0A|%3A|%2C", lambda match: marks[match[0]], text)


NASTY = "a,b: 100%25::warning file=x::y"


def test_github_takes_nothing_for_a_command_that_is_none() -> None:
    path = "models/a,b:c%.prototxt"
    written = holding("a: 1", found(0, 1, f"{NASTY}\n::error::two"), path=path)
    [command] = github.report(run(written)).splitlines()
    head, message = command.removeprefix("::").split("::", 1)
    properties = dict(it.split("=", 1) for it in head.removeprefix("error ").split(","))
    assert unescaped(properties["file"]) == path
    assert unescaped(message).endswith(f"{NASTY}\\x0a::error::two")


def test_gitlab_has_an_object_a_finding() -> None:
    records = json.loads(gitlab.report(run(net(), CLEAN, failed=(GONE,))))
    fingerprints = [it.pop("fingerprint") for it in records]
    assert len(set(fingerprints)) == 2
    assert records == [
        {
            "description": "PF301 unmade-blob: is wrong: write it anew",
            "check_name": "PF301 unmade-blob",
            "severity": "major",
            "location": {"path": "net.prototxt", "lines": {"begin": 2, "end": 2}},
        },
        {
            "description": "gone.prototxt: cannot be read: No such file or directory",
            "check_name": "not checked",
            "severity": "blocker",
            "location": {"path": "gone.prototxt", "lines": {"begin": 1}},
        },
    ]


def prints(*checked: Checked) -> list[str]:
    return [it["fingerprint"] for it in json.loads(gitlab.report(run(*checked)))]


SAME = {
    "lines above it": net("# new\n# lines\na: 1\nb: 2\n", 19, 20),
    "another indentation": net("a: 1\n  b: 2\n", 7, 8),
}
OTHER = {
    "another line": net("a: 1\nb: 3\n"),
    "another file": replace(net(), source=replace(net().source, path="other.prototxt")),
    "another rule": holding("a: 1\nb: 2\n", replace(found(5, 6), code="PF302")),
}


@pytest.mark.parametrize("name", SAME)
def test_a_fingerprint_stays(name: str) -> None:
    assert prints(SAME[name]) == prints(net())


@pytest.mark.parametrize("name", OTHER)
def test_a_fingerprint_is_of_one_finding(name: str) -> None:
    assert prints(OTHER[name]) != prints(net())


def test_findings_that_look_alike_have_their_own_fingerprints() -> None:
    alike = holding("b: 2\nb: 2\n", found(0, 1), found(5, 6))
    # A net is checked again for a solver that names it.
    again = holding("b: 2\nb: 2\n", found(3, 4))
    assert len(set(prints(alike, again))) == 3
