"""`protofix check` of many files: in several processes and with what is remembered."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cached_runs import CLEAN, TYPO
from shared_data import ROOT

from protofix.cli import main
from protofix.textproto.source import Source

needs_proc = pytest.mark.skipif(
    not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists(),
    reason="needs /proc of Linux, which tells the children of a process",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty files, every third with a typing mistake, one empty, and a solver of a net."""
    monkeypatch.chdir(tmp_path)
    for number in range(30):
        text = TYPO if number % 3 == 0 else CLEAN
        (tmp_path / f"{number:02}.prototxt").write_text(text)
    (tmp_path / "07.prototxt").write_text("")
    (tmp_path / "11.prototxt").write_text('net: "12.prototxt" base_lr: 0.1 lr_policy: "fixed"')
    return tmp_path


@pytest.mark.parametrize("format", ["concise", "json"])
def test_as_many_processes_as_one_print_the_same(
    format: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes, printed = [], []
    for jobs in ("1", "2", "3"):
        codes.append(main(["check", "--format", format, "--verbose", "--jobs", jobs, "."]))
        printed.append(capsys.readouterr())
    assert codes == [2, 2, 2]
    assert printed[0] == printed[1] == printed[2]
    assert "PF301" in printed[0].out and "07.prototxt: is empty" in printed[0].err


def test_what_is_remembered_is_printed_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROTOFIX_NO_CACHE")
    printed = []
    for options in (["--no-cache"], [], [], ["--cache-dir", "elsewhere"]):
        main(["check", "--verbose", *options, "."])
        printed.append(capsys.readouterr())
    assert printed[1:] == printed[:1] * 3
    assert (folder / ".protofix_cache").is_dir() and (folder / "elsewhere").is_dir()


# The configurations of the working folder and one below it, options, and where results are.
CACHES = {
    "configured": ("cache-dir = out/cache", "", [], "out/cache"),
    "configured above": ("cache-dir = ../cache", "", [], "../cache"),
    "another folder's files": ("cache-dir = here", "cache-dir = there", [], "here"),
    "another folder's alone": ("", "cache-dir = there", [], ".protofix_cache"),
    "the command line": ("cache-dir = out/cache", "", ["--cache-dir", "mine"], "mine"),
    "the home folder": ("cache-dir = ~/cache", "", [], "../home/cache"),
}


@pytest.mark.parametrize("case", CACHES)
def test_where_results_are_remembered(
    case: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROTOFIX_NO_CACHE")
    here, below, options, where = CACHES[case]
    work = folder / "work"
    (work / "deep").mkdir(parents=True)
    for number in range(20):
        name = f"work/deep/{number}.prototxt" if number < 10 else f"work/{number}.prototxt"
        (folder / name).write_text(CLEAN)
    for at, lines in ((work, here), (work / "deep", below)):
        (at / "setup.cfg").write_text(f"[protofix]\n{lines}\n")
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.chdir(work)
    main(["check", *options, "."])
    made = [it.parent for it in folder.rglob("CACHEDIR.TAG")]
    assert [it.resolve() for it in made] == [(work / where).resolve()]


@pytest.mark.parametrize("why", ["--no-cache", "the environment", "few files"])
def test_nothing_is_written_where_nothing_is_to_be_remembered(
    why: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if why != "the environment":
        monkeypatch.delenv("PROTOFIX_NO_CACHE")
    paths = ["00.prototxt", "01.prototxt"] if why == "few files" else ["."]
    main(["check", *paths, *(["--no-cache"] if why == "--no-cache" else [])])
    assert all(it.suffix == ".prototxt" for it in folder.iterdir())


def test_files_are_mended_and_then_clean(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROTOFIX_NO_CACHE")
    (folder / "07.prototxt").unlink()
    assert main(["check", "."]) == 1
    assert main(["check", "--unsafe-fixes", "."]) == main(["check", "."])
    assert 'bottom: "dat"' not in (folder / "00.prototxt").read_text()


def _start(folder: Path) -> subprocess.Popen[str]:
    for number in range(30, 1200):
        (folder / f"{number}.prototxt").write_text(CLEAN * 20)
    return subprocess.Popen(
        [sys.executable, "-m", "protofix", "check", "--jobs", "2", "."],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )


def _workers_of(pid: int) -> list[int]:
    """The processes that it has started, once each of both works."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [
            int(it)
            for it in children.read_text().split()
            if b"spawn_main" in Path(f"/proc/{it}/cmdline").read_bytes()
        ]
        if len(found) == 2:
            return found
        time.sleep(0.01)
    raise AssertionError("it never started two processes")


def _is_gone(pid: int) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


ENDS = [
    # Ctrl-C and a terminal that closes send it to all processes, `kill` to one.
    (os.killpg, signal.SIGINT, 130, "protofix: interrupted\n"),
    (os.killpg, getattr(signal, "SIGHUP", None), 129, ""),
    (os.kill, signal.SIGTERM, 143, ""),
]


@needs_proc
@pytest.mark.parametrize(("send", "number", "code", "said"), ENDS)
def test_a_signal_ends_all_processes_in_one_line(
    send: Callable[[int, int], None], number: int, code: int, said: str, folder: Path
) -> None:
    (folder / "07.prototxt").unlink()
    run = _start(folder)
    workers = _workers_of(run.pid)
    send(run.pid, number)
    _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (code, said)
    assert all(map(_is_gone, workers))


@needs_proc
def test_a_process_that_is_killed_is_one_line(folder: Path) -> None:
    (folder / "07.prototxt").unlink()
    run = _start(folder)
    workers = _workers_of(run.pid)
    os.kill(workers[0], signal.SIGKILL)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 2
    [line] = err.splitlines()
    assert line.startswith("protofix: a process that worked on this was ended from outside")
    assert all(map(_is_gone, workers))


def test_a_text_goes_to_another_process_without_its_lines() -> None:
    source = Source(TYPO, "net.prototxt")
    fresh = pickle.dumps(source)
    assert source.position(3).line == 1
    assert pickle.dumps(source) == fresh
    assert pickle.loads(fresh) == source
