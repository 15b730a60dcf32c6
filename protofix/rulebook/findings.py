"""What the rules find: hits of one rule, findings of all, the fixes of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from protofix.rulebook.selectors import means
from protofix.textproto.edits import Edit
from protofix.textproto.source import Source

Severity = Literal["error", "warning", "info"]

FixKind = Literal["safe", "unsafe"]
"""Whether a fix is safe, in a word; see `Fix`."""


@dataclass(frozen=True)
class Fix:
    """How to mend a finding: edits of the text as it was read, and what they do, in a few words.

    A safe one leaves the numbers of the net as they were meant: what Caffe computes is the same
    after it, or, where today's Caffe computes what nobody meant, what the Caffe did for which the
    net was written. Findings that one and the same change mends have equal fixes, which are made
    once.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


class Said(NamedTuple):
    """What a rule says: its name, and the offset at which its finding begins."""

    rule: str
    start: int


@dataclass(frozen=True)
class Hit:
    """What a rule gives back; `Rule.findings` makes a finding of it.

    It is `unheard` if it is of a name that no dialect known here has, unless a user brought the
    schema. It is left out where what it is `within` is said: a finding of another rule that tells
    of it too.
    """

    start: int
    end: int
    message: str
    fix: Fix | None = None
    unheard: bool = False
    within: Said | None = None


@dataclass(frozen=True)
class Finding:
    """Something found: where (offsets into the text), by which rule, and what.

    `unheard` and `within` are as a `Hit` has them; the latter is None once it is known that this is
    to be said.
    """

    start: int
    end: int
    code: str
    rule: str
    message: str
    severity: Severity
    fix: Fix | None = None
    unheard: bool = False
    within: Said | None = None

    @property
    def said(self) -> Said:
        """What another finding is left out for, if that tells no more than this."""
        return Said(self.rule, self.start)

    @property
    def place(self) -> tuple[int, int, str, str]:
        """What findings are told apart and put in order by."""
        return self.start, self.end, self.code, self.message


@dataclass(frozen=True)
class Looked:
    """What is known once the rules have looked at a document.

    `rules` are all that there are, the names by the codes; `on` are the codes of those that look by
    themselves, `codes` of those that looked; `found` is what they found, comments that ask to leave
    it out or not; `unsure` are the codes of rules that may find something else where other files
    lie beside the document.
    """

    rules: Mapping[str, str]
    on: frozenset[str]
    codes: frozenset[str]
    found: tuple[Finding, ...]
    unsure: frozenset[str]

    def all_of(self, selector: str) -> bool:
        """Whether a selector means rules, and all of them looked and found all there is."""
        meant = {code for code, name in self.rules.items() if means(selector, code, name)}
        return bool(meant) and meant <= self.codes - self.unsure


@dataclass(frozen=True)
class Checked:
    """One text, what was found in it, which message it holds, and the dialect it was held against.

    `kind` is None for a file that is not Caffe's; no dialect is its own then. `dialect` is the name
    of the dialect, `dialect_title` what people call it. `blobs` are those of its nets, told
    where shapes of some are given; None if it could not be read whole. `failures` are mistakes of
    ours: rules that broke down over it, a line each.
    """

    source: Source
    findings: tuple[Finding, ...]
    kind: str | None
    dialect: str
    dialect_title: str
    blobs: frozenset[str] | None
    failures: tuple[str, ...] = ()
