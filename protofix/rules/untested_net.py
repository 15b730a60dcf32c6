"""A solver with `test_interval` that tests nothing, for want of `test_iter`.

Caffe builds a test net for each `test_iter`. Without one there is none, and every test is of
nothing; it does not say so.

Wrong:

    net: "train_val.prototxt"
    test_interval: 500
    base_lr: 0.01
    lr_policy: "fixed"

Right:

    net: "train_val.prototxt"
    test_iter: 100
    test_interval: 500
    base_lr: 0.01
    lr_policy: "fixed"
"""

from collections.abc import Iterator

from protofix.net.solver_facts import is_whole
from protofix.net.solvers import tested_nets
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF717"
NAME = "untested-net"
SEVERITY = "warning"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the interval."""
    values = context.solver
    if not is_whole(values.fields) or "test_iter" in context.misspelt:
        return
    at = values.field("test_interval")
    tested, _ = tested_nets(values.fields)
    # A test net without a test_iter is PF702's to say.
    if at is None or tested or values.has("test_iter") or values.integer("test_interval", 0) <= 0:
        return
    said = "the solver has a test_interval and no test_iter, so that it tests nothing: say how many"
    yield Hit(at.start, at.end, f"{said} batches a test takes")
