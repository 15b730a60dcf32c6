"""The `stepvalue` of a solver, not in ascending order.

Caffe looks at them in the order in which they are written, one at a time: a smaller one behind a
larger one is taken in the iteration after that, so that the learning rate falls twice at once.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "multistep"
    gamma: 0.1
    stepvalue: 6000
    stepvalue: 4000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "multistep"
    gamma: 0.1
    stepvalue: 4000
    stepvalue: 6000
"""

from collections.abc import Iterator
from itertools import pairwise

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit
from protofix.textproto.literals import parse_integer
from protofix.textproto.tree import Scalar

CODE = "PF707"
NAME = "stepvalue-order"
SEVERITY = "warning"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the first value that is not above the one before it."""
    steps = context.solver.scalars("stepvalue")
    if context.solver.string("lr_policy") != "multistep":
        return
    if any(step.kind != "integer" for step in steps):
        return
    for before, step in pairwise(steps):
        if _number(step) <= _number(before):
            said = (
                f"stepvalue {step.value} stands behind {before.value}, and is taken in the "
                "iteration after that one: write them in ascending order, each once"
            )
            yield Hit(step.start, step.end, said, _in_order(steps))
            return


def _number(step: Scalar) -> int:
    return parse_integer(step.value)


def _in_order(steps: list[Scalar]) -> Fix | None:
    """The same values in their order; None if one is there twice."""
    ordered = sorted(steps, key=_number)
    if len(set(map(_number, steps))) < len(steps):
        return None
    edits = [
        Edit(old.start, old.end, new.value)
        for old, new in zip(steps, ordered, strict=True)
        if old is not new
    ]
    return Fix("put the stepvalues in ascending order", tuple(edits), safe=False)
