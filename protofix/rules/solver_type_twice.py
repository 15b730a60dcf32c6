"""A solver with both `type` and the older `solver_type`.

Caffe aborts when it reads it, even if both say the same.

Wrong:

    net: "train_val.prototxt"
    type: "Adam"
    solver_type: ADAM

Right:

    net: "train_val.prototxt"
    type: "Adam"
"""

from collections.abc import Iterator

from protofix.net.solver_facts import type_of_old
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import remove
from protofix.textproto.tree import Field, fields_named

CODE = "PF711"
NAME = "solver-type-twice"
SEVERITY = "error"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the older one; where both say the same, it may go."""
    old = fields_named(context.solver.fields, "solver_type")
    if not old or not context.solver.has("type"):
        return
    said = "the solver has both type and solver_type, and Caffe aborts: keep type"
    yield Hit(old[-1].start, old[-1].end, said, _fix(context, old))


def _fix(context: Context, old: list[Field]) -> Fix | None:
    meant = type_of_old(context.solver.fields)
    if len(old) != 1 or meant is None or meant != context.solver.string("type"):
        return None
    removal = remove(context.document, old[0])
    return Fix("take solver_type away, which says the same", (removal.edit,))
