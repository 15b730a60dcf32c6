"""Mending what rules found: round after round, until no fix is left.

Fixes whose edits touch each other wait for the next round, which starts from the text read again.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace

from protofix.linting.baseline import NOTHING, Acceptance
from protofix.linting.checking import EVERYTHING, Question, checked_of, context_of_read
from protofix.rulebook.findings import Checked, Finding, Fix
from protofix.textproto.edits import Edit, apply_edits
from protofix.textproto.origins import Origins, Span
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document

_MOST_ROUNDS = 20

# What a rule would change of the text as it was first read: between which places it writes what.
# Two rules may write the same into what a fix has put there, so the rule belongs to it.
_Change = tuple[str, tuple[tuple[Span, Span, str], ...]]


@dataclass(frozen=True)
class Fixed:
    """A text before and after, how many findings of each rule were mended, and what is left.

    `left` are findings of the text as it is now; what was `accepted` of it as it was read stays so,
    wherever it stands now. `failures` are mistakes of ours, a line each:
    fixes that would have broken the text, or that undo each other.
    """

    before: Source
    after: Source
    mended: Counter[str]
    left: Checked
    accepted: Acceptance
    failures: tuple[str, ...]


def fix_source(
    source: Source,
    question: Question = EVERYTHING,
    unsafe: bool = False,
    accepted: Acceptance = NOTHING,
) -> Fixed:
    """Make every safe fix of a text, and with `unsafe` all.

    Findings that are accepted in the text as it is are not mended.
    """
    mended: Counter[str] = Counter()
    document = read(source)
    context = context_of_read(document, question)
    checked = checked_of(context, question)
    if context.kind is not None and question.schema is None and not document.diagnoses:
        # What tells the dialect may be mended away, and its Caffe is to read the rest as well.
        question = replace(question, dialect=context.dialect.name)
    accepted = accepted.settled(source, checked.findings)
    seen = {source.text}
    given_up: set[_Change] = set()
    if not unsafe:
        # A guess that nobody asked for is none the safer once what is around it is mended.
        guesses = (it for it in checked.findings if not _is_safe(it))
        given_up |= set(_changes_of(guesses, accepted.origins))
    for _ in range(_MOST_ROUNDS):
        before, origins = checked.source, accepted.origins
        new = accepted.beyond(before, checked.findings)[0]
        # A change may mend what is accepted as well, which is to stay.
        spared = {it.fix for it in set(checked.findings).difference(new)}
        findings = [
            it
            for it in new
            if it.fix and it.fix not in spared and (unsafe or it.fix.safe)
            if _change(it.code, it.fix, origins) not in given_up
        ]
        taken = apart(it.fix for it in findings if it.fix)
        if not taken:
            return Fixed(source, before, mended, checked, accepted, ())
        made, after = _readable(document, taken)
        done = [it for it in findings if it.fix in made]
        left_out = [it for it in findings if it.fix in taken - made]
        tried = (it for it in findings if it.fix in taken)
        not_again = (it for it in tried if it.fix not in made or not _is_safe(it))
        given_up |= set(_changes_of(not_again, origins))
        if left_out and not context.document.diagnoses:
            said = _failure(before, left_out, "break the text")
            return Fixed(source, before, mended, checked, accepted, (said,))
        if not made:
            continue
        if after.text in seen:
            said = _failure(before, done, "do not settle")
            return Fixed(source, before, mended, checked, accepted, (said,))
        seen.add(after.text)
        mended.update(it.code for it in done)
        accepted = accepted.after(_edits(made))
        document, context = after, context_of_read(after, question)
        checked = checked_of(context, question)
    # A broken text may have more guesses left, each behind the last; what is left is reported.
    failure = _failure(checked.source, findings, "do not settle")
    failures = () if document.diagnoses else (failure,)
    return Fixed(source, checked.source, mended, checked, accepted, failures)


def _readable(before: Document, fixes: Set[Fix]) -> tuple[Set[Fix], Document]:
    """Those of some fixes that together leave no more mistakes in a text, and what they make of it.

    What was guessed of a mistake in the text may make the next one worse: such a guess is left out.
    """
    bad = len(before.diagnoses)
    after = _after(before, fixes)
    if len(after.diagnoses) <= bad:
        return fixes, after
    kept: dict[Fix, None] = {}
    after = before
    for fix in sorted(fixes, key=lambda it: it.edits[0]):
        tried = _after(before, {**kept, fix: None}.keys())
        if len(tried.diagnoses) <= bad:
            kept[fix] = None
            after = tried
    return kept.keys(), after


def _is_safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safe


def _changes_of(findings: Iterable[Finding], origins: Origins) -> Iterator[_Change]:
    """What the fixes of findings would change."""
    return (_change(it.code, it.fix, origins) for it in findings if it.fix)


def _change(code: str, fix: Fix, origins: Origins) -> _Change:
    edits = ((origins.of(it.start), origins.of(it.end), it.replacement) for it in fix.edits)
    return code, tuple(edits)


def _after(before: Document, fixes: Set[Fix]) -> Document:
    return read(Source(apply_edits(before.text, _edits(fixes)), before.source.path))


def _edits(fixes: Set[Fix]) -> list[Edit]:
    return [edit for fix in fixes for edit in fix.edits]


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
            for edit in fix.edits:
                insort(spans, (edit.start, edit.end))
    return taken.keys()


def _touches(edit: Edit, spans: list[tuple[int, int]]) -> bool:
    at = bisect_left(spans, (edit.start, edit.end))
    return (at < len(spans) and spans[at][0] <= edit.end) or (
        at > 0 and spans[at - 1][1] >= edit.start
    )
