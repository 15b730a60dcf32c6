"""Comments that ask for findings to be left out."""

from __future__ import annotations

import pytest

import protofix
from protofix.linting.fixing import fix_source
from protofix.textproto.source import Source

# A text, and the codes that are found in it.
CASES = {
    "nothing asked": ("layer { type: 'Input' top: 'a' nmae: 'b' }", "PF101"),
    "behind it": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF101]",
        "",
    ),
    "by its name": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[unknown-field]",
        "",
    ),
    "in small letters": ("layer { nmae: 'b' type: 'Input' }  # protofix: ignore[pf101, all]", ""),
    "in capitals": ("layer { nmae: 'b' type: 'Input' }  # Protofix: IGNORE[PF101, all]", ""),
    "for the file, in capitals": ("# PROTOFIX: Ignore-File\n\nlayer { nmae: 'b' }", ""),
    "without a colon": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix ignore[PF101]",
        "PF101 PF901",
    ),
    "in passing": ("layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix ignores it", "PF101"),
    "by its family": ("layer { nmae: 'b' type: 'Input' }  # protofix: ignore[PF1]", "PF304"),
    "without brackets": ("layer { nmae: 'b' type: 'Input' }  # protofix: ignore", ""),
    "with a reason": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF101] for the old fork",
        "",
    ),
    "behind another comment": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # why # protofix: ignore[PF101]",
        "",
    ),
    "behind one of its kind": (
        "layer { type: 'ReLU' top: 'a' nmae: 'b' bottom: 'c' }  "
        "# protofix: ignore[PF101] x # protofix: ignore[PF301]",
        "",
    ),
    "without rules, of nothing": (
        "layer { type: 'Input' top: 'a' }  # protofix: ignore",
        "PF902",
    ),
    "for the file without rules, of nothing": (
        "# protofix: ignore-file\nlayer { type: 'Input' top: 'a' }",
        "PF902",
    ),
    "hidden by a mistake in the text": (
        "layer { type 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF301]",
        "PF001 PF101",
    ),
    "another rule": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF301]",
        "PF101 PF902",
    ),
    "above a layer": (
        "# The data.\n# protofix: ignore[PF101]\nlayer {\n  type: 'Input' top: 'a'\n  nmae: 'b'\n}",
        "",
    ),
    "between a layer and another comment": (
        "# protofix: ignore[PF101]\n# The data.\nlayer {\n  type: 'Input' top: 'a'\n  nmae: 'b'\n}",
        "",
    ),
    "above a layer, for that one alone": (
        "# protofix: ignore[PF101]\nlayer { type: 'Input' top: 'a' nmae: 'b' }\n"
        "layer { type: 'Input' top: 'c' nmae: 'd' }",
        "PF101",
    ),
    "above a field": (
        "layer {\n  type: 'Input'\n  # protofix: ignore[PF101]\n  nmae: 'b'\n  top: 'a'\n}",
        "",
    ),
    "above a field, for that one alone": (
        "layer {\n  type: 'Input' top: 'a'\n  # protofix: ignore[PF101]\n  nmae: 'b'\n  tpo: 1\n}",
        "PF101",
    ),
    "apart from a layer": (
        "# protofix: ignore[PF101]\n\nlayer { type: 'Input' top: 'a' nmae: 'b' }",
        "PF101 PF902",
    ),
    "above a brace": (
        "layer {\n  type: 'Input' top: 'a'\n  nmae: 'b'\n  # protofix: ignore[PF101]\n}",
        "PF101 PF902",
    ),
    "for the file": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }\n\n\n# protofix: ignore-file[PF101]\n",
        "",
    ),
    "for the file, all": ("layer { nmae: 'b' type: 'Input' }\n# protofix: ignore-file\n", ""),
    "nothing there": (
        "layer { type: 'Input' top: 'a' }  # protofix: ignore[PF101]",
        "PF902",
    ),
    "nothing there of all": ("layer { type: 'Input' top: 'a' }  # protofix: ignore[PF1]", "PF902"),
    "within a string": ("layer { type: 'Input' top: '# protofix: ignore' nmae: 'b' }", "PF101"),
    "an unknown rule": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF999]",
        "PF101 PF901",
    ),
    "an unknown word": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: disable[PF101]",
        "PF101 PF901",
    ),
    "a list that is not closed": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF101",
        "PF101 PF901",
    ),
    "an empty list": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[]",
        "PF101 PF901",
    ),
    "a comment ignored itself": (
        "layer { type: 'Input' top: 'a' }  # protofix: ignore[PF101, PF902]",
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_comment_is_about(case: str) -> None:
    text, codes = CASES[case]
    assert " ".join(sorted({found.code for found in protofix.check(text)})) == codes


# A text, and what --fix makes of it.
FIXES = {
    "behind a layer": (
        "layer { type: 'Input' top: 'a' }  # protofix: ignore[PF101]\n",
        "layer { type: 'Input' top: 'a' }\n",
    ),
    "on its own line": (
        "# Data.\n  # protofix: ignore[PF101] nothing there\nlayer { type: 'Input' top: 'a' }\n",
        "# Data.\nlayer { type: 'Input' top: 'a' }\n",
    ),
    "at the end": (
        "layer { type: 'Input' top: 'a' }\n# protofix: ignore-file[PF1]",
        "layer { type: 'Input' top: 'a' }\n",
    ),
    "one rule of two": (
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF301, PF101] old\n",
        "layer { type: 'Input' top: 'a' nmae: 'b' }  # protofix: ignore[PF101] old\n",
    ),
    "with CRLF": (
        "layer { type: 'Input' top: 'a' }  # protofix: ignore[PF101]\r\n",
        "layer { type: 'Input' top: 'a' }\r\n",
    ),
}


CHAINS = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 5 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 4 } } }
layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 1 dim: 1 dim: 5 dim: 5 } } }
layer { name: "p" type: "Softmax" bottom: "x" top: "p" }
# protofix: ignore[PF401] for a fork
layer { name: "l" type: "InfogainLoss" bottom: "p" bottom: "y" bottom: "H" top: "l" }
layer { name: "q" type: "Softmax" bottom: "x" top: "q" }
layer { name: "m" type: "InfogainLoss" bottom: "q" bottom: "y" bottom: "H" top: "m" }
"""
V1 = """\
layers { name: "a" type: DUMMY_DATA top: "a" dummy_data_param { num: 1 } }
layers { name: "s" type: SILENCE bottom: "a" }  # protofix: ignore[PF203] read by a tool of ours
"""


@pytest.mark.parametrize(("text", "code"), [(CHAINS, "PF401"), (V1, "PF203")])
def test_no_fix_changes_what_is_to_be_left(text: str, code: str) -> None:
    [found] = [it for it in protofix.check(text) if it.code == code]
    assert found.fix is None
    fixed = fix_source(Source(text), unsafe=True)
    assert [line for line in text.splitlines() if "ignore" in line or '"l"' in line] == [
        line for line in fixed.after.text.splitlines() if "ignore" in line or '"l"' in line
    ]
    assert code not in fixed.mended


DOUBLED = {
    "one that is idle": ("PF301, PF301", "PF301 finds nothing here: take the comment out"),
    "one of use": ("PF101, PF101, PF301", "PF301 finds nothing here: ignore PF101 alone"),
}


@pytest.mark.parametrize("case", DOUBLED)
def test_a_rule_that_a_comment_names_twice_is_said_once(case: str) -> None:
    rules, said = DOUBLED[case]
    text = f"layer {{ type: 'Input' top: 'a' nmae: 'b' }}  # protofix: ignore[{rules}]"
    assert [it.message for it in protofix.check(text) if it.code == "PF902"] == [said]


@pytest.mark.parametrize("case", FIXES)
def test_an_unused_comment_is_taken_out(case: str) -> None:
    before, after = FIXES[case]
    assert fix_source(Source(before)).after.text == after


def test_a_comment_for_rules_that_do_not_look_is_not_unused() -> None:
    from protofix.linting.checking import Question, check_source

    source = Source("layer { type: 'Input' top: 'a' }  # protofix: ignore[PF101]\n")
    for codes, found in (({"PF902"}, []), ({"PF902", "PF101"}, ["PF902"])):
        checked = check_source(source, Question(codes=frozenset(codes)))
        assert [it.code for it in checked.findings] == found


def test_a_comment_for_another_state_than_those_asked_for_is_not_unused() -> None:
    from protofix.linting.checking import Question, check_source
    from protofix.net.states import AskedState

    source = Source(
        "layer { name: 'd' type: 'Input' top: 'd' }\n"
        "# protofix: ignore[PF301]\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'd' include { phase: TRAIN } }\n"
    )
    asked = (AskedState("TEST"),)
    for question in (Question(), Question(asked=asked)):
        assert "PF902" not in [it.code for it in check_source(source, question).findings]
