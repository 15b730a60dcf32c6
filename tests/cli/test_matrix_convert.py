"""`protofix matrix convert`: what is written, and what is said."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from protofix.cli import main
from protofix.infogain.matrix.reading import read_matrix


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "H.csv").write_text("1,0.5\n0.25,2\n")
    (tmp_path / "third.csv").write_text("0.1,0\n0,0.3333333333333333\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def convert(*arguments: str) -> int:
    return main(["matrix", "convert", *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["H.csv", "H.binaryproto"], "wrote H.binaryproto\n2 x 2, float, which holds them all\n"),
        (["H.csv", "H.npy", "--dtype", "double"], "wrote H.npy\n2 x 2, double\n"),
        (["H.csv", "b", "--to", "npy"], "wrote b\n2 x 2, float, which holds them all\n"),
        (["H.csv", "c.csv"], "wrote c.csv\n2 x 2, decimals that read as the same numbers\n"),
        (["third.csv", "t.npy"], "wrote t.npy\n2 x 2, double, since 2 of 4 numbers are no "
         "float32: changed by up to 3e-08 of themselves\n"),
        (["third.csv", "t.csv", "--dtype", "float"], "wrote t.csv\n2 x 2, narrowed to float: "
         "2 of 4 numbers are no float32: changed by up to 3e-08 of themselves\n"),
    ],
)  # fmt: skip
def test_what_is_said(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(*arguments) == 0
    assert capsys.readouterr().out == said
    assert (folder / arguments[1]).exists()


def test_there_and_back(folder: Path) -> None:
    for library in ("h5py", "lmdb"):
        pytest.importorskip(library)
    steps = ["H.csv", "H.binaryproto", "H.npy", "H.h5", "H_lmdb", "back.csv"]
    for before, after in pairwise(steps):
        assert convert(before, after) == 0
    assert (folder / "back.csv").read_text() == "1.0,0.5\n0.25,2.0\n"


def test_the_list_of_hdf5_and_the_name_of_its_dataset(folder: Path) -> None:
    pytest.importorskip("h5py")
    assert convert("H.csv", "H.h5", "--dataset", "weights") == 0
    assert (folder / "H_list.txt").read_text() == "H.h5\n"
    assert convert("H_list.txt", "again.h5") == 0
    assert read_matrix("again.h5").dataset == "weights"


@pytest.mark.parametrize(("shape", "dims"), [("legacy", (1, 1, 2, 2)), ("new", (2, 2))])
def test_the_shape(shape: str, dims: tuple[int, ...], folder: Path) -> None:
    assert convert("H.csv", "H.binaryproto", "--shape", shape) == 0
    assert read_matrix("H.binaryproto").shape == dims


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["third.csv", "t_lmdb"], "t_lmdb: LMDB holds H in float32 only, and 2 of 4 numbers are"),
        (["H.csv", "H"], "H: the name tells no format"),
        (["gone.csv", "H.npy"], "gone.csv: cannot be read: No such file"),
        (["H.csv", "third.csv"], "third.csv: is there already with another content; --force"),
        (["H.csv", "H.npy", "--dataset", "x"], "--dataset goes with HDF5"),
        (["H.csv", "no/H.npy"], "no/H.npy: cannot be written: No such file"),
    ],
)
def test_what_is_refused_in_one_line(
    arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert convert(*arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert words in err
    assert sorted(folder.rglob("*")) == before


def test_force_replaces(folder: Path) -> None:
    assert convert("H.csv", "third.csv", "--force") == 0
    assert np.array_equal(read_matrix("third.csv").values, [[1, 0.5], [0.25, 2]])
