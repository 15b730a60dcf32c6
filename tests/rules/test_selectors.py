"""Which rules look, by what is selected and ignored."""

from __future__ import annotations

import pytest

from protofix.rulebook.registry import NAMES, ON
from protofix.rulebook.selectors import SelectionError, chosen_codes, known_selector

RULES = {"PF101": "unknown-field", "PF301": "unmade-blob", "PF302": "remade-blob", "PF801": "taste"}
DEFAULT = frozenset({"PF101", "PF301", "PF302"})

# select, ignore, extend-select, and the codes that look then.
CHOICES = {
    "nothing said": (None, [], [], "PF101 PF301 PF302"),
    "a family": (["PF3"], [], [], "PF301 PF302"),
    "a name": (["unmade-blob"], [], [], "PF301"),
    "a rule that is off": (["PF801"], [], [], "PF801"),
    "everything": (["ALL"], [], [], "PF101 PF301 PF302 PF801"),
    "everything by its letters": (["PF"], [], [], "PF101 PF301 PF302 PF801"),
    "a family ignored": (None, ["PF3"], [], "PF101"),
    "a rule ignored of a family": (["PF3"], ["PF302"], [], "PF301"),
    "a family ignored, one of it selected": (["PF301"], ["PF3"], [], "PF301"),
    "a rule ignored by name, its code selected": (["PF301"], ["unmade-blob"], [], ""),
    "one more": (None, [], ["PF801"], "PF101 PF301 PF302 PF801"),
    "one more of few": (["PF101"], [], ["taste"], "PF101 PF801"),
    "all ignored": (None, ["ALL"], [], ""),
    "all ignored but one": (None, ["ALL"], ["PF101"], "PF101"),
    "none selected": ([], [], [], ""),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_the_selector_that_names_a_rule_most_closely_counts(choice: str) -> None:
    select, ignore, extend, codes = CHOICES[choice]
    assert chosen_codes(RULES, DEFAULT, select, ignore, extend) == frozenset(codes.split())


MEANT = {"pf3": "PF3", " PF301 ": "PF301", "Unmade-Blob": "unmade-blob", "all": "ALL", "PF": "PF"}


@pytest.mark.parametrize("written", MEANT)
def test_a_selector_may_be_written_loosely(written: str) -> None:
    assert known_selector(written, RULES) == MEANT[written]


UNKNOWN = {
    "unmade-blop": "there is no rule `unmade-blop`: did you mean `unmade-blob`?",
    "PF9": "there is no rule `PF9`: `protofix rules` lists them",
    "P": "there is no rule `P`: `protofix rules` lists them",
    "": "there is no rule ``: `protofix rules` lists them",
}


@pytest.mark.parametrize("written", UNKNOWN)
def test_what_means_no_rule_is_said_with_what_was_meant(written: str) -> None:
    with pytest.raises(SelectionError) as said:
        known_selector(written, RULES)
    assert str(said.value) == UNKNOWN[written]


def test_rules_of_style_are_off_and_all_others_on() -> None:
    assert {code for code in NAMES if not code.startswith("PF8")} == ON
