"""`protofix prove` as people use it: files in, a table, JSON or a page out, and the exit code."""

from __future__ import annotations

import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_data import ROOT

import protofix
from protofix.cli import main
from protofix.infogain.maths import fused_loss
from protofix.proving import prove_documents
from protofix.reports.proof.html import html_report
from protofix.reports.proof.text import proof_lines, three_lines

PLAIN = ROOT / "fixtures" / "fuse" / "plain"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start in a folder with a net before and after its migration, and its H."""
    shutil.copy(PLAIN / "before.prototxt", tmp_path / "old.prototxt")
    shutil.copy(PLAIN / "after.prototxt", tmp_path / "new.prototxt")
    shutil.copy(ROOT / "fixtures" / "H.binaryproto", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_equal_nets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "old.prototxt", "new.prototxt"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("`loss`, InfogainLoss, in TRAIN and TEST\n  H H.binaryproto\n")
    assert "old Caffe        today's Caffe              new net  difference\n" in out
    assert "but where the old gradient underflows\n" in out


def test_a_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = folder / "new.prototxt"
    new.write_text(new.read_text().replace("loss_weight: 2", "loss_weight: 3"))
    assert main(["prove", "old.prototxt", "new.prototxt"]) == 1
    assert ": loss_weight 2 → 3\n" in capsys.readouterr().out


WRONG = {
    "a label that nobody makes": (
        'bottom: "label"',
        'bottom: "lable"',
        "problem: in TRAIN `loss` reads `lable`, which no layer before it makes\n",
    ),
    "an H that is not here": (
        '"H.binaryproto"',
        '"H.binarypoto"',
        "H.binarypoto is not here: H.binaryproto in its place\n",
    ),
    "a layer that Caffe refuses": (
        "num_output: 3",
        "num_output: 0",
        "problem: in TRAIN `fc` needs num_output",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_new_net_that_is_wrong(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, said = WRONG[what]
    text = (folder / "new.prototxt").read_text()
    assert old in text
    (folder / "new.prototxt").write_text(text.replace(old, new))
    assert main(["prove", "old.prototxt", "new.prototxt"]) == 1
    assert said in capsys.readouterr().out


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "old.prototxt", "new.prototxt", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["holds"]
    [loss] = record["losses"]
    assert (loss["states"], loss["reference"]) == (["TRAIN", "TEST"], "legacy")
    assert loss["batches"][0]["legacy"] == pytest.approx(loss["batches"][0]["new"])


def test_json_tells_what_to_compute_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["prove", "old.prototxt", "new.prototxt", "--format", "json"])
    batches = json.loads(capsys.readouterr().out)["losses"][0]["batches"]
    for batch in batches:
        given = batch["given"]
        again = fused_loss(
            np.array(given["scores"][0]), np.array(given["labels"]), np.array(given["H"]["new"])
        )
        assert again.loss == pytest.approx(batch["new"]["loss"])
    assert any(batch["given"]["H"] != batches[0]["given"]["H"] for batch in batches)


def test_json_has_no_number_that_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = folder / "new.prototxt"
    new.write_text(new.read_text().replace("loss_weight: 2", "loss_weight: nan"))
    assert main(["prove", "old.prototxt", "new.prototxt", "--format", "json"]) == 1

    def refuse(word: str) -> None:
        raise AssertionError(word)

    record = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert record["losses"][0]["batches"][0]["new"]["max_gradient"] is None


VERDICTS = {
    "from the same scores": (
        "num_output: 3",
        "num_output: 3 bias_term: false",
        "different: `fc`: inner_product_param.bias_term true → false; from the same scores "
        "differences up to ",
    ),
    "nothing computed": (
        'type: "InfogainLoss"',
        'type: "HingeLoss"',
        "different: `loss`: type InfogainLoss → HingeLoss",
    ),
}


@pytest.mark.parametrize("what", VERDICTS)
def test_the_verdict_tells_what_was_measured(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, said = VERDICTS[what]
    text = (folder / "new.prototxt").read_text()
    (folder / "new.prototxt").write_text(text.replace(old, new))
    assert main(["prove", "old.prototxt", "new.prototxt"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.strip().startswith(said) for line in lines)
    assert not any("no difference: " in line for line in lines)


def test_three_lines_tell_of_every_loss(folder: Path) -> None:
    text = (folder / "new.prototxt").read_text()
    shutil.copy("H.binaryproto", "G.binaryproto")
    second = "layer {" + text.rpartition("\nlayer {")[2]
    second = second.replace('"loss"', '"second"').replace("H.binaryproto", "G.binaryproto")
    old = protofix.parse(text + second)
    new = protofix.parse(text + second.replace("loss_weight: 2", "loss_weight: 3"))
    lines = ["".join(part for part, _ in it) for it in three_lines(prove_documents(old, new))]
    assert len(lines) == 3
    assert lines[0].endswith("; H H.binaryproto and G.binaryproto")
    assert lines[2].startswith("  `second`: different, ")
    assert lines[2].endswith("loss_weight 2 → 3; `loss`: equal")


@pytest.mark.parametrize("name", ["proof.html", "proof.json", "proof.txt"])
def test_a_report_is_written_whole(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prove", "old.prototxt", "new.prototxt", "--report", name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[-1] == f"wrote {name}"
    written = (folder / name).read_text(encoding="utf-8")
    begins = {"proof.html": "<!doctype html>", "proof.json": "{", "proof.txt": "`loss`"}[name]
    assert written.lower().startswith(begins)


OWN = {
    "the old net": "old.prototxt",
    "the new net": "new.prototxt",
    "H": "H.binaryproto",
    "a link to H": "link.html",
    "a database's file": "H_lmdb/data.mdb",
    "a list of HDF5 files": "H_list.txt",
    "an HDF5 file": "H.h5",
}
LISTED = 'type: "HDF5Data" hdf5_data_param { source: "H_list.txt" batch_size: 1 }'
MADE = {
    "a database's file": 'type: "Data" data_param { source: "H_lmdb" backend: LMDB batch_size: 1 }',
    "a list of HDF5 files": LISTED,
    "an HDF5 file": LISTED,
}


@pytest.mark.parametrize("what", OWN)
def test_a_report_onto_what_is_read_is_refused(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "link.html").symlink_to("H.binaryproto")
    assert main(["matrix", "convert", "H.binaryproto", "H_lmdb"]) == 0
    assert main(["matrix", "convert", "H.binaryproto", "H.h5"]) == 0
    capsys.readouterr()
    if what in MADE:
        new = (folder / "new.prototxt").read_text()
        new = new.replace('bottom: "label"', 'bottom: "label" bottom: "infogain_H"')
        layer = f'layer {{ name: "h" top: "infogain_H" {MADE[what]} }}\n'
        (folder / "new.prototxt").write_text(layer + new)
    before = (folder / OWN[what]).read_bytes()
    assert main(["prove", "old.prototxt", "new.prototxt", "--report", OWN[what]]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"protofix: {OWN[what]}: is ")
    assert captured.out == ""
    assert (folder / OWN[what]).read_bytes() == before


def test_standard_input_is_one_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "-", "-"]) == 2
    assert capsys.readouterr().err == ("protofix: only one of OLD and NEW can be standard input\n")


BAD = {
    "no such file": ("gone.prototxt", "gone.prototxt: cannot be read: No such file or directory"),
    "a solver": ("solver.prototxt", "solver.prototxt: is a solver: give the net it names"),
    "without a loss": (
        "deploy.prototxt",
        "deploy.prototxt: has no loss in any state, so there is nothing to prove",
    ),
    "a fragment": (
        "fragment.prototxt",
        "fragment.prototxt: no layer makes the scores that both nets read: give the whole net",
    ),
    "mixed formats": (
        "mixed.prototxt",
        "mixed.prototxt: mixes `layer` and `layers`, and Caffe refuses it: "
        "protofix upgrade --unsafe makes it whole",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_proven(what: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "solver.prototxt").write_text('net: "new.prototxt" base_lr: 1')
    (folder / "deploy.prototxt").write_text('input: "a" layer { name: "r" type: "ReLU" }')
    loss = (folder / "new.prototxt").read_text().rpartition("\nlayer {")[2]
    (folder / "fragment.prototxt").write_text("layer {" + loss)
    (folder / "mixed.prototxt").write_text('layer { name: "a" } layers { name: "b" }')
    name, message = BAD[what]
    assert main(["prove", name, name]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"protofix: {message}\n"


def test_the_library(folder: Path) -> None:
    old, new = (Path(name).read_text() for name in ("old.prototxt", "new.prototxt"))
    proof = protofix.prove(old, new)
    assert proof.holds
    assert [loss.loss for loss in proof.losses] == ["loss"]
    back = protofix.inject(new, target="legacy").after.text
    assert protofix.prove(new, back, target="legacy").holds


@pytest.mark.parametrize("option", ["target", "engine"])
def test_a_word_that_is_no_target_or_engine(option: str) -> None:
    net = protofix.parse((PLAIN / "after.prototxt").read_text())
    wrong: dict[str, Any] = {option: "legcy"}
    with pytest.raises(ValueError, match=f"the {option} is .*, not 'legcy'"):
        prove_documents(net, net, **wrong)


def test_pycaffe_computes_where_it_is_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a stand-in for it, which computes the losses by its own means, in float32."""
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "infogain" / "stand_in_caffe"))
    monkeypatch.setenv("CAFFE_STAND_IN", "fused")
    assert main(["prove", "old.prototxt", "new.prototxt", "--engine", "caffe"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("computed by pycaffe ")
    assert lines[-2].startswith("  equal, differences up to ")


def test_a_page_says_what_counts_as_equal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["prove", "old.prototxt", "new.prototxt", "--format", "html"]
    assert main(command) == 0
    assert _said_of_tolerance(capsys.readouterr().out) == ["1e-6", "1e-6"]
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "infogain" / "stand_in_caffe"))
    monkeypatch.setenv("CAFFE_STAND_IN", "fused")
    assert main([*command, "--engine", "caffe"]) == 0
    assert _said_of_tolerance(capsys.readouterr().out) == ["1e-4", "1e-4"]


def _said_of_tolerance(page: str) -> list[str]:
    return re.findall(r"dashed: (1e-\d+)", page) + re.findall(r"up to (\S+) counts", page)


GRADES = {
    "equal": ("H.binaryproto", "H.binaryproto", "good", "green"),
    "one and the same that is not here": ("A.binaryproto", "A.binaryproto", "good", "green"),
    "two that are not here": ("A.binaryproto", "B.binaryproto", "doubt", "yellow"),
    "one that is not here": ("H.binaryproto", "B.binaryproto", "doubt", "yellow"),
}


@pytest.mark.parametrize("what", GRADES)
def test_what_does_not_hold_is_not_green(what: str, folder: Path) -> None:
    one, two, grade, tint = GRADES[what]
    old, new = (
        protofix.parse(Path(name).read_text().replace("H.binaryproto", h))
        for name, h in (("old.prototxt", one), ("new.prototxt", two))
    )
    proof = prove_documents(old, new)
    assert proof.holds == (grade == "good")
    banners = re.findall(r'<p class="verdict (\w+)">(.)', html_report(proof, old, new))
    assert banners == [(grade, "✓" if grade == "good" else "?")] * 2
    for lines in (proof_lines(proof), three_lines(proof)):
        tints = [style for line in lines for text, style in line if text.startswith("equal")]
        assert tints == [tint]


@pytest.mark.skipif(find_spec("caffe") is not None, reason="this Python has a pycaffe")
def test_no_pycaffe(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", "old.prototxt", "new.prototxt", "--engine", "caffe"]) == 2
    assert capsys.readouterr().err.startswith("protofix: pycaffe is not installed: ")


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits(width: int, folder: Path) -> None:
    old, new = (Path(name).read_text() for name in ("old.prototxt", "new.prototxt"))
    lines = ["".join(part for part, _ in it) for it in proof_lines(protofix.prove(old, new), width)]
    assert max(map(len, lines)) <= width
    assert ("|gradient|" in lines[2]) == (width > 100)
