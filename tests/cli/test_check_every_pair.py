"""Every pair of options of `protofix check`: both do what they say, or they are refused.

What an option says is told once, in `TRUE`, for whatever it is given beside.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.cli import main
from protofix.looking import NO_CACHE

# One finding that --fix mends (PF902), and one that nothing does (PF101).
LAYER = "layer { name: 'x' type: 'Input' top: 'x' nmae: 'b' }"
NET = f"{LAYER}  # protofix: ignore[PF301]\n"
MENDED = f"{LAYER}\n"
CLEAN = "layer { name: 'x' type: 'Input' top: 'x' }\n"
# Each PF101 is accepted, and no PF902.
ACCEPTED = [{"code": "PF101", "line": NET.strip(), "count": 1}]
BASELINE = {"version": 1, "files": {"net.prototxt": ACCEPTED, "given.prototxt": ACCEPTED}}

OPTIONS = {
    "--fix": ["--fix"],
    "--unsafe-fixes": ["--unsafe-fixes"],
    "--diff": ["--diff"],
    "--baseline": ["--baseline", "base.json"],
    "--write-baseline": ["--write-baseline", "new.json"],
    "--format": ["--format", "json"],
    "--output": ["--output", "report"],
    "--statistics": ["--statistics"],
    "--verbose": ["--verbose"],
    "--exit-zero": ["--exit-zero"],
    "--stdin-filename": ["--stdin-filename", "given.prototxt"],
    "--dialect": ["--dialect", "ssd"],
    "--schema": ["--schema", "own.desc"],
    "--no-cache": ["--no-cache"],
    "--cache-dir": ["--cache-dir", "kept"],
}
# Of which one would leave nothing to do for the other, or both say one thing.
REFUSED = {
    ("--diff", "--write-baseline"),
    ("--diff", "--format"),
    ("--diff", "--output"),
    ("--diff", "--statistics"),
    ("--diff", "--verbose"),
    ("--diff", "--cache-dir"),
    ("--baseline", "--write-baseline"),
    ("--write-baseline", "--format"),
    ("--write-baseline", "--output"),
    ("--write-baseline", "--statistics"),
    ("--write-baseline", "--verbose"),
    ("--format", "--statistics"),
    ("--dialect", "--schema"),
    ("--no-cache", "--cache-dir"),
}
PAIRS = list(combinations(OPTIONS, 2))


@dataclass(frozen=True)
class Ran:
    """What a run with some options left: what it printed, and files in the working folder."""

    options: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def report(self) -> str:
        """What was found, wherever that went."""
        if "--output" in self.options:
            return Path("report").read_text()
        given_back = {"--fix", "--unsafe-fixes"} & {*self.options}
        return self.err if "--stdin-filename" in self.options and given_back else self.out

    @property
    def every_word(self) -> str:
        """All that was printed and written but for the files that were checked."""
        files = [Path(it) for it in ("report", "new.json")]
        return self.out + self.err + "".join(it.read_text() for it in files if it.is_file())


def net() -> str:
    return Path("net.prototxt").read_text()


def mends(ran: Ran) -> bool:
    if "--diff" in ran.options:
        return net() == NET and f"+{MENDED}" in ran.out
    given_back = "--stdin-filename" not in ran.options or ran.out == MENDED
    return net() == MENDED and given_back


def writes_a_baseline(ran: Ran) -> bool:
    accepted = json.loads(Path("new.json").read_text())["files"]["net.prototxt"]
    return "wrote new.json" in ran.err and "PF101" in [it["code"] for it in accepted]


def counts_by_rules(ran: Ran) -> bool:
    counted = re.search(r"^\d  PF\d+ ", ran.report, re.M)
    return counted is not None and ":1:" not in ran.every_word


def names_standard_input(ran: Ran) -> bool:
    if "--statistics" in ran.options:
        return "2  PF101" in ran.report
    return "given.prototxt" in ran.every_word


def says_the_dialect(name: str, title: str) -> Callable[[Ran], bool]:
    """What is true of an option that chooses the dialect, where there is a report."""

    def is_said(ran: Ran) -> bool:
        if {"--diff", "--write-baseline"} & {*ran.options}:
            return True
        if "--format" in ran.options:
            return {it["dialect"] for it in json.loads(ran.report)} == {name}
        return f"by dialect: {title} " in ran.err

    return is_said


def remembers_in(*folders: str) -> Callable[[Ran], bool]:
    return lambda ran: [it for it in ("kept", ".protofix_cache") if Path(it).is_dir()] == [*folders]


TRUE: Mapping[str, Callable[[Ran], bool]] = {
    "--fix": mends,
    "--unsafe-fixes": mends,
    "--diff": lambda ran: net() == NET and f"-{NET}+{MENDED}" in ran.out,
    "--baseline": lambda ran: "PF101" not in ran.every_word,
    "--write-baseline": writes_a_baseline,
    "--format": lambda ran: isinstance(json.loads(ran.report), list),
    "--output": lambda ran: "PF" not in ran.out and "PF" in ran.report,
    "--statistics": counts_by_rules,
    "--verbose": lambda ran: "net.prototxt: net, dialect" in ran.out + ran.err,
    "--exit-zero": lambda ran: ran.code == 0,
    "--stdin-filename": names_standard_input,
    "--dialect": says_the_dialect("ssd", "SSD"),
    "--schema": says_the_dialect("own.desc", "own.desc"),
    "--no-cache": remembers_in(),
    "--cache-dir": remembers_in("kept"),
}


def code_of(options: tuple[str, ...]) -> int:
    """Something is left to find, unless what is not mended is accepted."""
    nothing_left = "--baseline" in options and {"--fix", "--unsafe-fixes"} & {*options}
    done = {"--exit-zero", "--write-baseline"} & {*options}
    return 0 if nothing_left or done else 1


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with as many files as are worth a cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(NO_CACHE, raising=False)
    (tmp_path / "net.prototxt").write_text(NET)
    for number in range(8):
        (tmp_path / f"clean{number}.prototxt").write_text(CLEAN)
    (tmp_path / "base.json").write_text(json.dumps(BASELINE))
    shutil.copy(ROOT / "caffe_proto" / "caffe.desc", "own.desc")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NET.encode())))
    return tmp_path


def command(options: tuple[str, ...]) -> list[str]:
    paths = ["-", "."] if "--stdin-filename" in options else ["."]
    return ["check", *(word for it in options for word in OPTIONS[it]), *paths]


@pytest.mark.parametrize("pair", [it for it in PAIRS if it not in REFUSED], ids=" ".join)
def test_both_do_what_they_say(pair: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code = main(command(pair))
    ran = Ran(pair, code, *capsys.readouterr())
    assert ran.code == code_of(pair), ran.err
    for option in pair:
        assert TRUE[option](ran), (option, ran)


@pytest.mark.parametrize("pair", sorted(REFUSED), ids=" ".join)
def test_what_would_be_ignored_is_refused(
    pair: tuple[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    with pytest.raises(SystemExit) as stopped:
        main(command(pair))
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "not allowed with argument" in err and all(option in err for option in pair)
    assert sorted(folder.iterdir()) == before and net() == NET
