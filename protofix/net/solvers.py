"""The nets that a solver builds, and the state it builds each in.

Caffe 1.0 builds one net to train, and a test net for each `test_iter` (Solver::InitTrainNet and
Solver::InitTestNets): `test_net_param` first, then `test_net`, and the training net's definition
for what is left. On a state's defaults it puts the net's own `state`, and on that the solver's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

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


class SolverNet(NamedTuple):
    """A net of a solver: the field that holds it or, with `path`, names it, and its state."""

    node: Field | Message
    path: str | None
    asked: AskedState


def nets_of_solver(document: Document) -> tuple[SolverNet, ...]:
    """The nets that a solver builds, the one it trains first."""
    fields = document.fields
    train_state = messages_named(fields, "train_state")
    nets = [
        SolverNet(node, path, asked_by("TRAIN", train_state[-1] if train_state else None))
        for node, path in trained_nets(fields)[:1]
    ]
    tested, generic = tested_nets(fields)
    instances = len(scalars_named(fields, "test_iter"))
    tested += generic[:1] * max(0, instances - len(tested))
    test_states = messages_named(fields, "test_state")
    for index, (node, path) in enumerate(tested):
        on_top = test_states[index] if index < len(test_states) else None
        nets.append(SolverNet(node, path, asked_by("TEST", on_top)))
    return tuple(nets)


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
