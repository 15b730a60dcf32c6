"""Befores and afters of `protofix upgrade`: each folder of `fixtures/upgrade`.

`said.txt` is what is printed, and `arguments.txt` holds options. Where something is left in an old
format the exit code is 1.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.cli import main

CASES = sorted((ROOT / "fixtures" / "upgrade").iterdir())

LEFT = {
    "inputs_without_shape",
    "solver_with_nets",
    "unknown_type",
    "v0_beside",
    "v0_padding_that_stays",
    "v0_without_meaning",
    "v1_param_beside",
}


def options_of(folder: Path) -> list[str]:
    listed = folder / "arguments.txt"
    return listed.read_text().split() if listed.exists() else []


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_before_becomes_after(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "before.prototxt", "net.prototxt")
    code = main(["upgrade", "net.prototxt", "-o", "after.prototxt", *options_of(folder)])
    assert Path("after.prototxt").read_bytes() == (folder / "after.prototxt").read_bytes()
    said = (folder / "said.txt").read_text()
    assert capsys.readouterr().out == f"{said}wrote after.prototxt\n"
    assert code == (folder.name in LEFT)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_second_run_changes_nothing(folder: Path, tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    shutil.copy(folder / "after.prototxt", net)
    assert main(["upgrade", str(net), "--in-place", *options_of(folder)]) <= 1
    assert net.read_bytes() == (folder / "after.prototxt").read_bytes()
