"""`protofix completion`: what a shell offers once it has read the script."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from protofix.cli import main
from protofix.commands.completion import SHELLS


def script(shell: str, capsys: pytest.CaptureFixture[str], folder: Path) -> Path:
    assert main(["completion", shell]) == 0
    path = folder / f"protofix.{shell}"
    path.write_text(capsys.readouterr().out)
    return path


OFFERED = {
    "protofix ch": ["check"],
    "protofix check --form": ["--format"],
    "protofix check --format s": ["sarif"],
    "protofix check --select PF40": [f"PF40{last}" for last in range(1, 10)],
    "protofix check --dialect ss": ["ssd"],
    "protofix explain softmax-before-i": ["softmax-before-infogain"],
    "protofix check --baseline ba": ["base.json"],
    "protofix prove train.": ["train.prototxt"],
    "protofix matrix build --lmdb tr": ["train_lmdb"],
    "protofix matrix bu": ["build"],
}


@pytest.mark.parametrize("typed", OFFERED)
def test_what_bash_offers(typed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    read = script("bash", capsys, tmp_path)
    for name in ("base.json", "train.prototxt"):
        (tmp_path / name).touch()
    (tmp_path / "train_lmdb").mkdir()
    asked = (
        f"source {read}; COMP_WORDS=({typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
        "$(complete -p protofix | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' ${COMPREPLY[@]}"
    )
    run = subprocess.run([bash, "-c", asked], capture_output=True, text=True, cwd=tmp_path)
    assert run.stderr == ""
    offered = [Path(it).name for it in run.stdout.split()]
    assert [it for it in offered if it.startswith(OFFERED[typed][0][:2])] == OFFERED[typed]


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_understands_its_script(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = script(shell, capsys, tmp_path)
    assert "softmax-before-infogain" in read.read_text()
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"needs {shell}")
    run = subprocess.run([program, "-n", str(read)], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_without_shtab_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == (
        "protofix: completion needs shtab: pip install 'protofix[completion]'\n"
    )
