"""What a rule is given, what it finds, and what it says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from caffe_proto import Schema, dialect_title
from protofix.net.binding import Lack, Misfit
from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.dialects import Dialect, Fit, fit, who_knows
from protofix.net.layers import Layer
from protofix.net.names import known_by
from protofix.net.setup import Refusal, RefusalKind
from protofix.net.shapes import Shape
from protofix.net.solvers import SolverNet, nets_of_solver
from protofix.net.states import AskedState, NetState
from protofix.net.values import Values
from protofix.net.view import NetView, view_of
from protofix.rules.selectors import means
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.source import Source
from protofix.textproto.tree import Diagnosis, Document, Message

if TYPE_CHECKING:
    from protofix.rules.ignores import Ignore

Severity = Literal["error", "warning", "info"]

FixKind = Literal["safe", "unsafe"]
"""Whether a fix is safe, in a word; see `Fix`."""

Target = Literal["fused", "legacy"]
"""The Caffe that nets are for: one whose InfogainLoss holds the softmax (since April 2017), or one
before."""

Wants = Literal["anything", "diagnoses", "misfits", "refusals", "solver", "ignores"]
"""What must be there for a rule to find something: mistakes in the text, what does not fit the
schema, what Caffe refuses to build, a solver, comments to protofix."""

Meets = Literal["file", "connecting", "layers", "never"]
"""When Caffe meets an error: as it reads the file, then as it connects the layers (the filter of
the states, insert_splits.cpp), then as it sets up one after the other. What it never meets, it
builds, and computes what nobody meant."""


@dataclass(frozen=True)
class Preferences:
    """What the rules of style hold a file against: blanks a level, and the quote of strings."""

    indent: int = 2
    quotes: Literal["double", "single"] = "double"


PLAIN = Preferences()
"""What they hold it against if nobody says otherwise."""


@dataclass(frozen=True)
class Context:
    """A document and all that was worked out about it, each part once and when it is wanted.

    `chosen` is the dialect that a person set; without one it is found from what the file uses.
    `asked` are the states that a net is to be looked at in, without any all that a person can mean;
    `given` and `files` tell the shapes of data, as `protofix.net.build` has it.
    """

    document: Document
    chosen: Dialect | None = None
    asked: tuple[AskedState, ...] = ()
    given: Mapping[str, Shape] | None = None
    files: DataFiles | None = None
    target: Target = "fused"
    preferences: Preferences = PLAIN
    looked: Looked = field(default_factory=lambda: Looked({}, frozenset(), ()))

    @cached_property
    def ignores(self) -> tuple[Ignore, ...]:
        """The comments that ask for findings to be left out."""
        if "protofix" not in self.document.text:
            return ()
        from protofix.rules.ignores import ignores_in  # Few files have any.

        return ignores_in(self.document)

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
    def views(self) -> tuple[NetView, ...]:
        """The net in all its states; of a solver, the nets that it holds, in its states.

        None of another file, or of one that could not be read whole: what a mistake in the text
        hides would look as if it were missing.
        """
        if self.document.diagnoses:
            return ()
        if self.kind == "NetParameter":
            return (self._view(None, self.asked),)
        return tuple(
            self._view(net.node, net.states(self.asked))
            for net in self.nets
            if isinstance(net.node, Message)
        )

    @cached_property
    def layer_types(self) -> frozenset[str]:
        """The types of all layers of its nets, in whatever state."""
        return frozenset(layer.type for view in self.views for layer in view.net.layers)

    @cached_property
    def nets(self) -> tuple[SolverNet, ...]:
        """The nets that a solver holds or names, with its states; none of another file."""
        return nets_of_solver(self.document) if self.kind == "SolverParameter" else ()

    @cached_property
    def solver(self) -> Values:
        """The fields of a solver; none of another file, or of one that could not be read whole."""
        whole = self.kind == "SolverParameter" and not self.document.diagnoses
        return Values(self.document.fields if whole else ())

    def alone(self, view: NetView, built: Built) -> Context:
        """The same, as if one net of it had been looked at in one of its states alone."""
        one = replace(self)
        # What was worked out holds for any state, and the net is built.
        vars(one).update(fit=self.fit, misfits=self.misfits, nets=self.nets)
        vars(one)["views"] = (NetView(view.net, (built,), ()),)
        return one

    def _view(self, within: Message | None, asked: Sequence[AskedState]) -> NetView:
        return view_of(self.document, within, asked=asked, given=self.given, files=self.files)


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


@dataclass(frozen=True)
class Finding:
    """Something found: where (offsets into the text), by which rule, and what."""

    start: int
    end: int
    code: str
    rule: str
    message: str
    severity: Severity
    fix: Fix | None = None

    @property
    def place(self) -> tuple[int, int, str, str]:
        """What findings are told apart and put in order by."""
        return self.start, self.end, self.code, self.message


@dataclass(frozen=True)
class Looked:
    """What is known once the rules have looked at a document.

    `rules` are all that there are, the names by the codes; `codes` are of those that looked;
    `found` is what they found, comments that ask to leave it out or not.
    """

    rules: Mapping[str, str]
    codes: frozenset[str]
    found: tuple[Finding, ...]

    def all_of(self, selector: str) -> bool:
        """Whether a selector means rules, and all of them looked."""
        meant = {code for code, name in self.rules.items() if means(selector, code, name)}
        return bool(meant) and meant <= self.codes


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


@dataclass(frozen=True)
class Hit:
    """What a rule gives back; `Rule.findings` makes a finding of it."""

    start: int
    end: int
    message: str
    fix: Fix | None = None


class RuleFile(Protocol):
    """What a rule's file has at least; its docstring is the rule's manual."""

    __doc__: str | None
    CODE: str
    NAME: str
    SEVERITY: Severity
    check: Callable[[Context], Iterator[Hit]]


@dataclass(frozen=True)
class Rule:
    """A rule: its stable code, its name in words, and its file, which is imported when it is used.

    `meets` is when Caffe meets what it finds, if that is an error. A rule of taste is not `on`
    unless it is asked for. One that is `last` looks at what the others found. `fixes` are kinds of
    fixes that the examples of its manual cannot show. It has nothing to do in a document without
    what it `wants`, or without a layer of one of `types` if it names any.
    """

    code: str
    name: str
    severity: Severity
    file: Callable[[], RuleFile]
    meets: Meets
    on: bool = True
    last: bool = False
    fixes: tuple[FixKind, ...] = ()
    wants: Wants = "anything"
    types: tuple[str, ...] = ()

    @property
    def manual(self) -> str:
        """What the rule says of itself."""
        return self.file().__doc__ or ""

    def has_work(self, context: Context) -> bool:
        """Whether there is anything in a document for the rule to look at."""
        return _HAS[self.wants](context) and (
            not self.types or not context.layer_types.isdisjoint(self.types)
        )

    def findings(self, context: Context) -> Iterator[Finding]:
        """Everything the rule finds."""
        for hit in self.file().check(context):
            yield Finding(
                hit.start, hit.end, self.code, self.name, hit.message, self.severity, hit.fix
            )


_HAS: Mapping[Wants, Callable[[Context], bool]] = {
    "anything": lambda context: True,
    "diagnoses": lambda context: bool(context.document.diagnoses),
    "misfits": lambda context: bool(context.misfits),
    "refusals": lambda context: any(it.refusals for view in context.views for it in view.built),
    "solver": lambda context: context.kind == "SolverParameter",
    "ignores": lambda context: bool(context.ignores),
}


def diagnosed(kind: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of mistake against the text format."""

    def check(context: Context) -> Iterator[Hit]:
        return _hits(context.document.diagnoses, kind)

    return check


def of_nets(check: Callable[[NetView], Iterator[Hit]]) -> Callable[[Context], Iterator[Hit]]:
    """A check of every net that a file holds."""

    def check_all(context: Context) -> Iterator[Hit]:
        for view in context.views:
            yield from check(view)

    return check_all


def refused(
    kind: RefusalKind,
    of: Callable[[Layer], bool] | None = None,
    mended: Callable[[NetView, Layer], Fix | None] | None = None,
) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of thing at which Caffe aborts when it builds a net.

    `of` tells which layers it is about; without it all are. `mended` is the fix for one of them.
    What is refused in several states is said once, in the words of the first.
    """

    def check(view: NetView) -> Iterator[Hit]:
        found: dict[tuple[int, int, int, int], tuple[Refusal, list[NetState]]] = {}
        for built in view.built:
            # A layer may be refused twice at one place; the same place in another state is the
            # same mistake, though numbers may differ.
            times: Counter[tuple[int, int, int]] = Counter()
            for refusal in built.refusals:
                if refusal.kind == kind and (of is None or of(refusal.layer)):
                    place = (refusal.layer.index, refusal.start, refusal.end)
                    _, states = found.setdefault((*place, times[place]), (refusal, []))
                    states.append(built.graph.state)
                    times[place] += 1
        for refusal, states in found.values():
            where = view.where(refusal.layer, states).strip()
            message = f"{where}: {refusal.message}" if where else refusal.message
            fix = mended(view, refusal.layer) if mended else None
            yield Hit(refusal.start, refusal.end, message, fix)

    return of_nets(check)


def misfitting(kind: str) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of misfit with the schema."""

    def check(context: Context) -> Iterator[Hit]:
        return _hits(context.misfits, kind)

    return check


def hit_of(found: Diagnosis | Misfit) -> Hit:
    """What was found in a text, with its mending as a fix: safe if it is certain."""
    mending = found.mending
    fix = None if mending is None else Fix(mending.title, mending.edits, mending.certain)
    return Hit(found.start, found.end, found.message, fix)


def _hits(found: Iterable[Diagnosis | Misfit], kind: str) -> Iterator[Hit]:
    for diagnosis in found:
        if diagnosis.kind == kind:
            yield hit_of(diagnosis)


class Advice(NamedTuple):
    """What was meant by something that the dialect lacks, in words, and what mends it."""

    said: str
    mending: Mending | None = None


def lacking(
    kind: str, advice: Callable[[Misfit, Lack, Context], Advice | None]
) -> Callable[[Context], Iterator[Hit]]:
    """A check for one kind of thing that the dialect lacks.

    Each is said with the dialects that have it. Where none has, `advice` says what was meant, and
    gives None where that cannot be told.
    """

    def check(context: Context) -> Iterator[Hit]:
        for misfit in context.misfits:
            if misfit.kind == kind:
                yield hit_of(_advised(misfit, context, advice))

    return check


def _advised(
    misfit: Misfit, context: Context, advice: Callable[[Misfit, Lack, Context], Advice | None]
) -> Misfit:
    if misfit.lacks is None:
        return misfit
    others = [name for name in who_knows(misfit) if name != context.dialect.name]
    found = Advice(who_has_it(others)) if others else advice(misfit, misfit.lacks, context)
    said = f"{misfit.message} in {context.dialect.title}"
    if found is None:
        return misfit._replace(message=f"{said}, nor in any fork known here")
    return misfit._replace(message=f"{said}: {found.said}", mending=found.mending)


def instead(misfit: Misfit, text: str, certain: bool) -> Mending:
    """Write `text` instead of what does not fit."""
    return Mending(f"write `{text}`", (Edit(misfit.start, misfit.end, text),), certain)


def who_has_it(dialects: Sequence[str]) -> str:
    """Say which dialects have something: "SegNet and yjxiong have it"."""
    names = known_by(dialects)
    return f"{names} {'has' if names in map(dialect_title, dialects) else 'have'} it"
