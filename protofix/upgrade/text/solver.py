"""A solver's `solver_type: NESTEROV` to `type: "Nesterov"`, as Caffe 1.0's UpgradeSolverType."""

from __future__ import annotations

from collections.abc import Sequence

from caffe_proto import base_schema
from protofix.net.solver_facts import SOLVER_TYPES
from protofix.textproto.draft import Item
from protofix.textproto.layout import Style
from protofix.textproto.literals import parse_integer
from protofix.textproto.moving import quoted, renamed, with_value
from protofix.upgrade.text.reading import Value, last_value, values_of
from protofix.upgrade.text.step import Note, Upgraded


def upgrade_solver(items: Sequence[Item], style: Style) -> Upgraded:
    """Give the solver's type as a string."""
    old, new = last_value(items, "solver_type"), last_value(items, "type")
    if old is None or len(list(values_of(items, "solver_type"))) > 1:  # Of which it is said.
        return Upgraded(tuple(items))
    if new is not None:
        said = "`solver_type` and `type` are both given, and Caffe aborts: keep one"
        return Upgraded(tuple(items), (Note(old.item.at, f"{said}; left as it is", True),))
    name = _type_name(old)
    if name not in SOLVER_TYPES:
        said = f"`{old.written.text}` is no solver type that Caffe knows: left as it is"
        return Upgraded(tuple(items), (Note(old.item.at, said, True),))
    typed = renamed(with_value(old.item, quoted(SOLVER_TYPES[name], style), old.number), "type")
    return Upgraded(tuple(typed if item is old.item else item for item in items))


def _type_name(value: Value) -> str:
    if value.scalar.kind != "integer":
        return value.scalar.value
    number = parse_integer(value.scalar.value)
    values = base_schema().enums["SolverParameter.SolverType"].values
    return next((name for name, known in values.items() if known == number), "")
