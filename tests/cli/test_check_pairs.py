"""Pairs of options of `protofix check`: either both do what they say, or they are refused."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.cli import main

# One finding that --fix mends (PF902), and one that nothing does (PF101).
NET = "layer { name: 'x' type: 'Input' top: 'x' nmae: 'b' }  # protofix: ignore[PF301]\n"
MENDED = "layer { name: 'x' type: 'Input' top: 'x' nmae: 'b' }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_text(NET)
    (tmp_path / "base.json").write_text('{"version": 1, "files": {}}')
    return tmp_path


# A pair that works, in the order in which it is given; the exit code, parts of what is printed on
# standard output and on standard error, and what becomes of the file.
WORKS = {
    "the diff is of what --fix does": ("--fix --diff", 1, "+layer", "would be mended", NET),
    "the diff is of what --unsafe-fixes does": ("--unsafe-fixes --diff", 1, "+layer", "", NET),
    "a diff and exit code 0": ("--diff --exit-zero", 0, "+layer", "would be mended", NET),
    "a diff of what is new": ("--diff --baseline all.json", 0, "", "", NET),
    "what is left is accepted": (
        "--fix --write-baseline new.json",
        0,
        "",
        "wrote new.json: 1 finding accepted",
        MENDED,
    ),
    "what is left is counted": ("--fix --statistics", 1, "1  PF101", "mended in 1 file", MENDED),
    "what is left, as JSON": ("--fix --format json", 1, '"PF101"', "mended in 1 file", MENDED),
    "counted and exit code 0": ("--statistics --exit-zero", 0, "1  PF902", "1 error", NET),
    "JSON, and files on standard error": ("--format json -v", 1, '"PF101"', "t: net, dialect", NET),
    "statistics, and files": ("--statistics -v", 1, "net.prototxt: net, dialect", "1 error", NET),
    "printed": ("--format concise -o -", 1, "net.prototxt:1:42: PF101", "1 error", NET),
}


@pytest.mark.parametrize("case", WORKS)
def test_pairs_that_work(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options, code, printed, said, text = WORKS[case]
    main(["check", "--write-baseline", "all.json"])
    capsys.readouterr()
    assert main(["check", *options.split(), "net.prototxt"]) == code
    out, err = capsys.readouterr()
    assert printed in out and said in err
    assert bool(printed) == bool(out)
    assert (folder / "net.prototxt").read_text() == text
    assert not (folder / "-").exists()


def test_a_report_goes_to_a_file_and_its_statistics_as_well(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--statistics", "--output", "report", "net.prototxt"]) == 1
    assert capsys.readouterr().out == ""
    assert "PF101" in (folder / "report").read_text()


# What is given beside files, and what is said of the file that would be written.
ONTO = {
    "a report onto a file": (["-o", "net.prototxt"], "net.prototxt: is net.prototxt"),
    "a report through a link": (["-o", "link"], "link: is net.prototxt"),
    "a report onto a baseline": (
        ["-o", "base.json", "--baseline", "./base.json"],
        "base.json: is base.json",
    ),
    "a report onto a baseline that is configured": (
        ["-o", "known/accepted.json"],
        "known/accepted.json: is known/accepted.json",
    ),
    "a report onto a baseline that is not heeded": (
        ["-o", "known/accepted.json", "--no-baseline"],
        "known/accepted.json: is known/accepted.json",
    ),
    "a report onto a configuration": (
        ["-o", "./known/protofix.toml"],
        "./known/protofix.toml: is known/protofix.toml",
    ),
    "a report onto another program's": (["-o", "pyproject.toml"], "pyproject.toml: is pyproj"),
    "a report onto a broken configuration": (["-o", "setup.cfg"], "setup.cfg: is setup.cfg"),
    "a report onto a schema": (["-o", "a.desc", "--schema", "a.desc"], "a.desc: is a.desc"),
    "a report onto a schema that is configured": (
        ["-o", "known/own.proto"],
        "known/own.proto: is known/own.proto",
    ),
    "a report onto a net that a solver names": (["-o", "named.txt"], "named.txt: is named.txt"),
    "a baseline onto a file": (["--write-baseline", "net.prototxt"], "net.prototxt: is net.p"),
    "a baseline onto a configuration": (
        ["--write-baseline", "known/protofix.toml"],
        "known/protofix.toml: is known/protofix.toml",
    ),
}


@pytest.mark.parametrize("case", ONTO)
def test_nothing_is_written_onto_what_is_read(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, said = ONTO[case]
    (folder / "known").mkdir()
    written = {
        "known/protofix.toml": 'baseline = "accepted.json"\nschema = "own.proto"\n',
        "known/accepted.json": '{"version": 1, "files": {}}',
        "known/net.prototxt": NET,
        "known/own.proto": 'syntax = "proto2"; message NetParameter {}',
        "pyproject.toml": "[tool.other]\n",
        "setup.cfg": "[protofix]\nnonsense = 1\n",
        "solver.prototxt": "net: 'named.txt'\n",
        "named.txt": NET,
    }
    for name, text in written.items():
        (folder / name).write_text(text)
    (folder / "link").symlink_to("net.prototxt")
    shutil.copy(ROOT / "caffe_proto" / "caffe.desc", "a.desc")
    files = ["net.prototxt", "solver.prototxt", "known/net.prototxt"]
    before = {it: it.read_bytes() for it in folder.rglob("*") if it.is_file()}
    assert main(["check", *options, *files]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith(f"protofix: {said}") and "which is read; write to another file" in err
    assert {it: it.read_bytes() for it in folder.rglob("*") if it.is_file()} == before


def test_a_net_that_a_solver_on_standard_input_names_is_not_written_onto(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give("net: 'net.prototxt'\n", monkeypatch)
    assert main(["check", "-", "-o", "net.prototxt"]) == 2
    assert "net.prototxt, which is read" in capsys.readouterr().err
    assert (folder / "net.prototxt").read_text() == NET


def test_a_baseline_that_is_configured_may_be_written_anew(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "protofix.toml").write_text('baseline = "base.json"\n')
    assert main(["check", "net.prototxt"]) == 1
    assert main(["check", "net.prototxt", "--write-baseline", "base.json"]) == 0
    assert main(["check", "net.prototxt"]) == 0


def test_a_report_takes_the_place_of_the_last_one(folder: Path) -> None:
    (folder / "solver.prototxt").write_text("net: 'net.prototxt'\n")
    (folder / "report").write_text("old\n")
    assert main(["check", ".", "-o", "report"]) == 1
    assert "PF101" in (folder / "report").read_text()


def give(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


# What is given beside standard input, the exit code, and parts of what is printed.
STDIN = {
    "twice": (["-", "-"], 1, "1 error, 1 warning in 1 of 1 file;"),
    "and another file": (["-", "net.prototxt"], 1, "2 errors, 2 warnings in 2 of 2 files;"),
    "named, and another file": (
        ["-", "net.prototxt", "--stdin-filename", "a.prototxt"],
        1,
        "in 2 of 2 files;",
    ),
    "named like a file that is given": (
        ["-", "net.prototxt", "--stdin-filename", "./net.prototxt"],
        2,
        "./net.prototxt: is given as a file and as the name of standard input",
    ),
}


@pytest.mark.parametrize("case", STDIN)
def test_standard_input_and_what_is_given_beside_it(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, code, said = STDIN[case]
    give(NET, monkeypatch)
    assert main(["check", *arguments]) == code
    assert said in capsys.readouterr().err


def test_a_name_without_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", "net.prototxt", "--stdin-filename", "a.prototxt"])
    assert stopped.value.code == 2
    assert "--stdin-filename: not allowed without -," in capsys.readouterr().err


@pytest.mark.parametrize(("option", "given_back"), [("--fix", NET), ("--diff", ""), ("-v", "")])
def test_standard_input_that_is_left_out_is_given_back(
    option: str,
    given_back: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (folder / "protofix.toml").write_text('exclude = ["vendored/"]\n')
    give(NET, monkeypatch)
    named = ["check", "-", "--stdin-filename", "vendored/net.prototxt", "--force-exclude"]
    assert main([*named, option]) == 0
    assert capfd.readouterr().out == given_back


def test_a_wrong_configuration_of_many_files_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "protofix.toml").write_text("nonsense = 1\n")
    (folder / "other.prototxt").write_text(NET)
    for option in ("--diff", "--fix", "--verbose"):
        assert main(["check", option, "."]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("there is no key `nonsense`") == 1


@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_what_cannot_be_mended_is_called_by_its_name(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give("", monkeypatch)
    assert main(["check", "-", "--stdin-filename", "a.prototxt", option]) == 2
    assert "protofix: a.prototxt: is empty; a net has at least one layer\n" in (
        capsys.readouterr().err
    )
