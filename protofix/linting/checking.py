"""One file held against the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from caffe_proto import AUTO
from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.looking import looked_before, looks_so_far
from protofix.net.data_files import DataFiles
from protofix.net.dialects import chosen_dialect
from protofix.net.shapes import Shape
from protofix.net.solvers import SolverNet
from protofix.net.states import AskedState
from protofix.rulebook.context import PLAIN, Context, Preferences, Target
from protofix.rulebook.findings import Checked
from protofix.rulebook.registry import ON, run_rules
from protofix.textproto.reader import read, read_as_indented
from protofix.textproto.source import Source
from protofix.textproto.tree import Document

_Result = TypeVar("_Result")

_MOST_RECENT = 16  # files; a folder seldom has more that name each other


@dataclass(frozen=True)
class Question:
    """What a file is to be held against; plain data, which goes from one process to another.

    `dialect` is a name, "auto" to find it, and `schema` goes before it. Without `asked` a net is
    looked at in every state that a person can mean. `codes` are those of the rules that look.
    """

    dialect: str = AUTO
    schema: Path | None = None
    asked: tuple[AskedState, ...] = ()
    given: Mapping[str, Shape] | None = None
    codes: frozenset[str] = ON
    target: Target = "fused"
    preferences: Preferences = PLAIN

    def context(self, document: Document) -> Context:
        """What the rules are given of a document, read but not yet looked at.

        Raises SchemaError, a ValueError, for a dialect or a schema that is none.
        """
        return Context(
            document,
            chosen_dialect(self.dialect, self.schema),
            self.asked,
            self.given,
            DataFiles(document.source.path),
            self.target,
            self.preferences,
        )


EVERYTHING = Question()
"""What there is to be said of a file, found from the file itself."""


@dataclass(frozen=True)
class Failed:
    """One file that could not be checked: a line that begins with its path."""

    path: str
    reason: str


def check_source(source: Source, question: Question = EVERYTHING) -> Checked:
    """Check one text."""
    return checked_of(context_of(source, question), question)


def context_of(source: Source, question: Question) -> Context:
    """Read a text for the rules."""
    return context_of_read(read(source), question)


def context_of_read(document: Document, question: Question) -> Context:
    """What the rules are given of a text that was read."""
    context = question.context(document)
    return _as_indented(context, question) or context


def _as_indented(context: Context, question: Question) -> Context | None:
    """A text read as it is indented, if that makes more sense of it than its brackets do.

    A bracket that is missing in one place and one too many in another pair up, and fields are then
    in messages that do not have them.
    """
    if context.document.diagnoses:
        return None
    unknown = [misfit.start for misfit in context.misfits if misfit.kind == "unknown-field"]
    document = read_as_indented(context.document.source, unknown) if unknown else None
    if document is None:
        return None
    other = question.context(document)
    return other if len(other.misfits) < len(context.misfits) else None


def checked_of(context: Context, question: Question) -> Checked:
    """Let the rules look at what was read."""
    ran = run_rules(context, question.codes)
    source = context.document.source
    whole = not context.document.diagnoses
    blobs: frozenset[str] | None = frozenset()
    if question.given:  # Otherwise no net need be built for their sake.
        named = (blob for view in context.views for blob in view.net.blobs)
        blobs = frozenset(named) if whole else None
    dialect = context.dialect
    failures = tuple(
        f"{source.path}: internal error in {failure}, please report it" for failure in ran.failures
    )
    return Checked(source, ran.findings, context.kind, dialect.name, dialect.title, blobs, failures)


class _Known(NamedTuple):
    """A file read, to be asked in any state, and what was looked at on the disk for its sake."""

    question: Question
    context: Context
    looks: dict[str, str] | None


class Recent:
    """What was worked out of the files that one process of a run checked last.

    A net is mostly checked by itself and for the solvers beside it that name it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], _Known] = {}

    def context(self, data: bytes, path: str, question: Question) -> Context:
        """Read bytes for the rules, or take what they were read as before.

        Raises `FileError` for bytes that are no text.
        """
        in_any_state = replace(question, asked=())
        looks = looks_so_far()
        known = self._known.pop((path, data), None)
        unseen = known is not None and known.looks is None and looks is not None
        if known is None or known.question != in_any_state or unseen:
            context = context_of(source_of_bytes(data, path), question)
            known = _Known(in_any_state, context, looks)
        looked_before(known.looks)
        # All looks up to now; what is still to be worked out of it is looked at by this file.
        self._known[path, data] = known._replace(looks=known.looks if looks is None else looks)
        if len(self._known) > _MOST_RECENT:
            del self._known[next(iter(self._known))]
        context = known.context
        return context if context.asked == question.asked else context.asked_in(question.asked)


def check_file(
    path: str,
    stdin: Callable[[], bytes],
    question: Question = EVERYTHING,
    name: str | None = None,
    recent: Recent | None = None,
    question_of: Callable[[str], Question] | None = None,
) -> Iterator[Checked | Failed]:
    """Check one file and, if it is a solver, the nets that it names, in the states it builds them.

    `stdin` is asked for the bytes of `-`, which goes by `name`. `question_of` tells what a net is
    held against, or raises ValueError; without it, nets are asked what the solver is.
    """
    recent = recent or Recent()
    nets: tuple[SolverNet, ...] = ()

    def itself() -> Checked:
        nonlocal nets
        data = stdin() if path == "-" else read_bytes(Path(path))
        context = recent.context(data, name or path, question)
        nets = context.nets
        return checked_of(context, question)

    yield guarded(name or path, itself)
    for net in nets:
        if net.path is not None:
            its_own = question_of or (lambda path: question)
            yield guarded(str(net.path), partial(_check_net, net, its_own, recent))


def _check_net(
    net: SolverNet, question_of: Callable[[str], Question], recent: Recent
) -> Checked | Failed:
    path = str(net.path)
    try:
        question = question_of(path)
    except ValueError as error:
        return Failed(path, str(error))
    asked = replace(question, asked=net.states(question.asked))
    return checked_of(recent.context(read_bytes(Path(path)), path, asked), asked)


def guarded(path: str, work: Callable[[], _Result]) -> _Result | Failed:
    """Do some work on a file, or say in a line why that could not be done."""
    try:
        return work()
    except FileError as error:
        return Failed(path, str(error))
    except Exception as error:  # A mistake of ours in one file must not hide the others.
        what = f"{type(error).__name__}: {error}"
        return Failed(path, f"{path}: internal error, please report it: {what}")
