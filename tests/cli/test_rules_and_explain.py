"""`protofix rules` and `protofix explain` as their user runs them."""

from __future__ import annotations

import io
import json

import pytest

from protofix.cli import main
from protofix.reports.rules.page import page
from protofix.reports.terminal import write_markdown
from protofix.rulebook.registry import RULES


def test_the_list_has_a_line_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["code", "name", "severity", "fix", "looks"]
    assert [row.split()[:3] for row in rows] == [[it.code, it.name, it.severity] for it in RULES]
    by_code = {row.split()[0]: row.split()[3:] for row in rows}
    assert by_code["PF401"] == ["safe,", "unsafe", "on"]
    assert by_code["PF902"] == ["safe", "on"]
    assert by_code["PF702"] == ["none", "on"]
    # The columns stand below one another.
    assert len({row.index(row.split()[2]) for row in rows}) == 1


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--format", "json"]) == 0
    records = {it["code"]: it for it in json.loads(capsys.readouterr().out)}
    assert len(records) == len(RULES)
    assert records["PF401"] == {
        "code": "PF401",
        "name": "softmax-before-infogain",
        "severity": "error",
        "fixes": ["safe", "unsafe"],
        "on": True,
        "title": "An InfogainLoss that reads the probabilities of a Softmax.",
    }


@pytest.mark.parametrize("named", ["PF401", "pf401", "softmax-before-infogain"])
def test_a_rule_is_explained_by_its_page(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", named]) == 0
    [rule] = [it for it in RULES if it.code == "PF401"]
    assert capsys.readouterr().out == page(rule)


def test_several_rules_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "PF401", "unread-top"]) == 0
    out = capsys.readouterr().out
    assert out.index("# PF401 ") < out.index("# PF321 ")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_page_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    write_markdown(screen, "# Title\n\nSome `code` here.\n\n```prototxt\na: 1\n```\n")
    said = screen.getvalue()
    assert "Title" in said and "a: 1" in said
    assert "```" not in said and "`code`" not in said and "# Title" not in said
    assert "\x1b[" in said


UNKNOWN = {
    "sofmax-before-infogain": "there is no rule `sofmax-before-infogain`: "
    "did you mean `softmax-before-infogain`?",
    "PF999": "there is no rule `PF999`: `protofix rules` lists them",
    "PF4": "`PF4` means more than one rule: `protofix rules` lists them",
    "ALL": "`ALL` means more than one rule: `protofix rules` lists them",
}


@pytest.mark.parametrize("named", UNKNOWN)
def test_a_rule_that_there_is_not(named: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["explain", named])
    assert stop.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert UNKNOWN[named] in line
