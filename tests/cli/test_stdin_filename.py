"""`--stdin-filename`: the text on standard input is held against what holds for that file."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from protofix.cli import main
from protofix.infogain.matrix.writing import binaryproto_bytes

NET = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 4 } } }
layer { name: "loss" type: "InfogainLoss" bottom: "x" bottom: "y" top: "loss"
        infogain_loss_param { source: "H.binaryproto" } }
layer { name: "odd" type: "Sofmax" bottom: "x" top: "odd" }
"""
NAMED = ["check", "-", "--stdin-filename", "models/net.prototxt"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    return tmp_path


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    def codes(*arguments: str, text: str = NET) -> list[str]:
        give(text, monkeypatch)
        main([*arguments, "--format", "json"])
        return [it["code"] for it in json.loads(capsys.readouterr().out)]

    return codes


def give(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_without_a_name_it_lies_nowhere(folder: Path, found: Any) -> None:
    assert found("check", "-") == ["PF406", "PF109"]


def test_the_configuration_of_its_folder_holds(folder: Path, found: Any) -> None:
    (folder / "models" / "protofix.toml").write_text('ignore = ["PF406"]\n')
    assert found(*NAMED) == ["PF109"]
    assert found("check", "-") == ["PF406", "PF109"]


def test_what_is_ignored_for_such_files_is_ignored(folder: Path, found: Any) -> None:
    config = '[per-file-ignores]\n"models/*" = ["PF109"]\n'
    (folder / "protofix.toml").write_text(config)
    assert found(*NAMED) == ["PF406"]
    assert found("check", "-") == ["PF406", "PF109"]


def test_files_that_it_names_are_looked_for_from_there(folder: Path, found: Any) -> None:
    matrix = folder / "models" / "H.binaryproto"
    for classes, expected in {3: ["PF109"], 2: ["PF406", "PF109"]}.items():
        rows = [[float(row == column) for column in range(classes)] for row in range(classes)]
        matrix.write_bytes(binaryproto_bytes(rows))
        assert found(*NAMED) == expected


def test_its_baseline_holds(folder: Path, found: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "models" / "net.prototxt").write_text(NET)
    assert main(["check", "--write-baseline", "base.json"]) == 0
    capsys.readouterr()
    moved = f"# A comment.\n{NET}"
    assert found(*NAMED, "--baseline", "base.json", text=moved) == []
    assert found(*NAMED, "--baseline", "base.json", text=NET.replace("odd", "odder")) == ["PF109"]


REPORTS = {
    "concise": "models/net.prototxt:5:",
    "github": "file=models/net.prototxt,line=5",
    "gitlab": '"path": "models/net.prototxt"',
    "junit": '<testsuite name="models/net.prototxt"',
    "sarif": '"uri": "models/net.prototxt"',
    "json": '"file": "models/net.prototxt"',
    "text": "models/net.prototxt:5:",
}


@pytest.mark.parametrize("format", REPORTS)
def test_reports_call_it_by_its_name(
    format: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(NET, monkeypatch)
    assert main([*NAMED, "--format", format]) == 1
    out = capsys.readouterr().out
    assert REPORTS[format] in out
    assert "stdin" not in out


@pytest.mark.parametrize("format", ["github", "gitlab", "junit", "sarif"])
def test_reports_name_it_if_it_cannot_be_checked(
    format: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give("", monkeypatch)
    assert main([*NAMED, "--format", format]) == 2
    out, err = capsys.readouterr()
    assert "models/net.prototxt: is empty" in out
    assert err.startswith("protofix: models/net.prototxt: is empty")


def test_what_is_mended_goes_to_standard_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = folder / "models" / "net.prototxt"
    kept.write_text("untouched")
    ignored = "layer { name: 'x' type: 'Input' top: 'x' } # protofix: ignore[PF301]\n"
    give(ignored, monkeypatch)
    assert main([*NAMED, "--fix"]) == 0
    out, err = capfd.readouterr()
    assert out == "layer { name: 'x' type: 'Input' top: 'x' }\n"
    assert err.startswith("1 finding mended in 1 file: PF902 unused-ignore × 1\n")
    assert kept.read_text() == "untouched"
