"""A solver without `base_lr`.

What is not written is 0, and every learning rate is a multiple of it: Caffe trains without
complaint, and learns nothing. (A `base_lr: 0` that is written is taken as meant: statistics of
BatchNorm are gathered so.)

Wrong:

    net: "train_val.prototxt"
    lr_policy: "fixed"
    max_iter: 1000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    max_iter: 1000
"""

from collections.abc import Iterator

from protofix.net.solver_facts import POLICY_READS, is_whole
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF708"
NAME = "missing-base-lr"
SEVERITY = "error"
MEETS = "never"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the policy, which has nothing to work on."""
    values = context.solver
    if not is_whole(values.fields) or values.has("base_lr") or "base_lr" in context.misspelt:
        return
    for policy in values.scalars("lr_policy")[-1:]:
        if policy.value in POLICY_READS:
            said = "the solver has no base_lr, so that its learning rate is 0: write base_lr"
            yield Hit(policy.start, policy.end, said)
