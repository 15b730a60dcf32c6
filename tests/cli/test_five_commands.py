"""The README's way from an unbalanced data set to a weighted, proven net, as it is written."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.cli import main

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## From an unbalanced data set to a weighted net")[1].split("\n## ")[0]
COMMANDS = re.findall(r"^    protofix (.+)$", SECTION, re.MULTILINE)
TABLE = re.findall(r"^```\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)[0]


def test_each_command_does_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "fixtures" / "unbalanced", tmp_path / "fixtures" / "unbalanced")
    monkeypatch.chdir(tmp_path)
    said = []
    for command in COMMANDS:
        assert main(shlex.split(command)) == 0, command
        said.append(capsys.readouterr().out)
    assert [command.split()[0] for command in COMMANDS] == ["matrix", "matrix", "inject", "prove"]
    assert said[0].startswith(TABLE)
    assert "logarithmic scale" in said[1]
    assert said[2].endswith("wrote weighted.prototxt\n")
    [promised] = re.findall(r"`(equal [^`]+)`", SECTION)
    assert " ".join(promised.split()) in said[3]
    assert (tmp_path / "weighted.prototxt").exists()
    assert main(["check", "weighted.prototxt"]) == 0
