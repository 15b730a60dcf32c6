"""Data that is there and cannot be read is said where the net names it; absent data is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import protofix

NET = """layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "db" backend: LMDB batch_size: 4 } transform_param { mean_file: "mean" } }
layer { name: "h5" type: "HDF5Data" top: "a" hdf5_data_param { source: "list" batch_size: 4 } }
layer { name: "s" type: "Silence" bottom: "data" bottom: "label" bottom: "a" }
"""


def said() -> list[tuple[int, str]]:
    source = protofix.parse(NET, "net.prototxt").source
    found = protofix.check(NET, "net.prototxt")
    return [(source.position(one.start)[0], f"{one.code} {one.message}") for one in found]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_data_that_is_not_there_is_not_missed() -> None:
    assert said() == []


def test_what_is_there_and_is_nothing_that_can_be_read(folder: Path) -> None:
    (folder / "db").mkdir()
    (folder / "mean").write_bytes(b"junk")
    (folder / "list").write_text("a.h5")
    (folder / "a.h5").write_bytes(b"junk")
    (first, db), (second, mean), (third, hdf5) = said()
    assert (first, second, third) == (2, 2, 3)
    assert db == ("PF501 `data` cannot read `db`, which is there: is no LMDB and no LevelDB")
    assert mean.startswith("PF501 `data` cannot read `mean`, which is there: ")
    assert hdf5.startswith("PF501 `h5` cannot read `a.h5`, which is there: ")
