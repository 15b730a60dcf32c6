"""Rounds of fixes: which are made at once, that they settle, and what happens if they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from made_rules import made

from protofix.linting.checking import Question, check_source
from protofix.linting.fixing import apart, fix_source
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.registry import ON, RULES
from protofix.textproto.edits import Edit
from protofix.textproto.source import Source


def one(start: int, end: int, text: str = "", *more: Edit) -> Fix:
    return Fix("change", (Edit(start, end, text), *more))


# Fixes in the order in which they are found, and the numbers of those that are made at once.
TOGETHER = {
    "apart": ([one(0, 2), one(3, 5)], [0, 1]),
    "over each other": ([one(0, 4), one(3, 5)], [0]),
    "side by side": ([one(0, 3), one(3, 5)], [0]),
    "within": ([one(0, 9), one(3, 5)], [0]),
    "around": ([one(3, 5), one(0, 9)], [0]),
    "two insertions at one place": ([one(3, 3, "a"), one(3, 3, "b")], [0]),
    "insertions apart": ([one(3, 3, "a"), one(5, 5, "b")], [0, 1]),
    "the same fix": ([one(0, 2), one(0, 2)], [0]),
    "one edit of two in the way": ([one(0, 2), one(6, 7, "", Edit(1, 3, "")), one(6, 7)], [0, 2]),
    "between the edits of another": ([one(0, 2, "", Edit(8, 9, "")), one(4, 5)], [0, 1]),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_fixes_that_touch_each_other_wait(case: str) -> None:
    fixes, made = TOGETHER[case]
    assert list(apart(fixes)) == [fixes[number] for number in made]


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], Iterator[Hit]]], None]:
    """Let the rule that finds blobs nobody makes find something else."""

    def instead(find: Callable[[str], Iterator[Hit]]) -> None:
        def check(context: Context) -> Iterator[Hit]:
            yield from find(context.document.text)

        rules = tuple(made(it, check) if it.code == "PF301" else it for it in RULES)
        monkeypatch.setattr("protofix.rulebook.registry.RULES", rules)

    return instead


ONE_RULE = Question(codes=frozenset({"PF301"}))


def test_a_round_starts_from_the_text_read_again(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    def first_a_of_name(text: str) -> Iterator[Hit]:
        at = text.find("a", 6)
        if at >= 0:
            yield Hit(at, at + 1, "an a", Fix("write b", (Edit(at, at + 1, "b"),)))

    finds(first_a_of_name)
    fixed = fix_source(Source('name: "aaa"'), ONE_RULE)
    assert fixed.after.text == 'name: "bbb"'
    assert fixed.mended == Counter({"PF301": 3})
    assert not fixed.left.findings and not fixed.failures


def test_unsafe_fixes_are_made_only_if_asked_for(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    def unsafe(text: str) -> Iterator[Hit]:
        if text.startswith("name"):
            yield Hit(0, 4, "a name", Fix("none", (Edit(0, len(text), ""),), safe=False))

    finds(unsafe)
    assert fix_source(Source('name: "a"'), ONE_RULE).after.text == 'name: "a"'
    assert fix_source(Source('name: "a"'), ONE_RULE, unsafe=True).after.text == ""


def test_fixes_that_undo_each_other_are_said(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    def back_and_forth(text: str) -> Iterator[Hit]:
        other = text.replace("a", "B").replace("b", "a").replace("B", "b")
        yield Hit(0, 1, "wrong", Fix("turn", (Edit(0, len(text), other),)))

    finds(back_and_forth)
    fixed = fix_source(Source('x: "a"', "net.prototxt"), ONE_RULE)
    assert fixed.failures == (
        "net.prototxt: internal error, please report it: the fixes of PF301 do not settle",
    )


def test_a_fix_that_would_break_the_text_is_not_made(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    def breaking(text: str) -> Iterator[Hit]:
        yield Hit(0, 1, "wrong", Fix("break", (Edit(0, 1, "{"),)))

    finds(breaking)
    fixed = fix_source(Source('x: "a"', "net.prototxt"), ONE_RULE)
    assert fixed.after.text == 'x: "a"' and not fixed.mended
    assert fixed.failures == (
        "net.prototxt: internal error, please report it: the fixes of PF301 break the text",
    )


def test_a_guess_that_was_bad_is_given_up_where_it_was_made(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    def breaking_or_first_a(text: str) -> Iterator[Hit]:
        yield Hit(0, 1, "wrong", Fix("break", (Edit(0, 1, "{"),)))
        at = text.find("a")
        if at >= 0:
            yield Hit(at, at + 1, "wrong", Fix("write b", (Edit(at, at + 1, "b"),)))

    finds(breaking_or_first_a)
    fixed = fix_source(Source('x: "aaa"\n]'), ONE_RULE)
    assert fixed.after.text == 'x: "bbb"\n]'
    assert fixed.mended == Counter({"PF301": 3}) and not fixed.failures


def test_what_one_rule_gave_up_another_may_do(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    """A second guess takes away what a first one wrote, and a rule of style the blank before it."""

    def guessing(text: str) -> Iterator[Hit]:
        if text == 'name: "a"\n':
            guess = Fix("write a layer", (Edit(9, 9, " layer { }"),), safe=False)
            yield Hit(9, 9, "no layer", guess)
        elif "layer" in text:
            yield Hit(7, 8, "an a", Fix("write b", (Edit(7, 8, "b"),)))
            guess = Fix("take it away", (Edit(10, 19, ""),), safe=False)
            yield Hit(10, 15, "a layer", guess)

    finds(guessing)
    codes = frozenset({"PF301", "PF804"})
    fixed = fix_source(Source('name: "a"\n'), Question(codes=codes), unsafe=True)
    assert fixed.after.text == 'name: "b"\n'
    assert fixed.mended == Counter({"PF301": 3, "PF804": 1}) and not fixed.failures


def test_a_text_with_more_guesses_than_rounds_is_mended_as_far_as_they_go() -> None:
    fixed = fix_source(Source("n" + "{ " * 120), unsafe=True)
    assert fixed.failures == ()
    assert fixed.mended["PF001"] == 20 and fixed.left.findings


# Nets whose brackets pair up and make no sense, and the same mended.
MOVED = {
    "missing, then too many": (
        """layer {
  name: "x"
  type: "Input"
  top: "x"
  input_param {
    shape { dim: 1 }%s
layer {%s
  name: "y"
  type: "ReLU"
  bottom: "x"
  top: "y"
}
}
}
""",
        """layer {
  name: "x"
  type: "Input"
  top: "x"
  input_param {
    shape { dim: 1 }%s
  }
}
layer {%s
  name: "y"
  type: "ReLU"
  bottom: "x"
  top: "y"
}
""",
    ),
    "too many, then missing": (
        """layer {
  name: "x"
  type: "Input"
  top: "x"
  }
  input_param {%s
    shape { dim: 1 }
}%s
""",
        """layer {
  name: "x"
  type: "Input"
  top: "x"
  input_param {%s
    shape { dim: 1 }
  }
}%s
""",
    ),
}
IGNORED = "  # protofix: ignore[PF005]"
ALL_BUT_UNUSED_IGNORES = Question(codes=ON - {"PF902"})


@pytest.mark.parametrize("ignored", [("", ""), (IGNORED, ""), ("", IGNORED), (IGNORED, IGNORED)])
@pytest.mark.parametrize("case", MOVED)
def test_a_bracket_is_moved_or_stays(case: str, ignored: tuple[str, str]) -> None:
    before, after = MOVED[case]
    fixed = fix_source(Source(before % ignored), ALL_BUT_UNUSED_IGNORES)
    # A line that a comment is about stays as it is, and then so does the other.
    stays = ignored[0] != ""
    assert fixed.after.text == (before if stays else after) % ignored
    assert stays or not [it for it in fixed.left.findings if it.code == "PF005"]
    assert not fixed.failures


def test_half_of_a_mending_is_not_made_in_a_text_whose_brackets_pair_up(
    finds: Callable[[Callable[[str], Iterator[Hit]]], None],
) -> None:
    def last(text: str) -> Iterator[Hit]:
        at = text.rfind("}\n")
        yield Hit(at, at + 1, "too many", Fix("take it away", (Edit(at, at + 2, ""),)))

    finds(last)
    text = MOVED["missing, then too many"][0] % ("", "")
    fixed = fix_source(Source(text), ONE_RULE)
    assert fixed.after.text == text and not fixed.mended


def test_what_a_comment_leaves_out_is_not_mended() -> None:
    text = """layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "label" type: "Input" top: "y" input_param { shape { dim: 4 } } }
layer { name: "prob" type: "Softmax" bottom: "x" top: "prob" }
layer { name: "loss" type: "InfogainLoss" bottom: "prob" bottom: "y" bottom: "H" top: "loss" }%s
layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 3 dim: 3 } } }
"""
    codes = Question(codes=ON - {"PF301"})
    asked = text % "  # protofix: ignore[PF401] an old Caffe"
    assert fix_source(Source(asked), codes).after.text == asked
    assert 'bottom: "x" bottom: "y"' in fix_source(Source(text % ""), codes).after.text


def test_what_tells_the_dialect_may_be_mended_away_and_the_dialect_stays() -> None:
    net = """input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { name: "crop" type: CROP bottom: "data" bottom: "data" top: "crop" }
"""
    fixed = fix_source(Source(net))
    assert fixed.after.text == net.replace("layers", "layer").replace("CROP", '"Crop"')
    assert fixed.left.dialect == "crfrnn" and fixed.mended == Counter({"PF203": 1})


def test_no_guess_is_made_for_want_of_another_one_that_was_safe() -> None:
    """The string is closed, and with that alone the bracket would be the only mistake left."""
    net = 'name: "x\nlayer {\n  name: "a"\n  type: "ReLU"\n'
    first = check_source(Source(net)).findings
    assert [(it.code, it.fix and it.fix.safe) for it in first] == [
        ("PF002", True),
        ("PF005", False),
    ]
    fixed = fix_source(Source(net))
    assert fixed.mended == Counter({"PF002": 1}) and not fixed.after.text.endswith("}\n")


def test_a_layer_by_a_slip_makes_what_it_makes() -> None:
    net = """layer { name: "x" type: "Input" top: "x1" input_param { shape { dim: 4 } } }
laer { name: "r" type: "ReLU" bottom: "x1" top: "x2" }
layer { name: "s" type: "ReLU" bottom: "x2" top: "x2" }
"""
    assert [it.code for it in check_source(Source(net)).findings] == ["PF101"]
    assert fix_source(Source(net), unsafe=True).after.text == net.replace("laer", "layer")
