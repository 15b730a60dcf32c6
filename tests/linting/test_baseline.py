"""A baseline accepts what is there today, and nothing that is new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protofix.cli import main

ONE = "layer { type: 'Input' top: 'a' nmae: 'b' }\n"
OTHER = "layer { type: 'Input' top: 'c' nmae: 'd' }\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "a.prototxt").write_text(ONE)
    return tmp_path


def found(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    return [(it["file"], it["line"]) for it in json.loads(capsys.readouterr().out)]


# What becomes of the file after the baseline was written, and the lines with something new.
LATER = {
    "nothing": (ONE, []),
    "lines above": ("# A net.\n\n" + ONE, []),
    "another indentation": ("  " + ONE, []),
    "other blanks": (ONE.replace(" }", "}"), []),
    "one more": (ONE + OTHER, [2]),
    "one more in front": (OTHER + ONE, [1]),
    "the same once more": (ONE + ONE, [2, 2]),  # Two inputs make one blob, too.
    "the line changed": (ONE.replace("'b'", "'e'"), [1]),
    "mended": (ONE.replace("nmae", "name"), []),
}


@pytest.mark.parametrize("case", LATER)
def test_only_what_is_new_counts(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, lines = LATER[case]
    assert main(["check", "--write-baseline", "base.json", "nets"]) == 0
    assert capsys.readouterr() == ("", "wrote base.json: 1 finding accepted\n")
    (folder / "nets" / "a.prototxt").write_text(text)
    code = main(["check", "--baseline", "base.json", "--format", "json", "nets"])
    assert [line for _, line in found(capsys)] == lines
    assert code == (1 if lines else 0)


# The options behind `check --baseline base.json`, and whether what was mended is said to be gone.
GONE = {
    "all": (["nets"], True),
    "rules that did not run": (["nets", "--select", "PF3"], False),
    "files that were not checked": (["other"], False),
    "a state that was asked for": (["nets", "--stage", "x"], False),
    "a report for a program": (["nets", "--format", "sarif"], True),
    "no baseline": (["nets", "--no-baseline"], False),
}


@pytest.mark.parametrize("case", GONE)
def test_what_is_accepted_and_there_no_more_is_said(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options, said = GONE[case]
    (folder / "other").mkdir()
    (folder / "other" / "b.prototxt").write_text(OTHER)
    main(["check", "--write-baseline", "base.json"])
    (folder / "protofix.toml").write_text("baseline = 'base.json'\n")
    (folder / "nets" / "a.prototxt").write_text(ONE.replace("nmae", "name"))
    capsys.readouterr()
    assert main(["check", *options]) == 0
    gone = "1 finding that the baseline accepts is there no more; --write-baseline accepts "
    assert (gone in capsys.readouterr().err) == said
    main(["check", "--write-baseline", "base.json"])
    assert main(["check", *options]) == 0
    assert gone not in capsys.readouterr().err


def test_what_is_accepted_of_other_files_stays(folder: Path) -> None:
    for name in ("b", "c"):
        (folder / "nets" / f"{name}.prototxt").write_text(ONE)
    main(["check", "--write-baseline", "base.json"])
    (folder / "nets" / "c.prototxt").unlink()
    (folder / "nets" / "b.prototxt").write_text(OTHER)
    main(["check", "--write-baseline", "base.json", "nets/b.prototxt"])
    files = json.loads((folder / "base.json").read_text())["files"]
    assert {name: [it["line"] for it in its] for name, its in files.items()} == {
        "nets/a.prototxt": [ONE.strip()],
        "nets/b.prototxt": [OTHER.strip()],
    }


def test_what_is_accepted_in_a_text_that_breaks_off_is_not_said_to_be_gone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = folder / "nets" / "a.prototxt"
    net.write_text("layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'r' }\n")  # Nobody makes x.
    main(["check", "--write-baseline", "base.json"])
    net.write_text(net.read_text() + "layer {\n")
    assert main(["check", "--baseline", "base.json"]) == 1
    assert "there no more" not in capsys.readouterr().err


def test_paths_count_from_the_baseline(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["check", "--write-baseline", "base.json", "nets"])
    assert json.loads((folder / "base.json").read_text())["files"] == {
        "nets/a.prototxt": [{"code": "PF101", "line": ONE.strip(), "count": 1}]
    }
    monkeypatch.chdir(folder / "nets")
    assert main(["check", "--baseline", "../base.json"]) == 0
    assert main(["check", "--baseline", "../base.json", str(folder / "nets")]) == 0
    (folder / "nets" / "b.prototxt").write_text(ONE)
    capsys.readouterr()
    assert main(["check", "--baseline", "../base.json", "--format", "json"]) == 1
    assert found(capsys) == [("./b.prototxt", 1)]


CHAIN = """\
layer {{ name: "p{0}" type: "Softmax" bottom: "x" top: "p{0}" }}
layer {{ name: "l{0}" type: "InfogainLoss" bottom: "p{0}" bottom: "y" bottom: "H" top: "l{0}" }}
"""
INPUTS = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 5 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 4 } } }
layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 1 dim: 1 dim: 5 dim: 5 } } }
"""


def test_no_change_is_made_that_mends_what_is_accepted_as_well(folder: Path) -> None:
    net = folder / "nets" / "a.prototxt"
    net.write_text(INPUTS + CHAIN.format(1))
    main(["check", "--write-baseline", "base.json", "nets"])
    both = INPUTS + CHAIN.format(1) + CHAIN.format(2)
    net.write_text(both)
    assert main(["check", "--baseline", "base.json", "--fix", "nets"]) == 1
    assert net.read_text() == both
    assert main(["check", "--fix", "nets"]) == 0
    assert "Softmax" not in net.read_text()


def test_what_is_accepted_is_not_mended(folder: Path) -> None:
    net = folder / "nets" / "a.prototxt"
    unused = "layer { type: 'Input' top: 'a' }  # protofix: ignore[PF101]\n"
    net.write_text(unused)
    main(["check", "--write-baseline", "base.json", "nets"])
    assert main(["check", "--baseline", "base.json", "--fix", "nets"]) == 0
    assert net.read_text() == unused
    assert main(["check", "--fix", "nets"]) == 0
    assert net.read_text() == "layer { type: 'Input' top: 'a' }\n"


FIELD = "layer { name: 'x' type: 'Input' top: 'x' nmae: 'b' }"
TYPE = "layer { name: 'x' type: 'Sofmax' bottom: 'x' top: 'x' }"
OLD = "layers { name: 'r' type: RELU bottom: 'y' top: 'x' }"
UNUSED = "  # protofix: ignore[PF303]"

# What is accepted, in a file, and what becomes of it: other fixes change the lines that it is on.
MENDED_BESIDE = {
    "it has no fix": ("PF101", FIELD + UNUSED, FIELD),
    "it has one": ("PF109", TYPE + UNUSED, TYPE),
    "on two lines": ("PF109", f"{TYPE}{UNUSED}\n{TYPE}{UNUSED}", f"{TYPE}\n{TYPE}"),
    "lines before it go": ("PF109", f"# protofix: ignore-file[PF303]\n{TYPE}{UNUSED}", TYPE),
    "it is within what is rewritten": (
        "PF301",
        OLD,
        "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'x' }",
    ),
}


@pytest.mark.parametrize("case", MENDED_BESIDE)
def test_what_is_accepted_stays_so_while_its_line_is_mended(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, mended = MENDED_BESIDE[case]
    rules = ["--select", f"{code},PF203,PF303,PF902"]
    net = folder / "nets" / "a.prototxt"
    net.write_text(text + "\n")
    main(["check", "--write-baseline", "base.json", "--select", code, "nets"])
    capsys.readouterr()
    known = ["check", "--baseline", "base.json", *rules, "--format", "json"]
    assert main([*known, "--unsafe-fixes", "nets"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert net.read_text() == mended + "\n"
    lines = mended.count("\n") + 1
    findings = "1 accepted finding" if lines == 1 else f"{lines} accepted findings"
    assert (
        f"the baseline does not know the lines of {findings} any more; "
        "--write-baseline accepts what is there now\n"
    ) in err
    assert main([*known, "nets"]) == 1  # The next run knows its lines by the baseline alone.


def test_a_line_that_no_fix_changes_is_known_the_next_time(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = folder / "nets" / "a.prototxt"
    net.write_text(TYPE + "\n")
    main(["check", "--write-baseline", "base.json", "nets"])
    net.write_text(f"# protofix: ignore-file[PF303]\n{TYPE}\n")
    capsys.readouterr()
    for options in (["--fix"], []):
        assert main(["check", "--baseline", "base.json", *options, "nets"]) == 0
        assert "any more" not in capsys.readouterr().err
    assert net.read_text() == TYPE + "\n"


def test_a_net_that_a_solver_names_uses_up_what_is_accepted_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "nets" / "solver.prototxt").write_text(
        "net: 'a.prototxt' base_lr: 0.1 lr_policy: 'fixed' max_iter: 9\n"
    )
    main(["check", "--write-baseline", "base.json", "nets"])
    (folder / "nets" / "a.prototxt").write_text(ONE + ONE.replace("'a'", "'x'"))
    for options in ([], ["--fix"]):
        capsys.readouterr()
        known = ["check", "--baseline", "base.json", "--format", "json", *options]
        assert main([*known, "nets/solver.prototxt", "nets/a.prototxt"]) == 1
        assert [line for _, line in found(capsys)] == [2]


NO_BASELINE = {
    "is not there": (None, "base.json: cannot be read: No such file or directory"),
    "no JSON": (
        "layer {",
        "base.json: is no baseline; `protofix check --write-baseline base.json`",
    ),
    "another JSON": (
        "[1]",
        "base.json: is no baseline; `protofix check --write-baseline base.json`",
    ),
    "nothing in it": (
        "{}",
        "base.json: is no baseline; `protofix check --write-baseline base.json`",
    ),
    "a later version": ('{"version": 9, "files": {}}', "base.json: is a baseline of version 9"),
    "records of another kind": ('{"version": 1, "files": {"a": [3]}}', "base.json: is no baseline"),
}


@pytest.mark.parametrize("case", NO_BASELINE)
def test_what_is_no_baseline(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = NO_BASELINE[case]
    if content is not None:
        (folder / "base.json").write_text(content)
    assert main(["check", "--baseline", "base.json", "nets"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err


def test_a_file_that_cannot_be_checked_makes_no_baseline(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "nets" / "b.prototxt").write_bytes(b"\0" * 100)
    assert main(["check", "--write-baseline", "base.json", "nets"]) == 2
    assert not (folder / "base.json").exists()


@pytest.fixture
def configured(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with a baseline of what is in it, and a configuration that names it."""
    (folder / "known").mkdir()
    assert main(["check", "--write-baseline", "known/base.json", "nets"]) == 0
    (folder / "setup.cfg").write_text("[protofix]\nbaseline = known/base.json\n")
    capsys.readouterr()
    return folder


def test_a_baseline_may_be_configured(
    configured: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["check"]) == 0
    (configured / "nets" / "b.prototxt").write_text(OTHER)
    monkeypatch.chdir(configured / "nets")
    assert main(["check", "--fix"]) == 1
    assert (configured / "nets" / "a.prototxt").read_text() == ONE
    capsys.readouterr()
    assert main(["check", "--format", "json"]) == 1
    assert found(capsys) == [("./b.prototxt", 1)]


def test_the_command_line_goes_before_a_configured_baseline(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--no-baseline", "nets"]) == 1
    (configured / "none.json").write_text('{"version": 1, "files": {}}')
    assert main(["check", "--baseline", "none.json", "nets"]) == 1
    capsys.readouterr()
    assert main(["check", "--write-baseline", "other.json", "nets"]) == 0
    assert capsys.readouterr().err == "wrote other.json: 1 finding accepted\n"


def test_each_file_has_the_baseline_of_its_own_configuration(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (configured / "more").mkdir()
    (configured / "more" / "c.prototxt").write_text(OTHER)
    (configured / "more" / "setup.cfg").write_text("[protofix]\nignore = PF2\n")
    assert main(["check", "--format", "json", "nets", "more"]) == 1
    assert found(capsys) == [("more/c.prototxt", 1)]


def test_a_configured_baseline_that_is_not_there_stops_only_its_own_files(
    configured: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (configured / "known" / "base.json").unlink()
    (configured / "more").mkdir()
    (configured / "more" / "c.prototxt").write_text(OTHER)
    (configured / "more" / "setup.cfg").write_text("[protofix]\nignore = PF2\n")
    (configured / "nets" / "b.prototxt").write_text(OTHER)
    # A solver is checked with its nets, wherever they are.
    solver = 'net: "../nets/a.prototxt"\nbase_lr: 1\nlr_policy: "fixed"\n'
    (configured / "more" / "solver.prototxt").write_text(solver)
    assert main(["check", "--format", "json", "nets", "more"]) == 2
    out, err = capsys.readouterr()
    assert "more/c.prototxt" in {it["file"] for it in json.loads(out)}
    assert err == (
        "protofix: known/base.json: cannot be read: No such file or directory; it is the `baseline`"
        " configured: `protofix check --write-baseline known/base.json` makes it\n"
    )


def test_a_broken_baseline_that_is_configured_is_read_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "nets" / "b.prototxt").write_text(ONE)
    (folder / "protofix.toml").write_text('baseline = "base.json"\n')
    (folder / "base.json").write_text("[]")
    read: list[Path] = []

    def read_bytes(path: Path) -> bytes:
        read.append(path)
        return path.read_bytes()

    monkeypatch.setattr("protofix.linting.baseline.read_bytes", read_bytes)
    assert main(["check", "nets"]) == 2
    assert len(read) == 1
    assert capsys.readouterr().err.count("base.json: is no baseline") == 1
