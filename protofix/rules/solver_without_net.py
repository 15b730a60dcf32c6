"""A solver that says how to learn, and nothing of what: it gives no net.

Caffe aborts: a solver names its net by `net` or `train_net`, or holds it as `net_param` or
`train_net_param`. A program that reads the solver can add one; then ignore this.

Wrong:

    base_lr: 0.01
    lr_policy: "fixed"
    max_iter: 1000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    max_iter: 1000
"""

from collections.abc import Iterator

from protofix.net.solver_facts import names_a_net
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import fields_named

CODE = "PF703"
NAME = "solver-without-net"
SEVERITY = "warning"
WANTS = "solver"

# What a part of a solver, which a program completes, would hardly have all of.
_WHOLE = ("base_lr", "lr_policy", "max_iter")
_NETS = ("net", "train_net", "net_param", "train_net_param")


def check(context: Context) -> Iterator[Hit]:
    """Say it at the first of the fields that say how to learn."""
    fields = context.solver.fields
    found = [fields_named(fields, name) for name in _WHOLE]
    if all(found) and not names_a_net(fields) and context.misspelt.isdisjoint(_NETS):
        first = min(found)[0]
        said = "the solver gives no net, and Caffe aborts: write `net` or `train_net`"
        yield Hit(first.start, first.end, said)
