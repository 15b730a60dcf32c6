"""Befores and afters: each folder of `fixtures/` is a net, what becomes of it, and how."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from shared_data import ROOT

import protofix
from protofix.cli import main
from protofix.infogain.compute_h import compute_h_source
from protofix.infogain.mixtures import find_other_probabilities
from protofix.infogain.plan import plan_fusing
from protofix.net.view import view_of

FIXTURES = ROOT / "fixtures"
FUSE = sorted((FIXTURES / "fuse").iterdir())
GIVE = sorted((FIXTURES / "give").iterdir())
REFUSE = sorted((FIXTURES / "refuse").iterdir())


EQUAL = re.compile(
    r"^  (`\w+`: )?(.*; )?equal( but for H| with one H in both)?, "
    r"(no difference|differences up to \d\.\de-1\d)",
    re.MULTILINE,
)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the matrices, in which the command is run."""
    for matrix in FIXTURES.glob("H.*"):
        shutil.copy(matrix, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("folder", FUSE + GIVE, ids=lambda folder: folder.name)
def test_before_becomes_after(
    folder: Path, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(folder / "before.prototxt", workplace)
    listed = folder / "arguments.txt"
    arguments = listed.read_text().split() if listed.exists() else []
    assert main(["migrate", "before.prototxt", "-o", "after.prototxt", *arguments]) == 0
    assert (workplace / "after.prototxt").read_bytes() == (folder / "after.prototxt").read_bytes()
    said = capsys.readouterr().out
    assert EQUAL.search(said)
    # What was written needs nothing more, and a second run changes nothing.
    assert main(["migrate", "after.prototxt", "--in-place", *arguments]) == 0
    assert (workplace / "after.prototxt").read_bytes() == (folder / "after.prototxt").read_bytes()
    assert main(["check", "after.prototxt"]) == 0


@pytest.mark.parametrize("folder", REFUSE, ids=lambda folder: folder.name)
def test_what_must_not_be_fused_stays_and_is_explained(
    folder: Path, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = str(shutil.copy(folder / "before.prototxt", workplace))
    before = Path(net).read_bytes()
    view = view_of(protofix.parse(before))
    why = (folder / "why.txt").read_text().strip()
    refused = plan_fusing(view).refused
    if refused:
        assert [obstacle.kind for obstacle in refused[0].obstacles] == [why]
        reason = refused[0].obstacles[0].reason
    else:
        [other] = find_other_probabilities(view)
        assert bool(other.sums_to_one) == (why == "sums to one")
        reason = other.reason
    assert main(["migrate", net, "--in-place"]) == 1
    assert reason in capsys.readouterr().out
    assert Path(net).read_bytes() == before
    assert main(["check", net]) == 1
    assert reason in capsys.readouterr().out


def test_the_module_written_is_compute_h(workplace: Path) -> None:
    net = FIXTURES / "give" / "web_compute_h" / "before.prototxt"
    assert main(["migrate", str(net), "-o", "out.prototxt", "--compute-h"]) == 0
    assert (workplace / "compute_h.py").read_text() == compute_h_source()


def test_hdf5_list_names_the_file(workplace: Path) -> None:
    net = FIXTURES / "give" / "h5" / "before.prototxt"
    assert main(["migrate", str(net), "-o", "out.prototxt", "--h-data", "H.h5"]) == 0
    assert (workplace / "H_list.txt").read_text() == "H.h5\n"


def test_csv_and_npy_become_the_same_binaryproto(workplace: Path) -> None:
    expected = (workplace / "H.binaryproto").read_bytes()
    for suffix in ("csv", "npy"):
        (workplace / "H.binaryproto").unlink()
        net = FIXTURES / "give" / "csv" / "before.prototxt"
        assert main(["migrate", str(net), "-o", "o.prototxt", "--source", f"H.{suffix}"]) == 0
        assert (workplace / "H.binaryproto").read_bytes() == expected
