"""The manual of a rule, which is its docstring, taken apart; and what its fix does to examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal, NamedTuple, get_args

from protofix.linting.checking import Question, check_source
from protofix.rulebook.context import Target
from protofix.rulebook.findings import Finding, Fix, FixKind
from protofix.rulebook.registry import ON
from protofix.rulebook.rule import Rule
from protofix.textproto.source import Source

_EXAMPLE = re.compile(r"^(Wrong|Right):\n\n((?:    .*\n|\n)+)", re.MULTILINE)


class Example(NamedTuple):
    """A text that a rule finds fault with, or one that it does not."""

    kind: Literal["Wrong", "Right"]
    text: str


@dataclass(frozen=True)
class Manual:
    """What a docstring says: a title, which is a sentence, and paragraphs and examples."""

    title: str
    parts: tuple[str | Example, ...]

    @property
    def right(self) -> tuple[str, ...]:
        """The texts that it does not."""
        return tuple(it.text for it in self.parts if isinstance(it, Example) and it.kind == "Right")

    @property
    def wrong(self) -> tuple[str, ...]:
        """The texts that the rule finds fault with."""
        return tuple(it.text for it in self.parts if isinstance(it, Example) and it.kind == "Wrong")


def manual_of(rule: Rule) -> Manual:
    """Take the docstring of a rule apart."""
    title, _, rest = rule.manual.strip().partition("\n\n")
    return Manual(" ".join(title.split()), tuple(_parts(rest + "\n")))


def _parts(text: str) -> Iterator[str | Example]:
    at = 0
    for match in _EXAMPLE.finditer(text):
        yield from _paragraphs(text[at : match.start()])
        kind: Literal["Wrong", "Right"] = "Wrong" if match[1] == "Wrong" else "Right"
        yield Example(kind, dedent(match[2]).strip("\n") + "\n")
        at = match.end()
    yield from _paragraphs(text[at:])


def _paragraphs(text: str) -> list[str]:
    return [it.strip("\n") for it in text.split("\n\n") if it.strip()]


def fixes_shown(rule: Rule, text: str) -> list[Fix]:
    """The fixes that a rule offers for an example, on either Caffe, each once."""
    return list(dict.fromkeys(it.fix for it in found_in(rule, text) if it.fix))


def found_in(rule: Rule, text: str) -> list[Finding]:
    """What a rule finds in an example, on either Caffe, be the rule on by itself or not."""
    codes = ON | {rule.code}
    questions = [Question(codes=codes, target=target) for target in get_args(Target)]
    checked = [check_source(Source(text), question) for question in questions]
    return [it for one in checked for it in one.findings if it.code == rule.code]


def fix_kinds(rule: Rule) -> tuple[FixKind, ...]:
    """The kinds of fixes that a rule offers, none, one or both; its examples tell, or it does."""
    fixes = [fix for text in manual_of(rule).wrong for fix in fixes_shown(rule, text)]
    kinds: dict[bool, FixKind] = {True: "safe", False: "unsafe"}
    shown = {kinds[fix.safe] for fix in fixes}
    return tuple(kind for kind in kinds.values() if kind in shown or kind in rule.fixes)
