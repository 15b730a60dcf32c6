"""The nets of a file in their states: of a net itself, of a solver those that it holds or names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.linting.checking import EVERYTHING, Question, context_of
from protofix.net.build import Built
from protofix.net.kinds import KIND_NAMES
from protofix.net.layers import Net
from protofix.net.view import NetView
from protofix.reports.show.facts import NetFacts, Refused, net_facts
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Finding
from protofix.rulebook.registry import RULES, found_by
from protofix.rulebook.rule import Meets, Rule
from protofix.textproto.source import Source

# The rules for what Caffe aborts at, and when it comes to that.
_ABORTING = tuple(rule for rule in RULES if rule.severity == "error" and rule.meets != "never")
_IN_ORDER: tuple[Meets, ...] = ("file", "connecting", "layers")

_Found = Mapping[Rule, Sequence[Finding]]
"""What Caffe would abort at in any net and state of a file, by the rules that find it."""


@dataclass(frozen=True)
class Error:
    """Something that Caffe would abort at, in a file."""

    source: Source
    finding: Finding


@dataclass(frozen=True, eq=False)
class Shown:
    """The nets of a file in their states, why Caffe would refuse any, and what was not read."""

    facts: tuple[NetFacts, ...]
    errors: tuple[Error, ...]
    notes: tuple[str, ...]

    @property
    def nets(self) -> list[Net]:
        """The nets, each once."""
        return list({id(it.built.graph.net): it.built.graph.net for it in self.facts}.values())


def show(source: Source, question: Question = EVERYTHING) -> Shown:
    """Build the nets of a file, each in the states asked for, or all that a person can mean.

    A solver's nets are built in its own states. Raises FileError for a file that is no net and no
    solver, that has syntax errors, or that names a net which is not there.
    """
    context = _readable(source, question)
    if context.kind == "NetParameter":
        return _held(context)
    if context.kind == "SolverParameter":
        return _solver(context, question)
    raise FileError(f"{source.path}: is {_what(context)}, and not a net or a solver")


def _what(context: Context) -> str:
    return "no Caffe file" if context.kind is None else f"a {KIND_NAMES[context.kind]}"


def _readable(source: Source, question: Question) -> Context:
    context = context_of(source, question)
    diagnoses = context.document.diagnoses
    if diagnoses:
        first = diagnoses[0]
        line, column = source.position(first.start)
        more = len(diagnoses) - 1
        rest = f" (and {more} more, which `protofix check` lists)" if more else ""
        raise FileError(f"{source.path}:{line}:{column}: {first.message}{rest}")
    return context


def _solver(context: Context, question: Question) -> Shown:
    """The nets of a solver, each in all the states that it is built in."""
    source = context.document.source
    if not context.nets:
        raise FileError(f"{source.path}: is a solver that has no net")
    for net in context.nets:
        if net.name is not None and net.path is None:
            line, column = source.position(net.node.start)
            raise FileError(
                f"{source.path}:{line}:{column}: names the net `{net.name}`, which is not there: "
                "it is looked for from the working folder, and from that of the solver and those "
                "above it"
            )
    found = _found(context)
    held = iter(context.views)
    parts = [_shown(context, found, ())]
    for net in context.nets:
        if net.path is None:
            parts.append(_shown(context, found, (next(held),)))
        else:
            of_net = replace(question, asked=net.states(question.asked))
            parts.append(_named(net.path, of_net))
    return _joined(parts)


def _named(path: Path, question: Question) -> Shown:
    """The net of a file that a solver names."""
    context = _readable(source_of_bytes(read_bytes(path), str(path)), question)
    if not context.views:
        raise FileError(f"{path}: is {_what(context)}, and not a net")
    return _held(context)


def _held(context: Context) -> Shown:
    """What a file holds, and nothing that it names."""
    return _shown(context, _found(context), context.views)


def _shown(context: Context, found: _Found, views: Sequence[NetView]) -> Shown:
    """Some of the nets of a file, and all that is wrong in it."""
    source, files = context.document.source, context.files
    facts = []
    for view in views:
        for one in view.built:
            refused = [
                Refused(source.path, *source.position(it.start), it.message)
                for it in _as_caffe_meets(context, found, view, one)
            ]
            facts.append(net_facts(source.path, one, context.given or {}, refused))
    errors = sorted((it for its in found.values() for it in its), key=lambda it: it.place)
    notes = tuple(files.notes) if files else ()
    return Shown(tuple(facts), tuple(Error(source, it) for it in errors), notes)


def _joined(shown: Sequence[Shown]) -> Shown:
    errors = dict.fromkeys(error for one in shown for error in one.errors)
    files = [*dict.fromkeys(error.source.path for error in errors)]
    in_order = sorted(errors, key=lambda it: (files.index(it.source.path), it.finding.place))
    return Shown(
        tuple(facts for one in shown for facts in one.facts),
        tuple(in_order),
        tuple(dict.fromkeys(note for one in shown for note in one.notes)),
    )


def _found(context: Context) -> _Found:
    found = found_by(_ABORTING, context)
    by_rule = {rule: [it for it in found if it.code == rule.code] for rule in _ABORTING}
    return {rule: its for rule, its in by_rule.items() if its}


def _as_caffe_meets(
    context: Context, rules: Iterable[Rule], view: NetView, built: Built
) -> Iterator[Finding]:
    """The errors of a net in a state, those first that Caffe comes to first.

    They are said anew, in the words and with the numbers of that state, by those rules that found
    something in any.
    """
    alone = context.alone(view, built)
    is_kept = _in_kept_layers(built)
    for step in _IN_ORDER:
        for it in found_by([rule for rule in rules if rule.meets == step], alone):
            # It reads the layers that it drops, too.
            if _is_within(view.net, it.start) and (step == "file" or is_kept(it.start)):
                yield it


def _is_within(net: Net, at: int) -> bool:
    """Whether a place in the text is one of a net, which may be all of the text."""
    if net.fields is net.document.fields:
        return True
    return bool(net.fields) and net.fields[0].start <= at < net.fields[-1].end


def _in_kept_layers(built: Built) -> Callable[[int], bool]:
    """A test of places in the text: not in a layer that the state drops."""
    graph = built.graph
    dropped = [it.node for it in graph.net.layers if it.index not in graph.kept]
    starts = [node.start for node in dropped]

    def is_kept(at: int) -> bool:
        before = bisect_right(starts, at) - 1
        return before < 0 or at >= dropped[before].end

    return is_kept
