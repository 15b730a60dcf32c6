"""`protofix check`: which rules look, by the command line and by configurations."""

from __future__ import annotations

from pathlib import Path

import pytest
from three_nets import found, needs_tomllib, with_three_nets

from protofix.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return with_three_nets(tmp_path)


def everywhere(codes: str) -> dict[str, str]:
    files = ("net.prototxt", "old/net.prototxt", "old/deep/net.prototxt")
    return dict.fromkeys(files, codes) if codes else {}


LINES = {
    "nothing": ([], "PF101 PF301"),
    "a rule": (["--select", "PF301"], "PF301"),
    "two in one word": (["--select", "PF301,unknown-field"], "PF101 PF301"),
    "two in two": (["--select", "PF301", "--select", "PF101"], "PF101 PF301"),
    "a family ignored": (["--ignore", "PF1"], "PF301"),
    "a family ignored but for one": (
        ["--ignore", "PF3", "--extend-select", "PF301"],
        "PF101 PF301",
    ),
    "none left": (["--select", "PF4"], ""),
}


@pytest.mark.parametrize("case", LINES)
def test_rules_are_chosen_on_the_command_line(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, codes = LINES[case]
    assert found(capsys, *arguments) == everywhere(codes)


# The lines of a configuration, arguments, and what is found.
CONFIGURED = {
    "select": ("select = ['PF3']", [], everywhere("PF301")),
    "the command line selects instead": (
        "select = ['PF3']",
        ["--select", "PF1"],
        everywhere("PF101"),
    ),
    "the command line ignores as well": (
        "ignore = ['PF3']",
        ["--ignore", "PF101"],
        {},
    ),
    "all is ignored, and one selected besides": (
        "extend-select = ['PF301']",
        ["--ignore", "ALL"],
        everywhere("PF301"),
    ),
    "all is ignored in files of a name": (
        "select = ['PF3']\nper-file-ignores = {'net.prototxt' = ['PF301']}",
        ["--select", "PF301"],
        {},
    ),
    "extend-select": (
        "ignore = ['PF3']\nextend-select = ['unmade-blob']",
        [],
        everywhere("PF101 PF301"),
    ),
    "one folder's files": (
        "per-file-ignores = {'old/' = ['PF1']}",
        [],
        everywhere("PF301") | {"net.prototxt": "PF101 PF301"},
    ),
    "files of a name": (
        "per-file-ignores = {'/net.prototxt' = ['ALL'], 'deep' = ['PF301']}",
        [],
        {"old/net.prototxt": "PF101 PF301", "old/deep/net.prototxt": "PF101"},
    ),
    "exclude": ("exclude = ['old']", [], {"net.prototxt": "PF101 PF301"}),
    "exclude with a star": (
        "exclude = ['old/*.prototxt']",
        [],
        {"net.prototxt": "PF101 PF301", "old/deep/net.prototxt": "PF101 PF301"},
    ),
    "excluded, and named": (
        "exclude = ['old']",
        ["old/net.prototxt"],
        {"old/net.prototxt": "PF101 PF301"},
    ),
    "a folder, excluded and named": (
        "exclude = ['old']",
        ["old"],
        {"old/net.prototxt": "PF101 PF301", "old/deep/net.prototxt": "PF101 PF301"},
    ),
    "a folder within one that is excluded": (
        "exclude = ['old/']",
        ["old/deep"],
        {"old/deep/net.prototxt": "PF101 PF301"},
    ),
    "a folder that is named, and what is excluded in it": (
        "exclude = ['old', 'old/deep']",
        ["old"],
        {"old/net.prototxt": "PF101 PF301"},
    ),
    "a folder, excluded, named, and left out by --force-exclude": (
        "exclude = ['old']",
        ["old", "--force-exclude"],
        {},
    ),
}


@needs_tomllib
@pytest.mark.parametrize("case", CONFIGURED)
def test_rules_are_chosen_by_a_configuration(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, arguments, expected = CONFIGURED[case]
    (folder / "protofix.toml").write_text(lines)
    assert found(capsys, *arguments) == expected


@needs_tomllib
def test_the_nearest_configuration_holds_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "protofix.toml").write_text("ignore = ['PF3']")
    (folder / "old" / "protofix.toml").write_text("ignore = ['PF1']")
    assert found(capsys) == everywhere("PF301") | {"net.prototxt": "PF101"}


WRONG = {
    "no rule": ("ignore = ['PF1']\nselect = []", "2: `select` names no rule, so that none looks: "),
    "an unknown rule": ("ignore = ['PF999']", "1: `ignore`: there is no rule `PF999`: `protofix"),
    "a slip": ("select = ['unmade-blop']", "did you mean `unmade-blob`?"),
    "a key": ("extend-selct = ['PF1']", "1: there is no key `extend-selct`: did you mean"),
    "no list": ("select = 'PF1'", '1: `select` takes a list of strings: select = ["..."]'),
    "numbers": ("select = [1]", "1: `select` takes a list of strings"),
    "a list for a table": ("per-file-ignores = ['PF1']", "1: `per-file-ignores` takes a table"),
    "rules of a file": (
        "[per-file-ignores]\nx = 'PF1'",
        '2: `x` takes a list of strings: "x" = ["PF322"]',
    ),
    "no rules of a file": (
        "per-file-ignores = {x = []}",
        '1: `per-file-ignores`: "x" has no rule: name some, or `ALL`',
    ),
    "a name of a file with a dot in it": (
        "[per-file-ignores]\nnet.prototxt = ['PF1']",
        "2: `net` takes a list of strings",
    ),
    "files that a pattern does not name": (
        "[per-file-ignores]\n'!x' = ['PF1']",
        '2: `per-file-ignores`: "!x" names no file: name those in which rules do not look',
    ),
    "an unknown rule of a file": (
        "[per-file-ignores]\n'a' = ['PF1']\n'b' = ['PF999']",
        "3: `per-file-ignores`: there is no rule `PF999`",
    ),
    "a comment as a pattern": ("exclude = ['#a']", '1: `exclude`: "#a" is no pattern: it is a co'),
    "a pattern from here": (
        "exclude = ['./old']",
        '1: `exclude`: "./old" is no pattern: it begins at the folder of this file; leave `./`',
    ),
    "a pattern from above": ("exclude = ['../old']", '1: `exclude`: "../old" is no pattern: it '),
    "a table for rules": ("target = 'fused'\n[ 'select' ]\nx = 1", "2: `select` takes a list"),
    "keys of a table for rules": ("select.x = 1", "1: `select` takes a list of strings"),
    "the table of another file": (
        "[tool.protofix]\nselect = ['PF1']",
        "1: the whole file is protofix's, without a table `tool`: write its keys above all tables",
    ),
    "a truth": (
        "indent = true",
        "1: `indent` is how many blanks a level is set in, 1 to 16, not t",
    ),
    "an empty pattern": ("exclude = ['']", '1: `exclude`: "" is no pattern: it is empty'),
    "a target": ("target = 'old'", '1: `target` is "fused" or "legacy", not "old"'),
    "an indent": ("indent = 'x'", "1: `indent` is how many blanks a level is set in, 1 to 16, not"),
    "no indent": ("indent = 0", "1: `indent` is how many blanks a level is set in, 1 to 16, not 0"),
    "quotes": ('quotes = "\'"', '1: `quotes` is "double" or "single", not "\'"'),
}


@needs_tomllib
@pytest.mark.parametrize("case", WRONG)
def test_a_configuration_that_means_nothing_is_one_line(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, said = WRONG[case]
    (folder / "protofix.toml").write_text(lines)
    assert main(["check", "net.prototxt"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("protofix: protofix.toml") and said in err


def test_an_unknown_rule_on_the_command_line_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--select", "unmade-blop"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "protofix check: argument --select: there is no rule `unmade-blop`: "
        "did you mean `unmade-blob`?; --help shows what it takes\n"
    )


def test_exit_zero_is_for_findings_alone(folder: Path) -> None:
    assert main(["check", "--exit-zero"]) == 0
    (folder / "bad.prototxt").write_bytes(b"\0" * 100)
    assert main(["check", "--exit-zero"]) == 2


def test_statistics_count_by_rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--statistics", "--select", "PF1,PF301", "old"]) == 1
    assert capsys.readouterr().out == "2  PF101 [**] unknown-field\n2  PF301      unmade-blob\n"


# The lines of a configuration, arguments, and what is said: nothing could ever be found.
NONE_LEFT = {
    "selected and ignored": (
        "",
        ["--select", "PF301", "--ignore", "PF301"],
        "--ignore PF301 takes away those of --select PF301;",
    ),
    "selected, ignored by a configuration": (
        "ignore = ['PF301']",
        ["--select", "PF301"],
        "`ignore` (PF301) of the configuration in . takes away those of --select PF301;",
    ),
    "selected by a configuration": (
        "select = ['PF301', 'PF101']",
        ["--ignore", "PF301,PF101"],
        "--ignore PF301,PF101 takes away those of `select` (PF301, PF101) of the configuration in",
    ),
    "both by a configuration": (
        "select = ['PF3']\nignore = ['PF3']",
        [],
        "`ignore` (PF3) of the configuration in . takes away those of `select` (PF3) of the",
    ),
    "all ignored": ("", ["--ignore", "ALL"], "--ignore ALL takes away all that are on"),
}


@pytest.mark.parametrize("case", NONE_LEFT)
def test_a_choice_that_leaves_no_rule_is_refused(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, arguments, said = NONE_LEFT[case]
    (folder / "protofix.toml").write_text(lines)
    assert main(["check", "net.prototxt", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith(f"protofix: no rule is left to look: {said}")


def test_a_choice_that_leaves_no_rule_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", ".", "--select", "PF301", "--ignore", "PF301"]) == 2
    assert capsys.readouterr().err.count("no rule is left") == 1


@pytest.mark.parametrize("written", ["", " , "])
@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
def test_an_option_that_names_no_rule_is_no_choice(
    option: str, written: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", option, written])
    assert stopped.value.code == 2
    assert "names no rule" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", ["--baseline", "--write-baseline", "--schema", "--cache-dir", "--output"]
)
def test_an_option_that_names_no_path_is_not_as_if_it_were_not_there(
    option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", option, ""])
    assert stopped.value.code == 2
    assert "is empty: name a path" in capsys.readouterr().err
