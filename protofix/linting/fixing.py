"""Mending what rules found: round after round, until no fix is left.

Fixes whose edits touch each other wait for the next round, which starts from the text read again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
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
    given_up: set[tuple[str, str]] = set()
    for _ in range(_MOST_ROUNDS):
        before = checked.source
        findings = [
            it
            for it in wanted(checked)
            if it.fix and (unsafe or it.fix.safe) and (it.code, it.message) not in given_up
        ]
        taken = apart(it.fix for it in findings if it.fix)
        if not taken:
            return Fixed(source, before, mended, checked, ())
        made = _readable(before, taken)
        done = [it for it in findings if it.fix in made]
        given_up |= {(it.code, it.message) for it in findings if it.fix in taken - made}
        if taken - made and not read(before).diagnoses:
            broken = [it for it in findings if it.fix in taken - made]
            said = _failure(before, broken, "break the text")
            return Fixed(source, before, mended, checked, (said,))
        if not made:
            continue
        after = _after(before, made)
        if after.text in seen:
            said = _failure(before, done, "do not settle")
            return Fixed(source, before, mended, checked, (said,))
        seen.add(after.text)
        mended.update(it.code for it in done)
        checked = check_source(after, question)
    said = _failure(checked.source, findings, "do not settle")
    return Fixed(source, checked.source, mended, checked, (said,))


def _readable(before: Source, fixes: Set[Fix]) -> Set[Fix]:
    """Those of some fixes, in their order, that together leave no more mistakes in a text.

    What was guessed of a mistake in the text may make the next one worse: such a guess is left out.
    """
    bad = len(read(before).diagnoses)
    if len(read(_after(before, fixes)).diagnoses) <= bad:
        return fixes
    kept: dict[Fix, None] = {}
    for fix in sorted(fixes, key=lambda it: it.edits[0]):
        if len(read(_after(before, {**kept, fix: None}.keys())).diagnoses) <= bad:
            kept[fix] = None
    return kept.keys()


def _after(before: Source, fixes: Set[Fix]) -> Source:
    edits = [edit for fix in fixes for edit in fix.edits]
    return Source(apply_edits(before.text, edits), before.path)


def _failure(source: Source, made: Iterable[Finding], what: str) -> str:
    codes = ", ".join(sorted({it.code for it in made}))
    return f"{source.path}: internal error, please report it: the fixes of {codes} {what}"


def apart(fixes: Iterable[Fix]) -> Set[Fix]:
    """The fixes that can be made at once, each once: of two that touch each other the first."""
    taken: dict[Fix, None] = {}
    spans: list[tuple[int, int]] = []
    for fix in fixes:
        if fix not in taken and not any(_touches(edit, spans) for edit in fix.edits):
            taken[fix] = None
            spans = sorted([*spans, *((edit.start, edit.end) for edit in fix.edits)])
    return taken.keys()


def _touches(edit: Edit, spans: list[tuple[int, int]]) -> bool:
    at = bisect_left(spans, (edit.start, edit.end))
    return (at < len(spans) and spans[at][0] <= edit.end) or (
        at > 0 and spans[at - 1][1] >= edit.start
    )
