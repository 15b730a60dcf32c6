"""The reports of `protofix check` as a run writes them, with what could not be checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from protofix.cli import main

WRONG = "layer { name: 'a' type: 'Sofmax' top: 'x' }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.prototxt").write_text(WRONG)
    (tmp_path / "empty.prototxt").write_text("")
    return tmp_path


def notes(text: str) -> list[str]:
    [invocation] = json.loads(text)["runs"][0]["invocations"]
    return [it["message"]["text"] for it in invocation["toolExecutionNotifications"]]


def blockers(text: str) -> list[str]:
    return [it["description"] for it in json.loads(text) if it["severity"] == "blocker"]


def errors(text: str) -> list[str]:
    return [it.attrib["message"] for it in ElementTree.fromstring(text).iter("error")]


def commands(text: str) -> list[str]:
    return [it.partition("this::")[2] for it in text.splitlines() if "could not check" in it]


FAILURES: dict[str, Callable[[str], list[str]]] = {
    "sarif": notes,
    "gitlab": blockers,
    "junit": errors,
    "github": commands,
}
EMPTY = "./empty.prototxt: is empty; a net has at least one layer"


@pytest.mark.parametrize("format", FAILURES)
def test_a_report_says_what_could_not_be_checked(
    format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--format", format]) == 2
    out, err = capsys.readouterr()
    assert FAILURES[format](out) == [EMPTY]
    assert err == f"protofix: {EMPTY}\n"
    assert "PF109" in out


@pytest.mark.parametrize("format", FAILURES)
def test_a_report_goes_to_a_file(
    format: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "wrong.prototxt", "--format", format]) == 1
    printed = capsys.readouterr().out
    assert main(["check", "wrong.prototxt", "--format", format, "-o", "report"]) == 1
    assert capsys.readouterr().out == ""
    assert (folder / "report").read_text() == printed


def test_a_report_of_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "right.prototxt").write_text("layer { type: 'Input' top: 'x' }")
    said = {}
    for format in FAILURES:
        assert main(["check", "right.prototxt", "--format", format]) == 0
        said[format] = capsys.readouterr().out
    assert json.loads(said["gitlab"]) == []
    assert json.loads(said["sarif"])["runs"][0]["results"] == []
    assert said["github"] == ""
    assert ElementTree.fromstring(said["junit"]).attrib["tests"] == "1"


EXCLUDED: dict[str, list[str]] = {"--force-exclude": [], "--exit-zero": ["PF109"]}


@pytest.mark.parametrize("option", EXCLUDED)
def test_what_is_named_is_left_out_if_that_is_forced(
    option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "protofix.toml").write_text('exclude = ["vendored/"]\n')
    (folder / "vendored").mkdir()
    (folder / "vendored" / "net.prototxt").write_text(WRONG)
    assert main(["check", "vendored/net.prototxt", option, "--format", "json"]) == 0
    found: list[Any] = json.loads(capsys.readouterr().out)
    assert [it["code"] for it in found] == EXCLUDED[option]
