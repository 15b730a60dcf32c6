"""What a rule is given, what it finds, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from caffe_proto import Schema, dialect_title
from protofix.net.binding import Lack, Misfit
from protofix.net.dialects import Dialect, Fit, fit, who_knows
from protofix.net.names import known_by
from protofix.net.view import NetView, view_of
from protofix.textproto.source import Source
from protofix.textproto.tree import Diagnosis, Document

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Context:
    """A document and all that was worked out about it, each part once and when it is wanted.

    `chosen` is the dialect that a person set; without one it is found from what the file uses.
    """

    document: Document
    chosen: Dialect | None = None

    @cached_property
    def fit(self) -> Fit:
        """The document as its dialect reads it."""
        return fit(self.document, self.chosen)

    @property
    def dialect(self) -> Dialect:
        """The dialect that the document is held against."""
        return self.fit.dialect

    @property
    def schema(self) -> Schema:
        """The schema of that dialect."""
        return self.dialect.schema

    @property
    def kind(self) -> str | None:
        """The message the file holds; None if it holds none that Caffe knows."""
        return self.fit.kind

    @cached_property
    def misfits(self) -> list[Misfit]:
        """What does not fit the schema."""
        # What is no right token has been said to be none; its type is nothing more to say.
        # So has what stands behind a stray character, such as the bracket of `${NAME}`.
        said = {diagnosis.start for diagnosis in self.document.diagnoses}
        said |= {it.end for it in self.document.diagnoses if it.kind == "character"}
        return [misfit for misfit in self.fit.misfits if misfit.start not in said]

    @cached_property
    def view(self) -> NetView | None:
        """The net in all its states; None for another file, or one that could not be read whole.

        What a mistake in the text hides would look as if it were missing.
        """
        if self.kind != "NetParameter" or self.document.diagnoses:
            return None
        return view_of(self.document)


@dataclass(frozen=True, order=True)
class Finding:
    """Something found: where (offsets into the text), by which rule, and what."""

    start: int
    end: int
    code: str
    rule: str
    message: str
    severity: Severity
    fixable: bool


@dataclass(frozen=True)
class Checked:
    """One text, what was found in it, which message it holds, and the dialect it was held against.

    `kind` is None for a file that is not Caffe's; no dialect is its own then.
    """

    source: Source
    findings: tuple[Finding, ...]
    kind: str | None
    dialect: Dialect


@dataclass(frozen=True)
class Hit:
    """What a rule gives back; `Rule.findings` makes a finding of it."""

    start: int
    end: int
    message: str
    fixable: bool = False


@dataclass(frozen=True)
class Rule:
    """A rule: its stable code, its name in words, and the function that looks."""

    code: str
    name: str
    severity: Severity
    check: Callable[[Context], Iterator[Hit]]
    manual: str

    def findings(self, context: Context) -> Iterator[Finding]:
        """Everything the rule finds."""
        for hit in self.check(context):
            yield Finding(
                hit.start, hit.end, self.code, self.name, hit.message, self.severity, hit.fixable
            )


def diagnosed(kind: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of mistake against the text format."""

    def check(context: Context) -> Iterator[Hit]:
        return _hits(context.document.diagnoses, kind)

    return check


def misfitting(kind: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of misfit with the schema."""

    def check(context: Context) -> Iterator[Hit]:
        return _hits(context.misfits, kind)

    return check


def _hits(found: Iterable[Diagnosis | Misfit], kind: str) -> Iterator[Hit]:
    for diagnosis in found:
        if diagnosis.kind == kind:
            yield Hit(diagnosis.start, diagnosis.end, diagnosis.message)


def lacking(
    kind: str, advice: Callable[[Lack, Context], str | None]
) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of thing that the dialect lacks.

    Each is said with the dialects that have it. Where none has, `advice` says what was meant, and
    gives None where that cannot be told.
    """

    def check(context: Context) -> Iterator[Hit]:
        for misfit in context.misfits:
            if misfit.kind == kind:
                said = misfit.message + _who_or_what(misfit, context, advice)
                yield Hit(misfit.start, misfit.end, said)

    return check


def _who_or_what(
    misfit: Misfit, context: Context, advice: Callable[[Lack, Context], str | None]
) -> str:
    if misfit.lacks is None:
        return ""
    others = [name for name in who_knows(misfit) if name != context.dialect.name]
    said = who_has_it(others) if others else advice(misfit.lacks, context)
    place = f" in {context.dialect.title}"
    return f"{place}, nor in any fork known here" if said is None else f"{place}: {said}"


def who_has_it(dialects: Sequence[str]) -> str:
    """Say which dialects have something: "SegNet and yjxiong have it"."""
    names = known_by(dialects)
    return f"{names} {'has' if names in map(dialect_title, dialects) else 'have'} it"
