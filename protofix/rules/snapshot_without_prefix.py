"""A solver with `snapshot`, and no `snapshot_prefix` for the names of the files.

Caffe 1.0 and most forks abort when the solver is made. Since February 2018 Caffe takes the name of
the solver's file, so that snapshots lie beside it; older ones than 1.0 write `_iter_1000` to where
they are started.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    snapshot: 1000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    snapshot: 1000
    snapshot_prefix: "net"
"""

from collections.abc import Iterator

from protofix.net.solver_facts import is_whole
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF718"
NAME = "snapshot-without-prefix"
SEVERITY = "warning"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at `snapshot`."""
    values = context.solver
    if not is_whole(values.fields) or "snapshot_prefix" in context.misspelt:
        return
    at = values.field("snapshot")
    if at is not None and values.integer("snapshot") and not values.has("snapshot_prefix"):
        said = "the solver has no snapshot_prefix, and Caffe 1.0 aborts: write how the names of"
        yield Hit(at.start, at.end, f"{said} its snapshots begin")
