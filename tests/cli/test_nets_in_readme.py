"""What the README shows of `check` and `show` is what they print."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from shared_data import ROOT, SHARED, needs_shared

from protofix.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_findings_shown_are_those_of_the_fixture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT / "fixtures" / "check")
    assert main(["check", "net.prototxt", "--format", "concise"]) == 1
    out = capsys.readouterr().out
    assert out.count("\n") == 3
    assert f"```\n{out}```" in README


@needs_shared
def test_the_table_shown_is_that_of_lenet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "lenet_train_test.prototxt"
    monkeypatch.chdir(SHARED / "corpus" / "caffe-1.0" / "examples" / "mnist")
    monkeypatch.setenv("COLUMNS", "110")
    assert Path(name).is_file() and os.environ["COLUMNS"] == "110"
    assert main(["show", name, "--phase", "TRAIN", "--given", "data=64,1,28,28"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "\n".join(f"    {line}".rstrip() for line in lines) in README
