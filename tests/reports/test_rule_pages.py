"""The manual pages: docs/rules has what the rules say, and what is said of fixes holds."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.files import FileError
from protofix.linting.checking import Question, check_source
from protofix.reports.rules.manual import Example, fix_kinds, manual_of
from protofix.reports.rules.page import FAMILIES, page
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, FixKind, Hit
from protofix.rulebook.registry import NAMES, RULES
from protofix.rulebook.rule import Rule
from protofix.textproto.edits import Edit
from protofix.textproto.source import Source

sys.path.insert(0, str(ROOT / "tools"))
import write_rule_pages
from made_rules import made

BY_CODE = {rule.code: rule for rule in RULES}


def test_the_pages_in_docs_are_those_of_the_rules() -> None:
    assert write_rule_pages.main(["--check"]) == 0


STALE = {
    "an edited page": ({"a.md": "old"}, ["a.md"]),
    "a missing page": ({}, ["a.md"]),
    "a page too many": ({"a.md": "new", "b.md": "old"}, ["b.md"]),
    "all as it should be": ({"a.md": "new"}, []),
}


@pytest.mark.parametrize("name", STALE)
def test_what_is_stale(name: str, tmp_path: Path) -> None:
    files, expected = STALE[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    assert write_rule_pages.stale(tmp_path, {"a.md": "new"}) == expected


def test_a_manual_is_a_title_and_paragraphs_and_examples() -> None:
    manual = (
        "A title that goes\non.\n\nWhy it matters,\nat length.\n\nWrong:\n\n    a {\n\n      b: 1\n"
        "    }\n\nRight:\n\n    c: 1\n\nMore to say.\n"
    )
    found = manual_of(made(RULES[0], manual=manual))
    assert found.title == "A title that goes on."
    assert found.parts == (
        "Why it matters,\nat length.",
        Example("Wrong", "a {\n\n  b: 1\n}\n"),
        Example("Right", "c: 1\n"),
        "More to say.",
    )
    assert found.wrong == ("a {\n\n  b: 1\n}\n",)


def offering(*safe: bool, monkeypatch: pytest.MonkeyPatch) -> Rule:
    """A rule that finds fault with its example, and has such fixes for it."""

    def check(context: Context) -> Iterator[Hit]:
        for number, is_safe in enumerate(safe):
            edit = Edit(number, number, f"# {number}\n")
            yield Hit(0, 1, f"fault {number}", Fix("say so", (edit,), is_safe))

    manual = "A title.\n\nWrong:\n\n    name: 'n'\n"
    rule = replace(made(RULES[0], check, manual), code="PF999", name="made-up")
    monkeypatch.setattr("protofix.rulebook.registry.RULES", (rule,))
    return rule


KINDS = {
    (): (),
    (True,): ("safe",),
    (False, False): ("unsafe",),
    (False, True): ("safe", "unsafe"),
}


@pytest.mark.parametrize("safe", KINDS)
def test_examples_tell_what_fixes_a_rule_offers(
    safe: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fix_kinds(offering(*safe, monkeypatch=monkeypatch)) == KINDS[safe]


def test_a_page_shows_what_a_fix_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert page(offering(False, monkeypatch=monkeypatch)) == (
        "# PF999 made-up\n\n*error, unsafe fix*\n\nA title.\n\nWrong:\n\n```prototxt\nname: 'n'\n"
        "```\n\n`--unsafe-fixes`: say so.\n\n```diff\n@@ -1 +1,2 @@\n+# 0\n name: 'n'\n```\n"
    )


def test_a_rule_that_is_off_says_how_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = replace(offering(monkeypatch=monkeypatch), on=False)
    assert "*error, no fix, off: `--extend-select PF999`*" in page(rule)


# Every net that the tests keep, to find fixes in that the examples do not show.
KEPT = sorted((ROOT / "fixtures").rglob("*.prototxt"))


def test_no_rule_offers_a_fix_that_its_examples_do_not_show() -> None:
    offered: set[tuple[str, FixKind]] = set()
    for path in KEPT:
        try:
            source = Source(path.read_bytes().decode("utf-8", "surrogateescape"), str(path))
            found = check_source(source, Question(codes=frozenset(NAMES))).findings
        except FileError:
            continue
        offered |= {(it.code, "safe" if it.fix.safe else "unsafe") for it in found if it.fix}
    assert ("PF401", "safe") in offered
    shown = {code: fix_kinds(BY_CODE[code]) for code, _ in offered}
    assert [(code, kind) for code, kind in sorted(offered) if kind not in shown[code]] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_names_no_fix_that_its_examples_show(rule: Rule) -> None:
    shown = fix_kinds(replace(rule, fixes=()))
    assert not set(rule.fixes) & set(shown)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_page_is_good_markdown(rule: Rule) -> None:
    text = page(rule)
    assert rule.code[:3] in FAMILIES
    fences = re.findall(r"^```(\w*)$", text, re.MULTILINE)
    assert [bool(it) for it in fences] == [True, False] * (len(fences) // 2)
    assert "\t" not in text
    # In a diff a blank line that stays is a blank.
    assert not re.search(r"(?<!^) $", text, re.MULTILINE)
