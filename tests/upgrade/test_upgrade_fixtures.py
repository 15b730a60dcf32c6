"""Befores and afters of `protofix upgrade`: each folder of `fixtures/upgrade`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.cli import main

CASES = sorted((ROOT / "fixtures" / "upgrade").iterdir())

# What could not be upgraded there, as it is said.
LEFT = {
    "inputs_without_shape": "1:1: `input` has neither `input_shape` nor `input_dim`",
    "unknown_type": "2:23: `MY_WARPING`, the type of `warp`, is none of the V1 format",
    "v0_padding_that_stays": "1:1: padding layer `pad` feeds `ip`, which is no V0 layer of type",
    "v0_without_meaning": "6:5: `stride` of `ip` has no meaning for type `innerproduct`",
}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_before_becomes_after(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = tmp_path / "net.prototxt"
    shutil.copy(folder / "before.prototxt", net)
    listed = folder / "arguments.txt"
    arguments = listed.read_text().split() if listed.exists() else []
    code = main(["upgrade", str(net), "--in-place", *arguments])
    assert net.read_bytes() == (folder / "after.prototxt").read_bytes()
    said = capsys.readouterr().out
    assert LEFT.get(folder.name, "upgraded ") in said
    assert code == (folder.name in LEFT)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_second_run_changes_nothing(folder: Path, tmp_path: Path) -> None:
    net = tmp_path / "net.prototxt"
    shutil.copy(folder / "after.prototxt", net)
    listed = folder / "arguments.txt"
    arguments = listed.read_text().split() if listed.exists() else ["--unsafe"]
    main(["upgrade", str(net), "--in-place", *arguments])
    assert net.read_bytes() == (folder / "after.prototxt").read_bytes()
