"""What a run worked out of a net serves the solvers that name it, and changes nothing they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from shared_data import corpus_files, corpus_id, needs_shared

from protofix.linting.checking import EVERYTHING, Failed, Question, Recent, check_file
from protofix.looking import written_down
from protofix.net.shapes import Shape
from protofix.rulebook.findings import Checked

NET = """\
layer {
  name: "data" type: "HDF5Data" top: "data" top: "label"
  hdf5_data_param { source: "list.txt" batch_size: 2 }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 }
}
layer {
  name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "lable" top: "loss"
  include { phase: TRAIN not_stage: "quiet" }
}
layer { name: "quiet" type: "Reduction" bottom: "nobody" top: "quiet" include { stage: "quiet" } }
"""
SOLVER = 'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1 {}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "solver.prototxt").write_text(SOLVER.format(""))
    (tmp_path / "quiet.prototxt").write_text(SOLVER.format('train_state { stage: "quiet" }'))
    return tmp_path


def said(
    path: str, recent: Recent | None, question: Question = EVERYTHING
) -> list[tuple[str, tuple[str, ...]]]:
    return [_said(it) for it in check_file(path, bytes, question, recent=recent)]


def _said(it: Checked | Failed) -> tuple[str, tuple[str, ...]]:
    assert isinstance(it, Checked)
    return it.source.path, tuple(f"{one.start} {one.code} {one.message}" for one in it.findings)


PATHS = ("net.prototxt", "solver.prototxt", "quiet.prototxt")


@pytest.mark.parametrize("paths", [PATHS, PATHS[::-1]], ids=["net first", "net last"])
def test_each_file_is_answered_as_if_it_were_alone(folder: Path, paths: tuple[str, ...]) -> None:
    recent = Recent()
    together = {path: said(path, recent) for path in paths}
    assert together == {path: said(path, None) for path in paths}
    assert len({tuple(it) for it in together.values()}) == 3


def test_another_question_is_answered_anew(folder: Path) -> None:
    recent = Recent()
    given: dict[str, Shape] = {"data": (2, 3), "label": (2,)}
    for question in (Question(), Question(given=given), Question(dialect="ssd"), Question()):
        assert said(PATHS[0], recent, question) == said(PATHS[0], None, question)


def test_a_net_that_was_changed_is_read_again(folder: Path) -> None:
    recent = Recent()
    before = said(PATHS[1], recent)
    (folder / PATHS[0]).write_text(NET.replace("lable", "label"))
    after = said(PATHS[1], recent)
    assert before != after == said(PATHS[1], None)


@pytest.mark.parametrize("first", [PATHS[0], PATHS[2]])
def test_what_was_looked_at_for_a_net_counts_for_each_solver(folder: Path, first: str) -> None:
    recent = Recent()
    with written_down():
        said(first, recent)
    with written_down() as looks:
        said(PATHS[1], recent)
    with written_down() as alone:
        said(PATHS[1], None)
    assert str(folder / "list.txt") in alone
    assert alone.items() <= looks.items()


def test_what_one_solver_alone_looked_at_counts_for_the_next(folder: Path) -> None:
    listed = NET.replace("HDF5Data", "ImageData").replace("hdf5_data_param", "image_data_param")
    data, rest = listed.split("}\nlayer", 1)
    net = f'{data} include {{ stage: "quiet" }} }}\nlayer{rest}'
    (folder / PATHS[0]).write_text(net)
    recent = Recent()
    seen = []
    for path in (PATHS[1], PATHS[2], PATHS[2]):
        with written_down() as looks:
            said(path, recent)
        seen.append(str(folder / "list.txt") in looks)
    assert seen == [False, True, True]


def test_looks_that_nobody_wrote_down_are_made_again(folder: Path) -> None:
    recent = Recent()
    said(PATHS[0], recent)
    with written_down() as looks:
        said(PATHS[1], recent)
    assert str(folder / "list.txt") in looks


def _folders() -> list[Path]:
    solvers = [path for path in corpus_files() if "solver" in path.name]
    return sorted({path.parent for path in solvers if "caffe-1.0" in path.parts})


@needs_shared
@pytest.mark.parametrize("place", _folders(), ids=corpus_id)
def test_public_solvers_and_their_nets(place: Path) -> None:
    recent = Recent()
    paths = sorted(map(str, place.glob("*.prototxt")))
    together = [said(path, recent) for path in paths]
    assert together == [said(path, None) for path in paths]
