"""The nets of a file in their states: of a net itself, of a solver those that it holds or names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from protofix.files import FileError, read_bytes, source_of_bytes
from protofix.net.build import Built
from protofix.net.data_files import DataFiles
from protofix.net.dialects import Dialect
from protofix.net.kinds import KIND_NAMES
from protofix.net.layers import Net
from protofix.net.paths import find_file
from protofix.net.shapes import Shape
from protofix.net.solvers import SolverNet, nets_of_solver
from protofix.net.states import AskedState, NetState
from protofix.reports.show.facts import NetFacts, Refused, net_facts
from protofix.rules.registry import findings
from protofix.rules.rule import Context, Finding
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.textproto.tree import Document, Message, Node

# Errors that Caffe does not see: it builds such a net, and computes what nobody meant.
_UNSEEN = frozenset({"softmax-before-infogain"})
# From this code on a finding is of a layer that a state must keep; those before are of the file.
_OF_LAYERS = "PF3"
# What Caffe finds before it sets up any layer (insert_splits.cpp, and the filter of the states).
_CONNECTING = frozenset({"include-and-exclude", "input-shape", "unmade-blob"})


@dataclass(frozen=True)
class Error:
    """Something that Caffe would abort at, in a file."""

    source: Source
    finding: Finding

    @property
    def place(self) -> Refused:
        """Where it is, and what."""
        return Refused(
            self.source.path, *self.source.position(self.finding.start), self.finding.message
        )


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


def show(
    source: Source,
    dialect: Dialect | None = None,
    asked: tuple[AskedState, ...] = (),
    given: Mapping[str, Shape] | None = None,
) -> Shown:
    """Build the nets of a file, each in the states asked for, or all that a person can mean.

    The dialect is found if none is named; `given` tells the shapes of blobs by name. A solver's
    nets are built in its own states. Raises FileError for a file that is no net and no
    solver, that has syntax errors, or that names a net which is not there.
    """
    document = _readable(source)
    context = Context(document, dialect)
    ask = _Ask(dialect, asked, given or {})
    if context.kind == "NetParameter":
        return _net(document, ask)
    if context.kind == "SolverParameter":
        return _solver(document, ask)
    raise FileError(f"{source.path}: is {_what(context)}, and not a net or a solver")


def _what(context: Context) -> str:
    return "no Caffe file" if context.kind is None else f"a {KIND_NAMES[context.kind]}"


class _Ask(NamedTuple):
    """What is asked of a file."""

    dialect: Dialect | None
    asked: tuple[AskedState, ...]
    given: Mapping[str, Shape]


def _readable(source: Source) -> Document:
    document = read(source)
    if document.diagnoses:
        first = document.diagnoses[0]
        line, column = source.position(first.start)
        more = len(document.diagnoses) - 1
        rest = f" (and {more} more, which `protofix check` lists)" if more else ""
        raise FileError(f"{source.path}:{line}:{column}: {first.message}{rest}")
    return document


def _net(document: Document, ask: _Ask) -> Shown:
    """A net in its states."""
    files = DataFiles(document.source.path)

    def context_of(asked: tuple[AskedState, ...]) -> Context:
        return Context(document, ask.dialect, asked, ask.given, files)

    together = context_of(ask.asked)
    if not together.views:
        raise FileError(f"{document.source.path}: is {_what(together)}, and not a net")
    built = [one for view in together.views for one in view.built]
    errors = _errors(together)
    facts = []
    for one in built:
        refused: Sequence[Error] = ()
        if errors:
            state = one.graph.state
            alone = errors if len(built) == 1 else _errors(context_of((_exactly(state),)))
            refused = _as_caffe_meets(alone, one)
        places = [error.place for error in refused]
        facts.append(net_facts(document.source.path, one, ask.given, places))
    return Shown(tuple(facts), tuple(errors), tuple(files.notes))


def _solver(document: Document, ask: _Ask) -> Shown:
    """The nets of a solver, each in all the states that it is built in."""
    source = document.source
    nets: dict[str | Node, list[SolverNet]] = {}
    for net in nets_of_solver(document):
        key = net.node if net.path is None else _path_of(net, source)
        nets.setdefault(key, []).append(net)
    if not nets:
        raise FileError(f"{source.path}: is a solver that has no net")
    shown = []
    for key, same in nets.items():
        asked = ask.asked or tuple(dict.fromkeys(net.asked for net in same))
        if isinstance(key, str):
            net_document = _readable(source_of_bytes(read_bytes(Path(key)), key))
        else:
            net_document = read(_alone(source, key))
        shown.append(_net(net_document, ask._replace(asked=asked)))
    within = [key for key in nets if isinstance(key, Message)]
    own = [
        error
        for error in _errors(Context(document, ask.dialect))
        if not any(it.start <= error.finding.start < it.end for it in within)
    ]
    return _joined([Shown((), tuple(own), ()), *shown])


def _path_of(net: SolverNet, solver: Source) -> str:
    found = find_file(net.path or "", solver.path)
    if found is None:
        line, column = solver.position(net.node.start)
        raise FileError(
            f"{solver.path}:{line}:{column}: names the net `{net.path}`, which is not there: it is "
            "looked for from the working folder, and from that of the solver and those above it"
        )
    return str(found)


def _alone(source: Source, node: Node) -> Source:
    """A text of nothing but the net in a message of it, with everything at its place."""
    assert isinstance(node, Message)
    before, after = source.text[: node.open_end], source.text[node.close_start :]
    net = source.text[node.open_end : node.close_start]
    return Source(_blank(before) + net + _blank(after), source.path)


def _blank(text: str) -> str:
    return "".join(c if c in "\r\n" else " " for c in text)


def _joined(shown: Sequence[Shown]) -> Shown:
    errors = dict.fromkeys(error for one in shown for error in one.errors)
    files = [*dict.fromkeys(error.source.path for error in errors)]
    in_order = sorted(errors, key=lambda it: (files.index(it.source.path), it.finding))
    return Shown(
        tuple(facts for one in shown for facts in one.facts),
        tuple(in_order),
        tuple(dict.fromkeys(note for one in shown for note in one.notes)),
    )


def _errors(context: Context) -> list[Error]:
    return [
        Error(context.document.source, finding)
        for finding in findings(context)
        if finding.severity == "error" and finding.rule not in _UNSEEN
    ]


def _exactly(state: NetState) -> AskedState:
    return AskedState(state.phase, state.phase, state.level, state.stages)


def _as_caffe_meets(errors: Sequence[Error], built: Built) -> list[Error]:
    """The errors of a state, those first that Caffe comes to first.

    It reads the whole file, then connects the layers, then sets up one after the other.
    """
    graph = built.graph
    dropped = [it.node for it in graph.net.layers if it.index not in graph.kept]

    def met(error: Error) -> bool:
        at = error.finding.start
        return error.finding.code < _OF_LAYERS or not any(
            node.start <= at < node.end for node in dropped
        )

    def when(error: Error) -> tuple[int, int]:
        finding = error.finding
        if finding.code < _OF_LAYERS:
            return 0, finding.start
        return (1 if finding.rule in _CONNECTING else 2), finding.start

    return sorted(filter(met, errors), key=when)
