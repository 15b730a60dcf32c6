"""The nets that a solver builds, and the state it builds each in.

Caffe 1.0 builds one net to train, and a test net for each `test_iter` (Solver::InitTrainNet and
Solver::InitTestNets): `test_net_param` first, then `test_net`, and the training net's definition
for what is left. On a state's defaults it puts the net's own `state`, and on that the solver's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from protofix.net.paths import find_file
from protofix.net.states import AskedState, asked_by
from protofix.textproto.tree import (
    Document,
    Field,
    Message,
    Node,
    fields_named,
    messages_named,
    scalars_named,
)

_Named = tuple[Field | Message, str | None]
"""A field that holds a net, or one that names its file, and the path."""

_TRAIN_NETS = ("train_net_param", "train_net", "net_param", "net")


@dataclass(frozen=True)
class SolverNet:
    """A net of a solver, and the states that it is built in, each once.

    `node` is the message that holds it, or the first field that names it by `name`; `path` is the
    file that it names then, None if that is not there.
    """

    node: Field | Message
    name: str | None
    path: Path | None
    asked: tuple[AskedState, ...]

    def states(self, named: tuple[AskedState, ...]) -> tuple[AskedState, ...]:
        """Its own states or, if one is named, those of that phase; else the named one itself.

        A name with a stage or a level means no state of the solver's.
        """
        if any(it.stages or it.level for it in named):
            return named
        phases = {it.phase for it in named}
        return tuple(it for it in self.asked if not phases or it.start in phases) or named


def nets_of_solver(document: Document) -> tuple[SolverNet, ...]:
    """The nets that a solver builds, the one it trains first; a file that it names twice once."""
    firsts: dict[Node | tuple[Node, str] | Path, tuple[_Named, Path | None]] = {}
    states: dict[Node | tuple[Node, str] | Path, dict[AskedState, None]] = {}
    for (node, name), asked in _built(document.fields):
        path = None if name is None else find_file(name, document.source.path)
        key = path or (node if name is None else (node, name))
        firsts.setdefault(key, ((node, name), path))
        states.setdefault(key, {})[asked] = None
    return tuple(
        SolverNet(*named, path, tuple(states[key])) for key, (named, path) in firsts.items()
    )


def _built(fields: tuple[Node, ...]) -> Iterator[tuple[_Named, AskedState]]:
    """What a solver builds, one net after the other, with what it asks of each one's state."""
    train_state = messages_named(fields, "train_state")
    for named in trained_nets(fields)[:1]:
        yield named, asked_by("TRAIN", train_state[-1] if train_state else None)
    tested, generic = tested_nets(fields)
    instances = len(scalars_named(fields, "test_iter"))
    tested += generic[:1] * max(0, instances - len(tested))
    test_states = messages_named(fields, "test_state")
    for index, named in enumerate(tested):
        on_top = test_states[index] if index < len(test_states) else None
        yield named, asked_by("TEST", on_top)


def trained_nets(fields: tuple[Node, ...]) -> list[_Named]:
    """The fields that give a net to train, of which there is to be one."""
    return [it for name in _TRAIN_NETS for it in _nets(fields, name)]


def tested_nets(fields: tuple[Node, ...]) -> tuple[list[_Named], list[_Named]]:
    """The fields that give a net to test, and those of the net for all test runs that are left."""
    tested = [*_nets(fields, "test_net_param"), *_nets(fields, "test_net")]
    return tested, [*_nets(fields, "net_param"), *_nets(fields, "net")]


def _nets(fields: tuple[Node, ...], name: str) -> Iterator[_Named]:
    for message in messages_named(fields, name):
        yield message, None
    for field in fields_named(fields, name):
        for scalar in field.scalars:
            if scalar.kind == "string":
                yield field, scalar.value
