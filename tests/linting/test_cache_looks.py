"""What lies on the disk beside a net, and when a result is no longer believed for its sake."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cached_runs import CLEAN, TYPO, Runs
from data_writers import image_bytes
from shared_data import ROOT

from protofix import looking
from protofix.linting.checking import check_file
from protofix.linting.verdicts import verdict_of
from protofix.looking import UNSETTLED, exists, state_of, written_down


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs.of_nine(tmp_path, monkeypatch)


SOLVER = """net: "{net}" base_lr: 0.1 lr_policy: "fixed" max_iter: 9 display: 1
snapshot_prefix: "out/net" type: "SGD" random_seed: 1
"""
LOSS = """layer { name: "data" type: "Input" top: "data" top: "label"
  input_param { shape { dim: 1 dim: 3 } shape { dim: 1 } } }
layer { name: "loss" type: "InfogainLoss" bottom: "data" bottom: "label" top: "loss"
  infogain_loss_param { source: "H.binaryproto" } }
"""
PYTHON = """layer { name: "data" type: "Python" top: "data"
  python_param { module: "layers" layer: "Data" } }
layer { name: "out" type: "ReLU" bottom: "data" top: "out" }
"""
LISTED = """layer { name: "data" type: "ImageData" top: "data" top: "label"
  image_data_param { source: "list.txt" batch_size: 1 new_height: 8 new_width: 8 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""
H5_DATA = """layer { name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "list.txt" batch_size: 1 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" bottom: "label" top: "fc"
  inner_product_param { num_output: 3 } }
"""
DATABASE = """layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "base" batch_size: 1 backend: LMDB } }
layer { name: "loss" type: "EuclideanLoss" bottom: "data" bottom: "label" top: "loss" }
"""
LEVELDB = DATABASE.replace("LMDB", "LEVELDB")
MEAN = DATABASE.replace("LMDB }", 'LMDB } transform_param { mean_file: "mean.binaryproto" }')
IMAGES = LISTED.replace(" new_height: 8 new_width: 8", "")
WINDOWS = """layer { name: "data" type: "WindowData" top: "data" top: "label"
  window_data_param { source: "windows.txt" batch_size: 1 } transform_param { crop_size: 8 } }
layer { name: "loss" type: "EuclideanLoss" bottom: "data" bottom: "label" top: "loss" }
"""
WINDOW = "# 0\na.png\n{channels}\n8\n8\n0\n"


def _put(name: str, content: str | bytes) -> Callable[[Path], None]:
    def put(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return put


def _copied(source: str, name: str) -> Callable[[Path], None]:
    def copy(folder: Path) -> None:
        it = ROOT / "fixtures" / source
        (shutil.copytree if it.is_dir() else shutil.copy)(it, folder / name)

    return copy


def _gone(name: str) -> Callable[[Path], None]:
    def remove(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return remove


H = _copied("H.binaryproto", "H.binaryproto")
H_AS_MEAN = _copied("H.binaryproto", "mean.binaryproto")
BASE = _copied("H_lmdb", "base")
CHANGES: dict[str, tuple[str, list[Callable[[Path], None]], Callable[[Path], None]]] = {
    "H is written": (LOSS, [], H),
    "H is another": (LOSS, [H], _put("H.binaryproto", b"no matrix")),
    "H is taken away": (LOSS, [H], _gone("H.binaryproto")),
    "a module is written": (PYTHON, [], _put("layers.py", "class Data: pass")),
    "a module of nearly the name": (PYTHON, [], _put("layer.py", "")),
    "a module is another": (
        PYTHON,
        [_put("layers.py", "import caffe\nclass Data(caffe.Layer): pass")],
        _put("layers.py", "class Date: pass"),
    ),
    "a folder beside it becomes a package": (
        PYTHON,
        [_put("layer/read.me", "")],
        _put("layer/__init__.py", ""),
    ),
    "a list is written": (LISTED, [], _put("list.txt", "a.png 2\n")),
    "a list has other labels": (
        LISTED,
        [_put("list.txt", "a.png 2\n")],
        _put("list.txt", "a.png 3\n"),
    ),
    "an HDF5 file is written": (
        H5_DATA,
        [_put("list.txt", "x.h5\n")],
        _copied("H.h5", "x.h5"),
    ),
    "a database is written": (DATABASE, [], BASE),
    "a file in a database is another": (DATABASE, [BASE], _put("base/data.mdb", b"x" * 9999)),
    "a LevelDB is written": (LEVELDB, [], _copied("H_leveldb", "base")),
    "a file in a LevelDB is another": (
        LEVELDB,
        [_copied("H_leveldb", "base")],
        _put("base/CURRENT", "MANIFEST-9\n"),
    ),
    "a mean is written": (MEAN, [BASE], H_AS_MEAN),
    "a mean is another": (MEAN, [BASE, H_AS_MEAN], _put("mean.binaryproto", b"no mean")),
    "a window file is written": (WINDOWS, [], _put("windows.txt", WINDOW.format(channels=3))),
    "a window file is another": (
        WINDOWS,
        [_put("windows.txt", WINDOW.format(channels=3))],
        _put("windows.txt", WINDOW.format(channels=1)),
    ),
    "the first image of a list is written": (
        IMAGES,
        [_put("list.txt", "a.png 2\n")],
        _put("a.png", image_bytes(8, 8)),
    ),
    "the first image of a list is another": (
        IMAGES,
        [_put("list.txt", "a.png 2\n"), _put("a.png", image_bytes(8, 8))],
        _put("a.png", image_bytes(9, 9)),
    ),
    "a solver's net is written": (
        SOLVER.format(net="other"),
        [],
        _put("other", CLEAN),
    ),
    "a solver's net is another": (
        SOLVER.format(net="other"),
        [_put("other", CLEAN)],
        _put("other", TYPO),
    ),
    "what a solver's net names is there": (
        SOLVER.format(net="other"),
        [_put("other", LOSS)],
        H,
    ),
    "the folder of snapshots is made": (
        SOLVER.format(net="other"),
        [_put("other", CLEAN)],
        lambda folder: (folder / "out").mkdir(),
    ),
    "the folder of snapshots is taken away": (
        SOLVER.format(net="other"),
        [_put("other", CLEAN), lambda folder: (folder / "out").mkdir()],
        _gone("out"),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_lies_beside_a_net_counts(case: str, runs: Runs) -> None:
    text, before, change = CHANGES[case]
    (runs.folder / "own.prototxt").write_text(text)
    for put in before:
        put(runs.folder)
    runs()
    assert runs() and not runs.worked_out
    change(runs.folder)
    answers = runs()
    assert "own.prototxt" in runs.worked_out
    assert answers == runs(cached=False)


@pytest.mark.parametrize("case", CHANGES)
def test_a_checkout_made_anew_is_not_checked_again(
    case: str, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in CI, which keeps the cache alone: other inodes, and times that are not yet settled."""
    monkeypatch.setattr(looking, "_SETTLES_AFTER", 1e9)
    text, before, change = CHANGES[case]
    (runs.folder / "own.prototxt").write_text(text)
    for put in [*before, change]:
        put(runs.folder)
    answers = runs()
    anew = runs.folder.with_name("anew")
    shutil.copytree(runs.folder, anew, copy_function=shutil.copyfile)
    monkeypatch.chdir(anew.parent)
    shutil.rmtree(runs.folder)
    anew.rename(runs.folder)
    monkeypatch.chdir(runs.folder)
    assert runs() == answers
    assert not runs.worked_out


_listening = False
_opened: list[str] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    heard = _listening and event in ("open", "os.listdir", "os.scandir")
    if heard and isinstance(arguments[0], str | os.PathLike):
        _opened.append(os.path.abspath(arguments[0]))


sys.addaudithook(_hear)  # There is no way to take it away again.


def opened_by(run: Callable[[], object]) -> list[str]:
    """The paths of all files that are opened and all folders that are listed."""
    global _listening
    _opened.clear()
    _listening = True
    try:
        run()
    finally:
        _listening = False
    return list(_opened)


@pytest.mark.parametrize("case", CHANGES)
def test_whatever_a_check_opens_is_written_down(case: str, runs: Runs) -> None:
    text, before, change = CHANGES[case]
    (runs.folder / "own.prototxt").write_text(text)
    for put in [*before, change]:
        put(runs.folder)
    with written_down() as looks:
        opened = opened_by(lambda: list(check_file("own.prototxt", lambda: b"")))
    own = str(runs.folder / "own.prototxt")
    beside = {it for it in opened if it.startswith(str(runs.folder)) and it != own}
    assert {it for it in beside if it not in looks and os.path.dirname(it) not in looks} == set()


def test_what_changed_a_moment_ago_is_not_remembered(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large file; of a small one its content is told, whenever it changed."""
    H(runs.folder)
    monkeypatch.setattr(looking, "_SETTLES_AFTER", 1e9)
    assert state_of("H.binaryproto") != UNSETTLED
    monkeypatch.setattr(looking, "_SMALL", 0)
    with written_down() as looks:
        results = list(check_file("net0.prototxt", lambda: b""))
        assert verdict_of(results, looks) is not None
        assert exists("H.binaryproto")
    assert looks == {str(runs.folder / "H.binaryproto"): UNSETTLED}
    assert verdict_of(results, looks) is None


def test_what_changes_between_two_looks_is_not_remembered(runs: Runs) -> None:
    with written_down() as looks:
        assert not exists("H.binaryproto")
        H(runs.folder)
        assert exists("H.binaryproto")
    assert list(looks.values()) == [UNSETTLED]


def test_a_folder_is_told_by_its_files(runs: Runs) -> None:
    base = runs.folder / "base"
    BASE(runs.folder)
    states = [state_of(base)]
    (base / "lock.mdb").write_bytes(b"")
    states.append(state_of(base))
    (base / "data.mdb").write_bytes(b"other")
    states.append(state_of(base))
    assert len(set(states)) == 3
    (base / looking.CACHE_FOLDER).mkdir()
    assert state_of(base) == states[-1]
