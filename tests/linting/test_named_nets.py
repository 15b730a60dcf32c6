"""Nets that a solver names are held against their own configuration, wherever the solver lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from cached_runs import CLEAN, TYPO

from protofix import looking
from protofix.cli import main

SOLVER = 'net: "nets/net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1\n'
OLD = """\
layer { name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "db" batch_size: 4 backend: LMDB } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
  inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "label" top: "loss"
  infogain_loss_param { source: "H.binaryproto" } }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROTOFIX_NO_CACHE")
    monkeypatch.setattr(looking, "_SETTLES_AFTER", -1e9)
    (tmp_path / "nets").mkdir()
    (tmp_path / "solver.prototxt").write_text(SOLVER)
    (tmp_path / "nets" / "net.prototxt").write_text(TYPO)
    return tmp_path


def codes(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    main(["check", "--format", "concise", *arguments])
    out = capsys.readouterr().out
    return {line.split(": ")[1].split()[0] for line in out.splitlines() if ": PF" in line}


CONFIGURED = {
    "left out": (TYPO, 'ignore = ["PF301"]', {"PF301"}, set[str]()),
    "left out of some files": (
        TYPO, '[per-file-ignores]\n"net.*" = ["PF3"]', {"PF301"}, set[str](),
    ),
    "for another Caffe": (OLD, 'target = "legacy"\nignore = ["PF406"]', {"PF401"}, set[str]()),
}  # fmt: skip


@pytest.mark.parametrize("what", CONFIGURED, ids=lambda what: what.replace(" ", "-"))
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_is_configured_for_a_net_counts(
    what: str, jobs: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, configured, before, after = CONFIGURED[what]
    (folder / "nets" / "net.prototxt").write_text(net)
    assert codes(capsys, "solver.prototxt") >= before
    (folder / "nets" / "protofix.toml").write_text(configured)
    # A second solver, for two processes to have work.
    (folder / "other.prototxt").write_text(SOLVER)
    found = codes(capsys, "--jobs", jobs, "solver.prototxt", "other.prototxt")
    assert found == after


def test_a_configuration_that_changes_is_noticed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):  # So many that results are remembered.
        (folder / f"net{number}.prototxt").write_text(f'name: "n{number}"\n{CLEAN}')
    assert codes(capsys) == {"PF301"}
    assert codes(capsys, "--ignore", "PF9", "solver.prototxt") == {"PF301"}
    for text, found in (('ignore = ["PF301"]', set[str]()), ('select = ["PF3"]', {"PF301"})):
        (folder / "nets" / "protofix.toml").write_text(text)
        assert codes(capsys) == found
        assert codes(capsys) == found
    (folder / "nets" / "protofix.toml").unlink()
    assert codes(capsys) == {"PF301"}


def test_one_that_means_nothing_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "nets" / "protofix.toml").write_text("selct = ['PF3']")
    assert main(["check", "solver.prototxt"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    said = "protofix: nets/protofix.toml:1: there is no key `selct`: did you mean `select`?"
    assert err.splitlines()[0] == said
