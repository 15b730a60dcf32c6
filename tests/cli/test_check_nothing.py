"""`protofix check` where there is nothing to check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protofix.cli import main

NONE = "there is no *.prototxt to check in this folder: "
GIT = "(--no-gitignore checks them)"
OUT = "(a file that is named is checked)"
NAME = "a file of another name is checked if it is named"

# The arguments, the exit code, and what is said in a line each.
RUNS = {
    "a folder": (["none"], 2, [f"none: {NONE}{NAME}"]),
    "a folder beside another": (["none", "nets"], 2, [f"none: {NONE}{NAME}"]),
    "a folder that Git ignores wholly": (
        ["ignored"],
        2,
        [f"ignored: {NONE}.gitignore leaves 2 out {GIT}"],
    ),
    "a folder of which a configuration names each file": (
        ["excluded"],
        2,
        [f"excluded: {NONE}`exclude` leaves 1 out {OUT}"],
    ),
    "a folder that both leave out": (
        ["both"],
        2,
        [f"both: {NONE}.gitignore leaves 2 out {GIT} and `exclude` leaves 1 out {OUT}"],
    ),
    "with --exit-zero": (["none", "--exit-zero"], 2, [f"none: {NONE}{NAME}"]),
    "with --fix": (["none", "--fix"], 2, [f"none: {NONE}{NAME}"]),
    "with --diff": (["none", "--diff"], 2, [f"none: {NONE}{NAME}"]),
    "with --no-gitignore": (["ignored", "--no-gitignore"], 0, []),
    "files alone, as a hook names them": (
        ["excluded/net.prototxt", "--force-exclude"],
        0,
        [],
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    nets = ["nets/a", "ignored/a", "ignored/b", "excluded/net", "both/a", "both/b", "both/net"]
    for name in nets:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.prototxt").write_text("layer { type: 'Input' top: 'x' }\n")
    for name in (".git", "none"):
        (tmp_path / name).mkdir()
    for name in ("ignored", "both"):
        (tmp_path / name / ".gitignore").write_text("a.*\nb.*\n")
    (tmp_path / "setup.cfg").write_text("[protofix]\nexclude = net.prototxt\n")
    return tmp_path


@pytest.mark.parametrize("case", RUNS)
def test_a_folder_that_is_named_for_nothing_is_said(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, code, said = RUNS[case]
    assert main(["check", *arguments]) == code
    lines = capsys.readouterr().err.splitlines()
    assert [it for it in lines if it.startswith("protofix: ")] == [f"protofix: {it}" for it in said]


def test_where_nothing_is_named_it_is_said_and_no_mistake(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder / "none")
    assert main(["check"]) == 0
    assert capsys.readouterr().err.splitlines()[0] == f"protofix: .: {NONE}{NAME}"


def test_reports_tell_of_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "none", "--format", "sarif"]) == 2
    [run] = json.loads(capsys.readouterr().out)["runs"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == f"none: {NONE}{NAME}"


def test_a_baseline_is_not_written_of_nothing(folder: Path) -> None:
    assert main(["check", "none", "--write-baseline", "base.json"]) == 2
    assert not (folder / "base.json").exists()
