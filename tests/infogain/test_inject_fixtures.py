"""Each folder of `fixtures/inject/` is a net, how a command is called, and what it writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shared_data import ROOT

import protofix
from protofix.cli import main
from protofix.infogain.compute_h import compute_h_source
from protofix.net.view import view_of

FIXTURES = ROOT / "fixtures"
DONE = sorted((FIXTURES / "inject").iterdir())
REFUSED = sorted((FIXTURES / "inject_refused").iterdir())
# Done, and a person is told to see to something: exit code 1.
LEFT = ("v1_kept",)


def _workplace(case: Path, folder: Path) -> list[str]:
    """Put a case and the matrices into a folder; give the command and its options."""
    for matrix in (*FIXTURES.glob("H.*"), *case.glob("H*"), case / "before.prototxt"):
        shutil.copy(matrix, folder)
    for database in ("H_lmdb", "H_leveldb"):
        shutil.copytree(FIXTURES / database, folder / database)
    return (case / "arguments.txt").read_text().split()


def _written(folder: Path, there: set[str]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in there}


@pytest.mark.parametrize("case", DONE, ids=lambda case: case.name)
def test_before_becomes_after(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command, *options = _workplace(case, tmp_path)
    expected = {path.name: path.read_bytes() for path in case.glob("files/*")}
    for name in expected:
        (tmp_path / name).unlink(missing_ok=True)
    there = {path.name for path in tmp_path.iterdir()}
    code = main([command, "before.prototxt", "-o", "after.prototxt", *options])
    assert code == (1 if case.name in LEFT else 0)
    expected["after.prototxt"] = (case / "after.prototxt").read_bytes()
    assert _written(tmp_path, there) == expected
    # What was written needs nothing more, and a second run changes nothing.
    assert main([command, "after.prototxt", "--in-place", *options]) == code
    assert _written(tmp_path, there) == expected


@pytest.mark.parametrize("case", DONE, ids=lambda case: case.name)
def test_the_result_can_be_built(case: Path) -> None:
    view = view_of(protofix.parse((case / "after.prototxt").read_bytes()))
    assert [refusal.message for built in view.built for refusal in built.refusals] == []
    assert not any(graph.unmade or graph.remade for graph in view.graphs)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_cannot_be_done_is_refused_in_a_line(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command, *options = _workplace(case, tmp_path)
    there = {path.name for path in tmp_path.iterdir()}
    assert main([command, "before.prototxt", "-o", "after.prototxt", *options]) == 2
    assert capsys.readouterr().err == (case / "why.txt").read_text()
    assert _written(tmp_path, there) == {}


def test_the_module_of_the_fixture_is_the_one_that_is_written() -> None:
    written = FIXTURES / "inject" / "compute_h" / "files" / "compute_h.py"
    assert written.read_text() == compute_h_source()
