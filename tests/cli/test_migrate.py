"""What `protofix migrate` prints and writes, and where."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from shared_data import ROOT

from protofix.cli import main
from protofix.infogain.maths import LossResult, fused_loss

PLAIN = ROOT / "fixtures" / "fuse" / "plain"
BEFORE = (PLAIN / "before.prototxt").read_text()
AFTER = (PLAIN / "after.prototxt").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(PLAIN / "before.prototxt", tmp_path / "net.prototxt")
    shutil.copy(ROOT / "fixtures" / "H.binaryproto", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_an_output_it_shows_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "net.prototxt", "--compute-h"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("--- a/net.prototxt\n+++ b/net.prototxt\n")
    changed = "H: H.binaryproto → ComputeH, of each batch's labels"
    assert f"different by {changed}; equal with one H in both, differences up to" in out
    assert out.endswith("--in-place writes the net, compute_h.py\n")
    assert sorted(path.name for path in folder.iterdir()) == ["H.binaryproto", "net.prototxt"]
    assert (folder / "net.prototxt").read_text() == BEFORE


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_the_diff_is_one_that_patch_takes(folder: Path) -> None:
    command = [sys.executable, "-m", "protofix", "migrate", "net.prototxt", "--diff"]
    run = subprocess.run(command, capture_output=True, check=True)
    assert b"proof" in run.stderr
    subprocess.run(["patch", "-p1"], input=run.stdout, check=True, capture_output=True)
    assert (folder / "net.prototxt").read_text() == AFTER


def test_the_result_on_standard_output(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["migrate", "net.prototxt", "-o", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == AFTER.encode()
    assert b"equal, differences up to" in err


def test_standard_input(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))
    assert main(["migrate", "-", "-o", "new.prototxt"]) == 0
    assert (folder / "new.prototxt").read_text() == AFTER


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "net.prototxt", "-o", "new.prototxt", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["file"] == "net.prototxt"
    assert record["written"] == ["new.prototxt"]
    assert record["complete"]
    assert [fused["loss"] for fused in record["fused"]] == ["loss"]
    assert record["refused"] == record["without_matrix"] == record["proof"]["problems"] == []
    [proof] = record["proof"]["losses"]
    assert proof["verdict"] == "equal but where a probability underflows"
    assert proof["matrix"] == {"old": "H.binaryproto", "new": "H.binaryproto"}
    batch = proof["batches"][0]
    assert batch["legacy"] == pytest.approx(batch["new"])
    assert batch["today"]["loss"] < batch["legacy"]["loss"]
    assert record["diff"].startswith("--- a/net.prototxt")


LOSS_PARAM = "  loss_param { ignore_label: 255 }\n"


@pytest.mark.parametrize(
    ("axis", "option", "stays"),
    [
        ("", [], False),
        ("", ["--keep-loss-param"], True),
        ("  infogain_loss_param { axis: 1 }\n", [], True),
        ("  infogain_loss_param { axis: 1 }\n", ["--drop-loss-param"], False),
    ],
)
def test_loss_param(
    axis: str, option: list[str], stays: bool, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = '  infogain_loss_param { source: "H.binaryproto" }\n'
    asked = axis.replace("axis: 1", 'source: "H.binaryproto" axis: 1') or source
    text = BEFORE.replace(source, asked + LOSS_PARAM)
    (folder / "net.prototxt").write_text(text)
    assert main(["migrate", "net.prototxt", "--in-place", *option]) == 0
    assert (LOSS_PARAM in (folder / "net.prototxt").read_text()) == stays
    assert f"loss_param {{ ignore_label: 255 }} {'stays' if stays else 'goes'}" in (
        capsys.readouterr().out
    )


def test_a_difference_that_was_asked_for_hides_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slightly_wrong(*arguments: Any, **options: Any) -> LossResult:
        right = fused_loss(*arguments, **options)
        return dataclasses.replace(right, gradient=right.gradient * 1.00001)

    source = '  infogain_loss_param { source: "H.binaryproto" }\n'
    text = BEFORE.replace(source, source + "  loss_param { ignore_label: 1 }\n")
    (folder / "net.prototxt").write_text(text)
    command = ["migrate", "net.prototxt", "--in-place", "--keep-loss-param"]
    monkeypatch.setattr("protofix.infogain.proof.heads.fused_loss", slightly_wrong)
    assert main(command) == 2
    captured = capsys.readouterr()
    assert "ignore_label 1: the old layer ignored none" in captured.out
    assert captured.err.endswith("the proof does not hold, so nothing was written\n")
    assert (folder / "net.prototxt").read_text() == text
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert main(command) == 0


def test_numbers_that_cannot_be_compared_are_left_to_look_at(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text(
        AFTER.replace("loss_weight: 2", "loss_weight: 2 loss_param { normalize: true }")
    )
    assert main(["migrate", "net.prototxt", "--in-place"]) == 1
    assert "not comparable: `normalize` is in its loss_param" in capsys.readouterr().out
    assert "normalize" not in (folder / "net.prototxt").read_text()


def test_a_net_that_needs_nothing_is_not_touched(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = folder / "net.prototxt"
    net.write_text(AFTER)
    stamp = net.stat().st_mtime_ns
    assert main(["migrate", "net.prototxt", "--in-place"]) == 0
    assert capsys.readouterr().out == "no Softmax feeds an InfogainLoss: nothing to do\n"
    assert net.stat().st_mtime_ns == stamp


def test_a_loss_without_a_matrix_is_left_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = folder / "net.prototxt"
    net.write_text(BEFORE.replace('infogain_loss_param { source: "H.binaryproto" }', ""))
    assert main(["migrate", "net.prototxt", "--in-place"]) == 1
    assert "`loss` has no matrix H, and Caffe will abort" in capsys.readouterr().out
    assert 'bottom: "fc"' in net.read_text()


@pytest.mark.parametrize("target", ["fifo", "H.binaryproto"])
def test_an_output_that_must_not_be_replaced(
    target: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import os

    if target == "fifo":
        os.mkfifo("fifo")
    before = (folder / "H.binaryproto").read_bytes()
    command = ["migrate", "net.prototxt", "--source", "H.binaryproto", "-o", target]
    assert main(command) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (folder / "H.binaryproto").read_bytes() == before


def test_force_backward_takes_no_matrix_as_a_bottom(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "net.prototxt").write_text("force_backward: true\n" + BEFORE)
    assert main(["migrate", "net.prototxt", "--compute-h"]) == 2
    assert "force_backward is set" in capsys.readouterr().err


def test_a_refused_chain_says_why_it_takes_no_matrix(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = ROOT / "fixtures" / "refuse" / "map" / "before.prototxt"
    assert main(["migrate", str(net), "--source", "H.binaryproto"]) == 2
    assert "`loss` cannot be fused, so it takes no H: `score` is a map" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["numpy", "json", "caffe", "\u00e9", "class", "a.b"])
def test_module_names_that_would_not_do(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "net.prototxt", "--compute-h", "--h-module", name]) == 2
    assert "--h-module" in capsys.readouterr().err
