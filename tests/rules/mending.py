"""What a rule says of a text, and what becomes of the text by the fixes of its findings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import protofix
from protofix.reports.rules.manual import fix_kinds
from protofix.rulebook.findings import Finding, FixKind
from protofix.rulebook.registry import RULES
from protofix.textproto.edits import apply_edits


@cache
def _kinds_of(code: str) -> tuple[FixKind, ...]:
    return next(fix_kinds(rule) for rule in RULES if rule.code == code)


def as_told(findings: Iterable[Finding]) -> list[Finding]:
    """The same findings, whose fixes must be of the kinds that the rules' manuals tell of."""
    found = list(findings)
    for one in found:
        kind: FixKind = "safe" if one.fix is None or one.fix.safe else "unsafe"
        assert one.fix is None or kind in _kinds_of(one.code), f"{one.code} tells of no {kind} fix"
    return found


def findings_of(text: str, codes: str, path: str = "net.prototxt") -> list[Finding]:
    """What the rules whose codes begin so find in a text."""
    return as_told(one for one in protofix.check(text, path) if one.code.startswith(codes))


def said(text: str, codes: str, path: str = "net.prototxt") -> list[str]:
    """The same in words: "PF704 `base_lr: 0.1`: the solver has no lr_policy"."""
    return [
        f"{one.code} `{text[one.start : one.end]}`: {one.message}"
        for one in findings_of(text, codes, path)
    ]


def mended(text: str, code: str, *, safe: bool, path: str = "net.prototxt") -> str:
    """The text after the one fix of a rule, which must be as safe as that, and settle it."""
    [found] = findings_of(text, code, path)
    assert found.fix is not None
    assert found.fix.safe is safe
    after = apply_edits(text, found.fix.edits)
    assert not findings_of(after, code, path)
    return after
