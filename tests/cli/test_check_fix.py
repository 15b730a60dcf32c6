"""`protofix check --fix`: files mended, shown as a diff, or given on standard output."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from protofix.cli import main

CHAIN = """# Three classes.
layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "label" type: "Input" top: "y" input_param { shape { dim: 4 } } }
layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 3 dim: 3 } } }
layer { name: "prob" type: "Softmax" bottom: "x" top: "prob" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "y" bottom: "H" top: "loss" }
"""
FUSED = "".join(
    line.replace('bottom: "prob"', 'bottom: "x"')
    for line in CHAIN.splitlines(keepends=True)
    if "Softmax" not in line
)
# The loss has what only today's layer knows: what it computes changes.
MEANT_FOR_TODAY = CHAIN.replace('top: "loss" }', 'top: "loss" infogain_loss_param { axis: 1 } }')


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.prototxt"
    path.write_text(CHAIN)
    return path


def test_a_file_is_mended_and_checked_again(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--fix"]) == 0
    assert net.read_text() == FUSED
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "1 finding mended in 1 file: PF401 softmax-before-infogain × 1",
        "1 file checked, nothing found; dialect Caffe 1.0 (bvlc)",
    ]
    assert main(["check", "--fix"]) == 0
    assert net.read_text() == FUSED


def test_a_diff_writes_nothing(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--diff"]) == 1
    out, err = capsys.readouterr()
    assert net.read_text() == CHAIN
    assert out.startswith("--- a/net.prototxt\n+++ b/net.prototxt\n@@ ")
    assert '-layer { name: "prob" type: "Softmax" bottom: "x" top: "prob" }\n' in out
    assert err == "1 finding would be mended in 1 file: PF401 softmax-before-infogain × 1\n"
    net.write_text(FUSED)
    assert main(["check", "--diff"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
@pytest.mark.parametrize(
    ("name", "text"),
    {
        "net.prototxt": CHAIN,
        "a net.prototxt": CHAIN,
        "windows.prototxt": CHAIN.replace("\n", "\r\n"),
        "no end.prototxt": CHAIN.rstrip("\n"),
        "mark.prototxt": "\ufeff" + CHAIN,
        "latin.prototxt": "# Gr\udcfc\udcdfe\n" + CHAIN,
    }.items(),
)
def test_patch_makes_of_the_diff_what_fix_writes(
    name: str, text: str, net: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    net.unlink()
    data = text.encode("utf-8", "surrogateescape")
    Path(name).write_bytes(data)
    assert main(["check", "--diff", "."]) == 1
    diff = capfdbinary.readouterr().out
    subprocess.run(["patch", "-p1", "--binary", "--silent"], input=diff, check=True)
    patched = Path(name).read_bytes()
    Path(name).write_bytes(data)
    assert main(["check", "--fix", "."]) == 0
    assert Path(name).read_bytes() == patched != data


def test_a_link_stays_a_link(net: Path) -> None:
    (net.parent / "link.prototxt").symlink_to("net.prototxt")
    assert main(["check", "--fix", "link.prototxt", "net.prototxt"]) == 0
    assert (net.parent / "link.prototxt").is_symlink()
    assert net.read_text() == FUSED


def test_an_unsafe_fix_is_made_only_if_asked_for(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(MEANT_FOR_TODAY)
    assert main(["check", "--fix", "--format", "concise"]) == 1
    assert net.read_text() == MEANT_FOR_TODAY
    out, err = capsys.readouterr()
    assert out.startswith("./net.prototxt:6:51: PF401 [**] softmax-before-infogain: ")
    assert "1 marked [**] for --unsafe-fixes" in err
    assert main(["check", "--unsafe-fixes"]) == 0
    assert "Softmax" not in net.read_text()


def test_standard_input_is_given_back_mended(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = CHAIN + "layer { nmae: 'x' type: 'Input' top: 'z' }\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bad.encode())))
    assert main(["check", "--fix", "-", "--stdin-filename", "sub/net.prototxt"]) == 1
    out, err = capsys.readouterr()
    assert out == FUSED + "layer { nmae: 'x' type: 'Input' top: 'z' }\n"
    assert "sub/net.prototxt:6:9: PF101 [**] unknown-field: " in err
    assert net.read_text() == CHAIN


SOLVER = 'net: "%s"\nbase_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 9\n'


def test_the_net_that_a_solver_names_is_mended_only_if_named(net: Path) -> None:
    (net.parent / "solver.prototxt").write_text(SOLVER % "net.prototxt")
    main(["check", "--fix", "solver.prototxt"])
    assert net.read_text() == CHAIN
    main(["check", "--fix", "solver.prototxt", "net.prototxt"])
    assert net.read_text() == FUSED


# What is named, and what is said of what can be mended: other.prototxt is named by a solver alone.
ADVICE = {
    "a solver": (
        ["solver.prototxt"],
        "1 marked [*] for --fix once other/net.prototxt is named as well",
    ),
    "solvers of two nets": (
        ["solver.prototxt", "solver2.prototxt"],
        "1 marked [*] for --fix and 1 marked [**] for --unsafe-fixes once other/net.prototxt and "
        "other/net2.prototxt are named as well",
    ),
    "a solver and another net": (
        ["net.prototxt", "solver.prototxt"],
        "1 marked [*] for --fix; 1 marked [*] for --fix once other/net.prototxt is named as well",
    ),
    "a solver and its net": (["solver.prototxt", "other/net.prototxt"], "1 marked [*] for --fix"),
    "its net by another path": (
        ["solver.prototxt", "other/../other/net.prototxt"],
        "1 marked [*] for --fix",
    ),
    "all": (["."], "2 marked [*] for --fix; 1 marked [**] for --unsafe-fixes"),
}


@pytest.mark.parametrize("case", ADVICE)
def test_who_is_told_of_fixes_is_told_what_to_name(
    case: str, net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths, advice = ADVICE[case]
    other = net.parent / "other"
    other.mkdir()
    (other / "net.prototxt").write_text(CHAIN)
    (other / "net2.prototxt").write_text(MEANT_FOR_TODAY)
    (net.parent / "solver.prototxt").write_text(SOLVER % "other/net.prototxt")
    (net.parent / "solver2.prototxt").write_text(SOLVER % "other/net2.prototxt")
    main(["check", *paths])
    *_, said = capsys.readouterr().err.splitlines()
    assert f"; {advice}; " in said.partition(" files")[2]


def test_the_mode_and_the_bytes_of_a_file_stay(net: Path) -> None:
    data = (
        CHAIN.replace("# Three classes.", "# Gr\xfc\xdfe").encode("latin-1").replace(b"\n", b"\r\n")
    )
    net.write_bytes(data)
    net.chmod(0o640)
    main(["check", "--fix"])
    assert net.read_bytes().startswith(b"# Gr\xfc\xdfe\r\nlayer { ")
    assert net.read_bytes().count(b"\r\n") == net.read_bytes().count(b"\n") == 5
    assert stat.S_IMODE(net.stat().st_mode) == 0o640


def test_a_file_that_cannot_be_written_is_one_line_beside_its_findings(
    net: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["check", "--fix", "net.prototxt"]) == 2
    out, err = capsys.readouterr()
    assert "net.prototxt: cannot be written: No space left on device" in err
    assert "mended" not in err
    assert "net.prototxt:6:51: PF401 [*] " in out
    assert net.read_text() == CHAIN and len(list(net.parent.iterdir())) == 1
