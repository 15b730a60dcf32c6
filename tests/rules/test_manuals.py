"""Each rule's docstring is its manual page, and its examples are its test."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from shared_data import ROOT

from protofix.reports.rules.manual import found_in, manual_of
from protofix.rulebook.findings import Severity
from protofix.rulebook.registry import RULES
from protofix.rulebook.rule import Rule

SHOWN = [rule for rule in RULES if manual_of(rule).wrong]


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_each_wrong_example_is_found(rule: Rule) -> None:
    for wrong in manual_of(rule).wrong:
        assert found_in(rule, wrong), wrong


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_no_right_example_is(rule: Rule) -> None:
    for right in manual_of(rule).right:
        assert not found_in(rule, right), right


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
    assert len(RULES) == len(files)
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_what_it_is(rule: Rule) -> None:
    assert re.fullmatch(r"PF\d{3}", rule.code)
    assert rule.severity in get_args(Severity)
    assert rule.manual.strip()
