"""Outputs that take nothing: a pipe that nobody reads any more, a full disk, a closed stream."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from shared_data import ROOT

FULL = Path("/dev/full")

pytestmark = [
    pytest.mark.lengthy,
    pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full of Linux"),
]

NET = "layer { name: 'x' type: 'Input' top: 'x' nmae: 'b' }  # protofix: ignore[PF301]\n"
NO_SPACE = "protofix: standard output: No space left on device\n"

COMMANDS = {
    "findings": ["check", "net.prototxt"],
    "JSON": ["check", "--format", "json", "net.prototxt"],
    "a diff": ["check", "--diff", "net.prototxt"],
    "statistics": ["check", "--statistics", "net.prototxt"],
    "standard input mended": ["check", "--fix", "-"],
    "help": ["check", "--help"],
    "the help of all": ["--help"],
    "the rules": ["rules"],
    "a net": ["show", "net.prototxt"],
}


def run(folder: Path, arguments: list[str], out: int, err: int) -> subprocess.Popen[str]:
    (folder / "net.prototxt").write_text(NET)
    with open(folder / "net.prototxt") as stdin:
        return subprocess.Popen(
            [sys.executable, "-m", "protofix", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=stdin,
            stdout=out,
            stderr=err,
            text=True,
        )


@pytest.mark.parametrize("case", COMMANDS)
def test_a_full_disk_is_one_line(case: str, tmp_path: Path) -> None:
    with open(FULL, "w") as full:
        program = run(tmp_path, COMMANDS[case], full.fileno(), subprocess.PIPE)
    _, err = program.communicate(timeout=60)
    assert (program.returncode, err) == (2, NO_SPACE)
    assert (tmp_path / "net.prototxt").read_text() == NET


@pytest.mark.parametrize("case", COMMANDS)
def test_a_pipe_that_nobody_reads_is_no_word(case: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = run(tmp_path, COMMANDS[case], writer, subprocess.PIPE)
    os.close(writer)
    _, err = program.communicate(timeout=60)
    assert (program.returncode, err) == (2, "")


def test_nobody_hears_what_is_said(tmp_path: Path) -> None:
    with open(FULL, "w") as full:
        program = run(tmp_path, ["check", "net.prototxt"], subprocess.PIPE, full.fileno())
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 2 and "PF101" in out


def test_a_report_to_a_full_disk(tmp_path: Path) -> None:
    report = ["check", "-o", str(FULL), "net.prototxt"]
    program = run(tmp_path, report, subprocess.PIPE, subprocess.PIPE)
    out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (2, "")
    assert err == "protofix: /dev/full: is no regular file; name one, or - for standard output\n"
