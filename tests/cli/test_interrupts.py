"""Signals that end the program: no traceback, no half-written file, nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from shared_data import ROOT

pytestmark = [
    pytest.mark.lengthy,
    pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs Unix's signals"),
]

ENDS = {
    "SIGINT": (130, "protofix: interrupted\n"),
    "SIGTERM": (143, ""),
    "SIGHUP": (129, ""),
}


def ended(folder: Path, *arguments: str, modules: Path | None = None) -> tuple[int, str]:
    """The exit code of Python with these arguments, and what it says."""
    path = os.pathsep.join(map(str, filter(None, [modules, ROOT])))
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    return run.returncode, run.stderr


def test_ctrl_c_before_the_program_has_begun(tmp_path: Path) -> None:
    """The module is imported before there is anything that could be cleaned up."""
    (tmp_path / "argparse.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    assert ended(tmp_path, "-m", "protofix", "--version", modules=tmp_path) == (-signal.SIGINT, "")


TWO = """
import os, signal, sys
from protofix.interrupts import ending_cleanly
first, second = (getattr(signal, name) for name in sys.argv[1:])
try:
    with ending_cleanly():
        try:
            os.kill(os.getpid(), first)
        finally:
            os.kill(os.getpid(), second)
            print("cleaned up", file=sys.stderr)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("second", ENDS)
@pytest.mark.parametrize("first", ENDS)
def test_a_second_signal_stops_no_cleaning_up(first: str, second: str, tmp_path: Path) -> None:
    assert ended(tmp_path, "-c", TWO, first, second) == (ENDS[first][0], "cleaned up\n")


LOST = """
import os, signal, sys
from protofix.interrupts import ending_cleanly
class Last:
    def __del__(self):
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
with ending_cleanly():
    Last()
    print("goes on", file=sys.stderr)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_that_python_would_lose_ends_the_program(name: str, tmp_path: Path) -> None:
    assert ended(tmp_path, "-c", LOST, name) == (-getattr(signal, name), "")


# Imported by Python as it starts: the program is sent a signal once it has called a function for
# the `count`th time.
SITE = """
import os, signal
real, calls = os.{function}, []
def {function}(*arguments):
    real(*arguments)
    calls.append(arguments)
    if len(calls) == {count}:
        os.kill(os.getpid(), signal.{name})
os.{function} = {function}
"""


def send(folder: Path, name: str, function: str, count: int) -> Path:
    """A folder with such a module."""
    modules = folder.parent / f"{folder.name}-modules"
    modules.mkdir()
    text = SITE.format(name=name, function=function, count=count)
    (modules / "sitecustomize.py").write_text(text)
    return modules


UNUSED = "layer { name: 'x' type: 'Input' top: 'x' }  # protofix: ignore[PF301]\n"
MENDED = "layer { name: 'x' type: 'Input' top: 'x' }\n"


# When the signal comes, how many processes work, and how many files are mended then. A file is
# synced, and then takes its place, after which its folder is synced.
MOMENTS = {
    "before a file takes its place": ("fsync", 3, "1", 1),
    "right after that": ("replace", 2, "1", 2),
    "right after that, with processes at work": ("replace", 2, "2", 2),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ENDS)
def test_files_that_are_mended_are_whole(name: str, moment: str, tmp_path: Path) -> None:
    function, count, jobs, mended = MOMENTS[moment]
    folder = tmp_path / "nets"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.prototxt").write_text(UNUSED)
    modules = send(folder, name, function, count)
    arguments = ["-m", "protofix", "check", "--fix", "--jobs", jobs, "."]
    assert ended(folder, *arguments, modules=modules) == ENDS[name]
    texts = [it.read_text() for it in sorted(folder.iterdir())]
    assert texts == [MENDED] * mended + [UNUSED] * (9 - mended)


# The H that is written beside the net, then the net.
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", ENDS)
def test_a_net_and_its_matrix_are_written_both_or_none(
    name: str, count: int, tmp_path: Path
) -> None:
    folder = tmp_path / "nets"
    folder.mkdir()
    case = ROOT / "fixtures" / "inject" / "source"
    shutil.copy(case / "before.prototxt", folder / "net.prototxt")
    shutil.copy(ROOT / "fixtures" / "H.csv", folder)
    before = (folder / "net.prototxt").read_bytes()
    modules = send(folder, name, "replace", count)
    arguments = ["-m", "protofix", "inject", "net.prototxt", "--source", "H.csv", "--in-place"]
    assert ended(folder, *arguments, modules=modules) == ENDS[name]
    assert sorted(it.name for it in folder.iterdir()) == ["H.csv", "net.prototxt"]
    assert (folder / "net.prototxt").read_bytes() == before
