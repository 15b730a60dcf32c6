"""A solver that runs for no iteration: `max_iter` is missing, or not above 0.

`caffe train` then builds the nets, writes a snapshot and ends. A program that takes the steps by
itself (`solver.step` of pycaffe) does not look at it, so a solver without one is only reported if
it is to write snapshots.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    snapshot: 1000
    snapshot_prefix: "net"

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    max_iter: 10000
    snapshot: 1000
    snapshot_prefix: "net"
"""

from collections.abc import Iterator

from protofix.net.solver_facts import is_whole
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF709"
NAME = "missing-max-iter"
SEVERITY = "warning"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the number, or at `snapshot`."""
    values = context.solver
    if not is_whole(values.fields) or "max_iter" in context.misspelt:
        return
    most = values.integer("max_iter")
    if not most and values.string("lr_policy") == "poly":  # That divides by it: PF705 says so.
        return
    at = values.field("max_iter") or values.field("snapshot")
    if at is None or (most is None and (values.has("max_iter") or not values.integer("snapshot"))):
        return
    if most is None or most <= 0:
        has = "no max_iter" if most is None else f"max_iter {most}"
        said = f"the solver has {has}: `caffe train` ends before the first iteration"
        yield Hit(at.start, at.end, said)
