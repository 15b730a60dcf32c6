"""What a solver's fields mean: its type, how its learning rate changes, and what each reads.

Read from Caffe 1.0's sgd_solver.cpp, the files of the other types beside it, and the same of forks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from protofix.net.solvers import tested_nets, trained_nets
from protofix.net.values import enum_of, string_of
from protofix.textproto.tree import Field, Node, fields_named

SOLVER_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "SGD": "SGD",
        "NESTEROV": "Nesterov",
        "ADAGRAD": "AdaGrad",
        "RMSPROP": "RMSProp",
        "ADADELTA": "AdaDelta",
        "ADAM": "Adam",
    }
)
"""The type string of each `solver_type`, in the order of the enum's numbers."""

TYPE_READS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "SGD": frozenset({"momentum"}),
        "Nesterov": frozenset({"momentum"}),
        "AdaGrad": frozenset({"delta"}),
        "RMSProp": frozenset({"delta", "rms_decay"}),
        "AdaDelta": frozenset({"momentum", "delta"}),
        "Adam": frozenset({"momentum", "momentum2", "delta"}),
    }
)
"""Of the fields that not all types read, those that a type does."""

POLICY_READS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "fixed": frozenset(),
        "step": frozenset({"gamma", "stepsize"}),
        "multistep": frozenset({"gamma", "stepvalue"}),
        "exp": frozenset({"gamma"}),
        "inv": frozenset({"gamma", "power"}),
        "poly": frozenset({"power"}),
        "sigmoid": frozenset({"gamma", "stepsize"}),
    }
)
"""Of the fields that not all learning rate policies read, those that a policy of Caffe's does."""

FORK_POLICIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"plateau": ("ssd", "nvidia", "intel"), "multifixed": ("intel",)}
)
"""The policies that forks add, and the dialects of those."""


_BEYOND_FLOAT32 = 2.0**128  # From there on it has only infinity.


def float32_has(number: float) -> bool:
    """Whether a number is finite in what Caffe computes with; nan is not."""
    return abs(number) < _BEYOND_FLOAT32


class WrittenType(NamedTuple):
    """The type of a solver, and the field that says it; the default has none."""

    name: str
    field: Field | None


def written_type(fields: tuple[Node, ...]) -> WrittenType | None:
    """The type that a solver's fields give; None if they give none that can be read."""
    old, new = fields_named(fields, "solver_type"), fields_named(fields, "type")
    if not old and not new:
        return WrittenType("SGD", None)
    name = string_of(fields, "type") if new else type_of_old(fields)
    return None if name is None else WrittenType(name, (new or old)[-1])


def type_of_old(fields: tuple[Node, ...]) -> str | None:
    """The type string of what `solver_type` says, by name or number; None if that is no type."""
    return SOLVER_TYPES.get(enum_of(fields, "solver_type", tuple(SOLVER_TYPES)) or "")


def names_a_net(fields: tuple[Node, ...]) -> bool:
    """Whether a solver names or holds any net."""
    tested, generic = tested_nets(fields)
    return bool(tested or generic or trained_nets(fields))


def is_whole(fields: tuple[Node, ...]) -> bool:
    """Whether a solver is one to be run, as far as can be seen.

    One without any net may be a part of one, which a program completes; so may one that says
    nothing of how it learns.
    """
    learning = ("base_lr", "lr_policy", "max_iter")
    return names_a_net(fields) and any(fields_named(fields, name) for name in learning)
