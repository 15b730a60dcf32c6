"""A solver's type in the old way: `solver_type: ADAM`.

Caffe makes `type: "Adam"` of it and warns that it will not do so for ever. Today's types are
strings. `protofix upgrade` changes it as well.

Wrong:

    net: "train_val.prototxt"
    solver_type: NESTEROV
    momentum: 0.9

Right:

    net: "train_val.prototxt"
    type: "Nesterov"
    momentum: 0.9
"""

from collections.abc import Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.diffs import edits_between
from protofix.textproto.tree import fields_named

CODE = "PF712"
NAME = "old-solver-type"
SEVERITY = "info"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the field, unless the fork that the solver is for knows no other."""
    document = context.document
    solver = context.schema.messages.get("SolverParameter")
    old = fields_named(context.solver.fields, "solver_type")
    if solver is None or "type" not in solver.fields or len(old) != 1:
        return
    after = context.upgrader.upgrade(("solver",)).after
    edits = tuple(edits_between(document.text, after.text))
    if edits and not fields_named(after.fields, "solver_type"):
        said = "solver_type is the old name of a solver's type, which is a string today"
        yield Hit(old[0].start, old[0].end, said, Fix("write it as `type`", edits))
