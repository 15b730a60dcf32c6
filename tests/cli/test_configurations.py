"""Configurations in setup.cfg and pyproject.toml: what they say, and what they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from three_nets import found, needs_tomllib, with_three_nets

from protofix.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return with_three_nets(tmp_path)


def refused(text: bytes, name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a configuration."""
    (folder / name).write_bytes(text)
    assert main(["check", "net.prototxt"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    return err.removeprefix("protofix: ").rstrip()


def test_a_setup_cfg_has_lists_of_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "setup.cfg").write_text(
        "[protofix]\nselect = PF1, PF3\nexclude =\n    deep\n"
        "per-file-ignores =\n    old/*.prototxt: PF101\n    /net.prototxt: unmade-blob, PF9\n"
    )
    assert found(capsys) == {"net.prototxt": "PF101", "old/net.prototxt": "PF301"}


# The lines of per-file-ignores, and what is found in net.prototxt and old/net.prototxt.
LINES = {
    "two patterns": (["/net.prototxt: PF1", "old/: PF3"], ["PF301", "PF101"]),
    "a pattern twice": (["/net.prototxt: PF1", "old/: PF3", "/net.prototxt: PF3"], ["", "PF101"]),
    "a pattern twice, and other words": (["*: PF1", "*  :PF301,"], ["", ""]),
    "comments and empty lines": (["# /net.prototxt: ALL", "", "*: PF1"], ["PF301", "PF301"]),
}


@pytest.mark.parametrize("case", LINES)
def test_each_line_of_files_holds(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, codes = LINES[case]
    written = "".join(f"    {it}\n" for it in lines)
    (folder / "setup.cfg").write_text(f"[protofix]\nper-file-ignores =\n{written}")
    files = ["net.prototxt", "old/net.prototxt"]
    assert found(capsys, *files) == {
        file: code for file, code in zip(files, codes, strict=True) if code
    }


@pytest.mark.parametrize("written", ["select =", "select = ,", "select =\n    ,\n    # PF1\n"])
def test_a_setup_cfg_must_not_turn_all_rules_off(
    written: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "setup.cfg").write_text(f"[protofix]\n{written}\n")
    assert main(["check", "net.prototxt"]) == 2
    assert capsys.readouterr().err == (
        "protofix: setup.cfg:2: `select` names no rule, so that none looks: "
        "name some, or leave it out for all but those of style\n"
    )


# The text of a setup.cfg, and what is said of it.
WRONG = {
    "a key twice": ("[protofix]\nignore = PF1\nIgnore = PF3", "3: option 'ignore' in section"),
    "the section twice": (
        "[protofix]\n\n[protofix]\nignore = PF3",
        "3: section 'protofix' already",
    ),
    "a key with a stroke below": (
        "[x]\nignore = 1\n[protofix]\nper_file_ignores =\n    a: PF1",
        "4: there is no key `per_file_ignores`: did you mean `per-file-ignores`?",
    ),
    "a line without a pattern": (
        "[protofix]\nper-file-ignores =\n    *: PF1,\n    PF3",
        "2: `per-file-ignores`: `PF3` has no pattern before it: write a line such as `deploy/*: ",
    ),
    "a pattern without a rule": (
        "[protofix]\nper-file-ignores =\n    a: PF1\n    old/:",
        '4: `per-file-ignores`: "old/" has no rule: name some, or `ALL`',
    ),
    "a rule that is none": (
        "[protofix]\nper-file-ignores =\n    a: PF1\n    b: PF999",
        "4: `per-file-ignores`: there is no rule `PF999`",
    ),
    "a line that is no key": ("[protofix]\nignore\n", "2: this line is neither `key = value` nor"),
    "the section's name in pytest's way": ("[x]\n[tool:protofix]\n", "2: `[tool:protofix]` is not"),
    "the section's name in TOML's way": ("[tool.protofix]\n", "1: `[tool.protofix]` is not read"),
    "the section's name in capitals": ("[Protofix]\n", "1: `[Protofix]` is not read: write"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_in_a_setup_cfg_is_said(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = WRONG[case]
    assert refused(text.encode(), "setup.cfg", folder, capsys).startswith(f"setup.cfg:{said}")


TOML = {
    "a table in the wrong place": ("[protofix]\nignore = []", "1: a table `protofix` here is not"),
    "its name in capitals": ("[tool.x]\n[tool.Protofix]", "2: a table `Protofix` here is not read"),
    "several": ("[[tool.protofix]]\nignore = []", "1: tool.protofix is to be a table"),
    "a key behind its tables' names": (
        "[tool.x]\nignore = 1\n[tool]\nprotofix.ignore = 1",
        "4: `ignore` takes a list",
    ),
    "a number that nobody can read": ("[tool.protofix]\nindent = " + "9" * 9999, ""),
    "no end of brackets": ("[tool.protofix]\nselect = " + "[" * 99999, " is nested beyond all "),
    "a table below it": ("\n[tool.protofix.select]\nx = 1", "2: `select` takes a list of strings"),
    "a file's rules": (
        "[tool.protofix.per-file-ignores]\n'a' = ['PF1']\n'b' = 'PF1'",
        "3: `b` takes a list of strings",
    ),
}


@needs_tomllib
@pytest.mark.parametrize("case", TOML)
def test_what_is_wrong_in_a_pyproject_is_said(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = TOML[case]
    assert refused(text.encode(), "pyproject.toml", folder, capsys).startswith(
        f"pyproject.toml:{said}"
    )


BYTES = {
    "a mark of UTF-8": b"\xef\xbb\xbf[protofix]\nignore = PF3\n",
    "ends of lines of Windows": b"[protofix]\r\nignore =\r\n    PF3\r\n",
    "defaults of other tools": b"[DEFAULT]\nname = x\n[protofix]\nignore = PF3\n",
}


@pytest.mark.parametrize("case", BYTES)
def test_a_setup_cfg_may_be_written_so(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "setup.cfg").write_bytes(BYTES[case])
    assert found(capsys, "net.prototxt") == {"net.prototxt": "PF101"}


@needs_tomllib
@pytest.mark.parametrize("name", ["protofix.toml", "pyproject.toml"])
def test_a_toml_file_may_begin_with_a_mark(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = b"[tool.protofix]\r\n" if name == "pyproject.toml" else b""
    (folder / name).write_bytes(b"\xef\xbb\xbf" + header + b"ignore = ['PF3']\r\n")
    assert found(capsys, "net.prototxt") == {"net.prototxt": "PF101"}


def test_a_file_of_other_tools_alone_may_be_anything(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "setup.cfg").write_bytes(b"[metadata]\nauthor = M\xfcller\n")
    (folder / "pyproject.toml").write_bytes(b"[\xff")
    assert found(capsys, "net.prototxt") == {"net.prototxt": "PF101 PF301"}
    said = refused(b"[metadata]\nauthor = M\xfcller\n[protofix]\n", "setup.cfg", folder, capsys)
    assert said == "setup.cfg:2: is not UTF-8"
