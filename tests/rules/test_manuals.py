"""Each rule's docstring is its manual page, and its examples are its test."""

from __future__ import annotations

import re
import textwrap
from typing import get_args

import pytest
from shared_data import ROOT

from protofix.rulebook.context import Context, Target
from protofix.rulebook.findings import Severity
from protofix.rulebook.registry import ON, RULES, findings
from protofix.rulebook.rule import Rule
from protofix.textproto.reader import read
from protofix.textproto.source import Source

EXAMPLE = re.compile(r"^(Wrong|Right):\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def examples(rule: Rule, kind: str) -> list[str]:
    found = EXAMPLE.findall(rule.manual + "\n")
    return [
        textwrap.dedent(text).rstrip("\n") + "\n"
        for kind_found, text in found
        if kind_found == kind
    ]


def found(rule: Rule, text: str) -> bool:
    """Whether a rule finds something for either target, be it on by itself or not."""
    codes = ON | {rule.code}
    document = read(Source(text))
    targets: tuple[Target, ...] = ("fused", "legacy")
    found = (it for target in targets for it in findings(Context(document, target=target), codes))
    return rule.code in {it.code for it in found}


SHOWN = [rule for rule in RULES if examples(rule, "Wrong")]


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_each_wrong_example_is_found(rule: Rule) -> None:
    for wrong in examples(rule, "Wrong"):
        assert found(rule, wrong), wrong


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_no_right_example_is(rule: Rule) -> None:
    for right in examples(rule, "Right"):
        assert not found(rule, right), right


def test_most_rules_have_examples() -> None:
    without = {rule.name for rule in RULES} - {rule.name for rule in SHOWN}
    # What these find cannot be shown in a few lines of text.
    assert without == {
        "doubtful-infogain-matrix",
        "final-newline",
        "line-ends",
        "nested-too-deep",
        "param-str-evaluated",
        "python-class",
        "python-methods",
        "snapshot-folder-missing",
        "trailing-blanks",
        "unreadable-data",
    }


def test_each_file_of_a_rule_is_one() -> None:
    folder = ROOT / "protofix" / "rules"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {rule.name.replace("-", "_") for rule in RULES} == files
    assert len(RULES) == len(files) == len({rule.code for rule in RULES})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert re.fullmatch(r"PF\d{3}", rule.code)
    assert rule.severity in get_args(Severity)
    assert rule.manual.strip()
