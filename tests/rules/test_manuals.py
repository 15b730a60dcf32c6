"""Each rule's docstring is its manual page, and its examples are its test."""

from __future__ import annotations

import re
import textwrap

import pytest

import protofix
from protofix.rules.registry import RULES
from protofix.rules.rule import Rule

EXAMPLE = re.compile(r"^(Wrong|Right):\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def examples(rule: Rule) -> dict[str, str]:
    return {kind: textwrap.dedent(text) for kind, text in EXAMPLE.findall(rule.manual + "\n")}


SHOWN = [rule for rule in RULES if "Wrong" in examples(rule)]


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_the_wrong_example_is_found(rule: Rule) -> None:
    assert rule.code in {f.code for f in protofix.check(examples(rule)["Wrong"])}


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.name)
def test_the_right_example_is_not(rule: Rule) -> None:
    right = examples(rule).get("Right", "")
    assert rule.code not in {f.code for f in protofix.check(right)}


def test_most_rules_have_examples() -> None:
    without = {rule.name for rule in RULES} - {rule.name for rule in SHOWN}
    # What these find cannot be shown in a few lines of text.
    assert without == {
        "byte-order-mark",
        "nested-too-deep",
        "not-caffe",
        "probabilities-into-infogain",
    }
