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
    trained = [it for name in _TRAIN_NETS for it in _nets(fields, name)]
    nets = [
        SolverNet(node, path, asked_by("TRAIN", train_state[-1] if train_state else None))
        for node, path in trained[:1]
    ]
    tested = [*_nets(fields, "test_net_param"), *_nets(fields, "test_net")]
    generic = [*_nets(fields, "net_param"), *_nets(fields, "net")][:1]
    instances = len(scalars_named(fields, "test_iter"))
    tested += generic * max(0, instances - len(tested))
    test_states = messages_named(fields, "test_state")
    for index, (node, path) in enumerate(tested):
        on_top = test_states[index] if index < len(test_states) else None
        nets.append(SolverNet(node, path, asked_by("TEST", on_top)))
    return tuple(nets)


def _nets(fields: tuple[Node, ...], name: str) -> Iterator[tuple[Field | Message, str | None]]:
    for message in messages_named(fields, name):
        yield message, None
    for field in fields_named(fields, name):
        for scalar in field.scalars:
            if scalar.kind == "string":
                yield field, scalar.value
