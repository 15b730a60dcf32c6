"""`protofix matrix check`: its lines, its JSON and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protofix.cli import main

NET = """layer { name: "in" type: "Input" top: "fc" top: "label"
        input_param { shape { dim: 4 dim: 3 } shape { dim: 4 } } }
layer { name: "loss" type: "InfogainLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "aux" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "aux" }
"""
FINE = "1,0\n0,1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "H.csv").write_text(FINE)
    (tmp_path / "net.prototxt").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*arguments: str) -> int:
    return main(["matrix", "check", *arguments])


@pytest.mark.parametrize(
    ("text", "code", "out", "err"),
    [
        (FINE, 0, "", "H.csv: csv, 2 x 2, float64: nothing found\n"),
        (
            "8,0\n0,16\n", 0,
            "H.csv: note scale: the rows sum to 12 on average (8 to 16): with all classes equally "
            "frequent the gradients are as if the learning rate were multiplied by 12\n",
            "H.csv: csv, 2 x 2, float64: nothing found but notes\n",
        ),
        (
            "0,0\n0,2\n", 1,
            "H.csv: warning zero-row: row 0 (from 0) is all 0: nothing is learnt from labels of "
            "that class\n",
            "H.csv: csv, 2 x 2, float64: 1 concern\n",
        ),
        ("1,0\n", 2, "", "protofix: H.csv: 1 rows of 2 numbers are not square"),
    ],
)  # fmt: skip
def test_lines_and_exit_codes(
    text: str, code: int, out: str, err: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "H.csv").write_text(text)
    assert check("H.csv") == code
    said = capsys.readouterr()
    assert said.out == out
    assert said.err.startswith(err)
    assert said.err.count("\n") == 1


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("H.csv", "--classes", "3", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == {
        "path": "H.csv",
        "format": "csv",
        "shape": [2, 2],
        "dtype": "float64",
        "classes": 2,
        "concerns": [
            {
                "kind": "size",
                "severity": "error",
                "message": "H is 2 x 2, and the net has 3 classes: it must be 3 x 3",
            }
        ],
    }


def test_the_size_of_each_loss_of_a_net(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("H.csv", "--net", "net.prototxt") == 1
    said = "H is 2 x 2, and `{}` has 3 classes: it must be 3 x 3"
    lines = [f"H.csv: error size: {said.format(name)}" for name in ("loss", "aux")]
    assert capsys.readouterr().out.splitlines() == lines
    assert check("H.csv", "--net", "net.prototxt", "--loss", "aux") == 1
    assert capsys.readouterr().out.splitlines() == lines[1:]
    (folder / "H.csv").write_text("1,0,0\n0,1,0\n0,0,1\n")
    assert check("H.csv", "--net", "net.prototxt") == 0


def test_the_axis_of_each_loss_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = NET.replace("dim: 4 dim: 3", "dim: 4 dim: 2 dim: 3").replace(
        'type: "SoftmaxWithLoss"', 'type: "SoftmaxWithLoss" softmax_param { axis: -1 }'
    )
    (folder / "net.prototxt").write_text(net)
    assert check("H.csv", "--net", "net.prototxt") == 1
    assert capsys.readouterr().out == (
        "H.csv: error size: H is 2 x 2, and `aux` has 3 classes: it must be 3 x 3\n"
    )


def test_a_net_that_does_not_tell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text(NET.split("\n", 2)[2])
    assert check("H.csv", "--net", "net.prototxt", "--loss", "loss") == 0
    assert "the net does not tell how many classes `loss` has" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--loss", "loss"], "--loss goes with --net"),
        (["--net", "net.prototxt", "--loss", "los"], "has no loss `los`; there is `loss`, `aux`"),
        (["--net", "gone.prototxt"], "gone.prototxt: cannot be read"),
        (["--dataset", "x"], "only HDF5 has datasets to name"),
    ],
)
def test_what_is_refused_in_one_line(
    arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("H.csv", *arguments) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
