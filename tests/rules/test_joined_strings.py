"""Names that are made of two strings are said, and parted where two can be meant."""

from __future__ import annotations

import pytest

import protofix
from protofix.textproto.edits import apply_edits

# A field, and what becomes of it; None where one name alone can be meant.
JOINED = {
    'bottom: ["a" "b"]': 'bottom: ["a", "b"]',
    'bottom: ["a"\'b\' "c"]': 'bottom: ["a",\'b\', "c"]',
    'top: "a" "b"': 'top: "a" top: "b"',
    'top: "a""b"': 'top: "a" top: "b"',
    'top: "a" # "one"\n  "b"': 'top: "a" # "one"\n  top: "b"',
    'include { stage: "a" "b" }': 'include { stage: "a" stage: "b" }',
    'name: "a" "b"': None,
}
FINE = ('bottom: ["a", "b"]', 'top: "a" top: "b"', 'python_param { param_str: "a" "b" }')


def fixes(text: str) -> list[str | None]:
    found = [one for one in protofix.check(text) if one.code == "PF110"]
    return [apply_edits(text, one.fix.edits) if one.fix else None for one in found]


@pytest.mark.parametrize("field", JOINED, ids=repr)
def test_strings_side_by_side(field: str) -> None:
    after = JOINED[field]
    text = "layer {{ {} }}\n"
    assert fixes(text.format(field)) == [None if after is None else text.format(after)]


@pytest.mark.parametrize("field", FINE, ids=repr)
def test_what_is_not_said(field: str) -> None:
    assert fixes(f"layer {{ {field} }}\n") == []
