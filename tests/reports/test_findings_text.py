"""`--format text`, what of it fits a terminal, and the summary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from findings_runs import found, holding, run
from rich.cells import cell_len

from protofix.linting.checking import Failed
from protofix.reports.findings.concise import hint, summary
from protofix.reports.findings.text import lines
from protofix.reports.terminal import folded
from protofix.rulebook.findings import Checked, Fix
from protofix.textproto.edits import Edit

SAID = "net.prototxt:{}: PF301 unmade-blob: is wrong: write it anew"
FIX = Fix("write it anew", (Edit(0, 1, "c"),))
UNSAFE = Fix("guess", (Edit(0, 1, "c"),), safe=False)


def shown(checked: Checked, width: int | None = None) -> list[str]:
    return ["".join(part for part, _ in line).rstrip() for line in lines(checked, width)]


# The text, where the finding starts and ends, and what is shown of it.
EXCERPTS = {
    "a word": (
        'name: "n"\nbotom: "x"\n', 10, 15,
        [SAID.format("2:1"), '  2 | botom: "x"', "    | ^^^^^"],
    ),
    "nothing but a place": (
        "a: ;", 3, 3,
        [SAID.format("1:4"), "  1 | a: ;", "    |    ^"],
    ),
    "behind tabs": (
        "\t\tbotom: 1\ta: 2", 2, 7,
        [SAID.format("1:3"), "  1 |         botom: 1    a: 2", "    |         ^^^^^"],
    ),
    "a tab within": (
        "ab\tc", 0, 4,
        [SAID.format("1:1"), "  1 | ab  c", "    | ^^^^^"],
    ),
    "behind wide characters": (
        "a: '日本' botom: 1", 8, 13,
        [SAID.format("1:9"), "  1 | a: '日本' botom: 1", "    |           ^^^^^"],
    ),
    "wide characters": (
        "a: '日本'", 3, 7,
        [SAID.format("1:4"), "  1 | a: '日本'", "    |    ^^^^^^"],
    ),
    "a combining character": (
        "a: 'e\u0301' botom: 1", 8, 13,
        [SAID.format("1:9"), "  1 | a: 'e\u0301' botom: 1", "    |        ^^^^^"],
    ),
    "bytes and controls, spelled out": (
        "a: '\udcff\x01' botom: 1", 8, 13,
        [SAID.format("1:9"), "  1 | a: '\\xff\\x01' botom: 1", "    |               ^^^^^"],
    ),
    "a line that ends with CR LF": (
        "a: 1\r\nbotom\r\n", 6, 11,
        [SAID.format("2:1"), "  2 | botom", "    | ^^^^^"],
    ),
    "several lines": (
        "layer {\n  name: 'a'\n}\n", 0, 21,
        [SAID.format("1:1"), "  1 | layer {", "    | ^^^^^^^ … to line 3"],
    ),
    "the end of the text": (
        "layer {\n  name: 'a'\n\n", 21, 21,
        [SAID.format("4:1"), "  2 |   name: 'a'", "  4 |", "    | ^"],
    ),
    "the end of a text without a last line feed": (
        "layer {", 7, 7,
        [SAID.format("1:8"), "  1 | layer {", "    |        ^"],
    ),
    "an empty text": (
        "", 0, 0,
        [SAID.format("1:1"), "  1 |", "    | ^"],
    ),
    "a line far down": (
        "a: 1\n" * 99 + "b: 2", 495, 496,
        [SAID.format("100:1"), "  100 | b: 2", "      | ^"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXCERPTS)
def test_an_excerpt(name: str) -> None:
    text, start, end, expected = EXCERPTS[name]
    assert shown(holding(text, found(start, end))) == [*expected, ""]


def test_the_fix_stands_below() -> None:
    one = holding("a: 1", found(0, 1, fix=FIX))
    assert shown(one) == [
        "net.prototxt:1:1: PF301 [*] unmade-blob: is wrong: write it anew",
        "  1 | a: 1",
        "    | ^",
        "    = fix: write it anew",
        "",
    ]


def test_on_a_terminal_words_are_folded_and_set_in() -> None:
    words = "`loss` reads `prob`, which no layer makes in TRAIN: did you mean `prop`?"
    fix = Fix("let `loss` read the scores that the layer before makes", FIX.edits)
    assert shown(holding("a: 1", found(0, 1, words, fix=fix)), 48) == [
        "net.prototxt:1:1: PF301 [*] unmade-blob: `loss`",
        "    reads `prob`, which no layer makes in TRAIN:",
        "    did you mean `prop`?",
        "  1 | a: 1",
        "    | ^",
        "    = fix: let `loss` read the scores that the",
        "      layer before makes",
        "",
    ]


def test_what_has_no_blanks_is_not_folded() -> None:
    long = "x" * 50
    assert list(folded([("head: ", ""), (f"{long} {long}", "")], 40)) == [
        [("head: ", ""), ("", "")],
        [("    ", ""), (long, "")],
        [("    ", ""), (long, "")],
    ]


def test_what_is_spelled_out_is_folded_as_wide_as_it_is() -> None:
    assert list(folded([("h: ", ""), ("a \udcff\udcff b", "")], 12)) == [
        [("h: ", ""), ("a", "")],
        [("    ", ""), ("\\xff\\xff", "")],
        [("    ", ""), ("b", "")],
    ]


LONG = "a: 1 " * 60


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("place", [0, 5, 150, 290, 299])
@pytest.mark.parametrize("text", [LONG, LONG.replace("1", "字"), LONG.replace(" ", "\t")])
def test_a_long_line_is_shown_around_the_place(text: str, place: int, width: int) -> None:
    marked = f"{text[:place]}#{text[place + 1 :]}"
    said = shown(holding(marked, found(place, place + 1)), width)
    line, carets = [it for it in said if " | " in it]
    assert cell_len(line) <= width
    # The caret stands below the place.
    assert cell_len(line[: line.index("#")]) == carets.index("^")
    assert carets.endswith(" ^") and len(line) > width / 3


def test_carets_end_where_the_line_is_cut_off() -> None:
    line, carets = [it for it in shown(holding(LONG, found(0, 300)), 80) if " | " in it]
    assert line.endswith("…")
    assert len(carets) == len(line) - 1


CLEAN = holding("a: 1")
MIXED = holding(
    "a: 1",
    found(0, 1, fix=FIX),
    found(1, 2, severity="warning", fix=UNSAFE),
    found(2, 3, severity="warning"),
    found(3, 4, severity="info"),
)
SUMMARIES = {
    "1 file checked, nothing found; dialect Caffe 1.0 (bvlc)": run(CLEAN),
    "1 error, 2 warnings, 1 info in 1 of 2 files; 1 marked [*] for --fix; "
    "1 marked [**] for --unsafe-fixes; by dialect: Caffe 1.0 2": run(MIXED, CLEAN),
    "1 file checked, nothing found; 1 file could not be checked; dialect Caffe 1.0 (bvlc)": run(
        CLEAN, failed=(Failed("gone", "gone: is gone"),)
    ),
}


@pytest.mark.parametrize("expected", SUMMARIES)
def test_the_summary(expected: str) -> None:
    assert summary(SUMMARIES[expected]) == expected


def test_names_in_no_fork_call_for_a_schema() -> None:
    own = holding("a: 1", replace(found(0, 1), unheard=True), found(2, 3))
    said = hint(run(CLEAN, own, own))
    assert said == "names in no fork known here: if they are your fork's, add --schema caffe.proto"
    assert len(said) <= 80


def test_other_findings_call_for_no_schema() -> None:
    assert hint(run(CLEAN, MIXED)) is None
    like_it = found(0, 1, "`flip` is nor in any fork known here")
    assert hint(run(holding("a: 1", like_it))) is None
