"""Mending what rules found: round after round, until no fix is left.

Fixes whose edits touch each other wait for the next round, which starts from the text read again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from protofix.linting.checking import EVERYTHING, Question, check_source
from protofix.rules.rule import Checked, Finding, Fix
from protofix.textproto.edits import Edit, apply_edits
from protofix.textproto.reader import read
from protofix.textproto.source import Source

_MOST_ROUNDS = 20


@dataclass(frozen=True)
class Fixed:
    """A text before and after, how many findings of each rule were mended, and what is left.

    `left` are findings of the text as it is now. `failures` are mistakes of ours, a line each:
    fixes that would have broken the text, or that undo each other.
    """

    before: Source
    after: Source
    mended: Counter[str]
    left: Checked
    failures: tuple[str, ...]


def fix_source(
    source: Source,
    question: Question = EVERYTHING,
    unsafe: bool = False,
    wanted: Callable[[Checked], Sequence[Finding]] = lambda checked: checked.findings,
) -> Fixed:
    """Make every safe fix of a text, and with `unsafe` all.

    `wanted` says which findings are to be mended. Raises `FileError` for a text nested beyond all
    sense.
    """
    mended: Counter[str] = Counter()
    checked = check_source(source, question)
    seen = {source.text}
    for _ in range(_MOST_ROUNDS):
        findings = [it for it in wanted(checked) if it.fix and (unsafe or it.fix.safe)]
        taken = apart(it.fix for it in findings if it.fix)
        if not taken:
            return Fixed(source, checked.source, mended, checked, ())
        before = checked.source
        edits = [edit for fix in taken for edit in fix.edits]
        after = Source(apply_edits(before.text, edits), before.path)
        made = [it for it in findings if it.fix in taken]
        if len(read(after).diagnoses) > len(read(before).diagnoses):
            return Fixed(
                source, before, mended, checked, (_failure(before, made, "break the text"),)
            )
        if after.text in seen:
            return Fixed(
                source, before, mended, checked, (_failure(before, made, "do not settle"),)
            )
        seen.add(after.text)
        mended.update(it.code for it in made)
        checked = check_source(after, question)
    said = _failure(checked.source, findings, "do not settle")
    return Fixed(source, checked.source, mended, checked, (said,))


def _failure(source: Source, made: Iterable[Finding], what: str) -> str:
    codes = ", ".join(sorted({it.code for it in made}))
    return f"{source.path}: internal error, please report it: the fixes of {codes} {what}"


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes that can be made at once, each once: of two that touch each other the first."""
    taken: dict[Fix, None] = {}
    spans: list[tuple[int, int]] = []
    for fix in fixes:
        if fix not in taken and not any(_touches(edit, spans) for edit in fix.edits):
            taken[fix] = None
            spans = sorted([*spans, *((edit.start, edit.end) for edit in fix.edits)])
    return list(taken)


def _touches(edit: Edit, spans: list[tuple[int, int]]) -> bool:
    at = bisect_left(spans, (edit.start, edit.end))
    return (at < len(spans) and spans[at][0] <= edit.end) or (
        at > 0 and spans[at - 1][1] >= edit.start
    )
