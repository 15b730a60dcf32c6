"""`protofix matrix show` as its user runs it."""

from __future__ import annotations

import builtins
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protofix.cli import main

THREE = "0.5,0,0\n0,4,1\n0,0,20\n"

TABLE = """\
class  name         labels   share  diagonal  rest  row sum  of loss
    0  leaf            900  90.0 %       0.5     0      0.5   40.9 %
    1  fire engine      90   9.0 %         4     1        5   40.9 %
    2  船               10   1.0 %        20     0       20   18.2 %

matrix        L = 3 classes, csv, 3×3 float64
numbers       0 to 20, 1 number other than 0 beside the diagonal
trace         24.5
mean weight   1.1 of a label: the loss and its gradient are 1.1 times
              as large as without H
ratio         40 from the lightest class to the heaviest
labels        1,000
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "70")
    (tmp_path / "H.csv").write_text(THREE)
    (tmp_path / "names.txt").write_text("leaf\nfire engine\n船\n", encoding="utf-8")
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["matrix", "show", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_table_a_summary_and_a_map(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "H.csv", "--counts", "900,90,10", "--names", "names.txt")
    assert out.startswith(TABLE)
    assert "\nrow: label, column: predicted class\n" in out
    assert out.endswith("\nlogarithmic scale from 0.5 on\n")


def test_a_list_of_images_counts_as_its_numbers_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"image {number}.jpg {label}" for number, label in enumerate([0, 0, 0, 1, 1, 2])]
    (folder / "train.txt").write_text("\n".join(lines))
    by_list = shown(capsys, "H.csv", "--list", "train.txt")
    assert by_list == shown(capsys, "H.csv", "--counts", "3,2,1")
    assert "    0       3  50.0 %" in by_list


def test_without_counts_all_classes_count_alike(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shown(capsys, "H.csv")
    assert out.splitlines()[:2] == [
        "class  diagonal  rest  row sum  of loss",
        "    0       0.5     0      0.5    2.0 %",
    ]
    assert "mean weight   8.5 of a class: " in out
    assert "\nnote          the rows sum to " in out
    assert "rows sum to" not in shown(capsys, "H.csv", "--counts", "900,90,10")


def test_a_diagonal_has_no_columns_of_the_rest(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("H.npy", np.diag([1.0, 3.0]).astype(np.float32))
    out = shown(capsys, "H.npy")
    assert out.startswith("class  diagonal  of loss\n    0         1   25.0 %\n")
    assert "L = 2 classes, npy, 2×2 float32\n" in out
    assert "0 to 3, diagonal\n" in out


def test_what_may_be_wrong_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("H.csv").write_text("1,-2\n0,0\n")
    out = shown(capsys, "H.csv")
    assert "\nwarning  " in out
    assert "negative" in out
    assert "of loss" not in out


def test_of_many_classes_the_ends_are_shown_and_all_on_request(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save("H.npy", np.diag(np.linspace(1, 2, 100)))
    out = shown(capsys, "H.npy")
    table = out.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table[1:21]] == [
        *map(str, range(10)), *map(str, range(90, 100)),
    ]  # fmt: skip
    assert " ".join(table[21:]) == (
        "80 classes between the 10 of the largest row sums and the 10 of the smallest "
        "are left out; --all shows them"
    )
    every = shown(capsys, "H.npy", "--all").split("\n\n")[0].splitlines()
    assert len(every) == 101


def test_json_has_the_same_and_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, "H.csv", "--counts", "900,90,10", "--names", "names.txt",
                "--format", "json")  # fmt: skip
    record = json.loads(out)
    assert {key: record[key] for key in ("file", "format", "shape", "dtype", "classes")} == {
        "file": "H.csv", "format": "csv", "shape": [3, 3], "dtype": "float64", "classes": 3,
    }  # fmt: skip
    assert record["mean_weight"] == pytest.approx(1.1)
    assert record["rows"][1] == {
        "label": 1, "name": "fire engine", "count": 90, "share": 0.09, "diagonal": 4.0,
        "rest": 1.0, "sum": 5.0, "share_of_loss": pytest.approx(450 / 1100),
    }  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_json_of_sums_beyond_float64_is_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("H.csv").write_text("1e308,1e308\n0,1e308\n")

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    record = json.loads(shown(capsys, "H.csv", "--format", "json"), parse_constant=refuse)
    assert record["rows"][0]["sum"] == "inf"
    assert record["trace"] == "inf"
    assert "inf" in shown(capsys, "H.csv")


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PNG"])
def test_a_plot_is_written_in_place_of_the_map(
    suffix: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shown(capsys, "H.csv", "--names", "names.txt", "--plot", f"H{suffix}")
    assert out.endswith(f"\nwrote H{suffix}\n")
    assert "row: label" not in out
    begins = b"<?xml" if suffix == ".svg" else b"\x89PNG"
    assert (folder / f"H{suffix}").read_bytes().startswith(begins)
    assert main(["matrix", "show", "H.csv", "--plot", f"H{suffix}"]) == 2
    there = f"protofix: H{suffix}: is there already; --force replaces it\n"
    assert capsys.readouterr().err == there
    assert shown(capsys, "H.csv", "--plot", f"H{suffix}", "--force").endswith(f"wrote H{suffix}\n")


REFUSED = {
    "no such file": (["none.csv"], "none.csv: cannot be read"),
    "too few counts": (["H.csv", "--counts", "1,2"], "--counts: 2 numbers for a matrix of 3"),
    "no counts": (["H.csv", "--counts", "1,x,2"], "--counts 1,x,2: give whole numbers between"),
    "negative counts": (["H.csv", "--counts=-1,1,2"], "--counts -1,1,2: give whole numbers"),
    "no labels": (["H.csv", "--counts", "0,0,0"], "--counts: no labels at all"),
    "too few names": (["H.csv", "--names", "H.txt"], "H.txt: 2 lines for a matrix of 3 classes"),
    "a plot of what": (["H.csv", "--plot", "H.jpg"], "--plot H.jpg: name a file that ends in .png"),
    "a plot over H": (["H.svg", "--from", "csv", "--plot", "H.svg"], "--plot H.svg: that is what"),
    "a label too many": (["H.csv", "--list", "list.txt"], "list.txt"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_shown_is_one_line(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "H.txt").write_text("a\nb\n")
    (folder / "H.svg").write_text(THREE)
    (folder / "list.txt").write_text("a.jpg 0\nb.jpg 7\n")
    arguments, said = REFUSED[case]
    assert main(["matrix", "show", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"protofix: {said}") and err.count("\n") == 1
    assert (folder / "H.svg").read_text() == THREE


def test_a_plot_without_matplotlib_says_what_to_install(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def lacking(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "matplotlib":
            raise ImportError(name)
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", lacking)
    assert main(["matrix", "show", "H.csv", "--plot", "H.png"]) == 2
    err = capsys.readouterr().err
    assert err == "protofix: --plot needs matplotlib: pip install 'protofix[plot]'\n"
    assert not (folder / "H.png").exists()


def parts_of(terminal: int) -> Iterator[bytes]:
    """What is written to a terminal, until nobody is left to write."""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that
            return
        if not part:
            return
        yield part


@pytest.mark.parametrize(("term", "no_color", "in_colour"), [
    ("xterm-256color", "", True), ("xterm-256color", "1", False), ("dumb", "", False),
])  # fmt: skip
def test_on_a_terminal_it_is_in_colour_where_there_are_colours(
    folder: Path, term: str, no_color: str, in_colour: bool
) -> None:
    environment = {**os.environ, "TERM": term, "COLUMNS": "70", "PYTHONUTF8": "1"}
    for name in ("NO_COLOR", "COLORTERM", "FORCE_COLOR"):
        environment.pop(name, None)
    if no_color:
        environment["NO_COLOR"] = no_color
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "protofix", "matrix", "show", "H.csv"]
    with subprocess.Popen(command, stdin=its_end, stdout=its_end, env=environment) as process:
        os.close(its_end)
        out = b"".join(parts_of(terminal))
    os.close(terminal)
    assert process.returncode == 0
    text = out.decode()
    assert ("▀" in text) == in_colour
    assert ("@@" in text) == (not in_colour)
    assert ("\x1b[38;5;" in text) == in_colour
