"""A learning rate that is meant to fall, and stays as it is for want of a number.

What is not written is 0: `inv` without `gamma` or `power`, `poly` without `power`, `sigmoid`
without `gamma` and `multistep` without `stepvalue` compute the same rate in each iteration. Caffe
says nothing. (A 0 that is written is taken as meant.)

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "poly"
    max_iter: 1000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "poly"
    power: 0.9
    max_iter: 1000
"""

from collections.abc import Iterator

from protofix.net.solver_facts import is_whole
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Scalar

CODE = "PF706"
NAME = "constant-learning-rate"
SEVERITY = "warning"
FIXES = ("unsafe",)
WANTS = "solver"

_NEEDED = {
    "inv": ("gamma", "power"),
    "poly": ("power",),
    "sigmoid": ("gamma",),
    "multistep": ("stepvalue",),
}


def check(context: Context) -> Iterator[Hit]:
    """Say it at the policy."""
    values = context.solver
    if not is_whole(values.fields):
        return
    for policy in values.scalars("lr_policy")[-1:]:
        needed = (it for it in _NEEDED.get(policy.value, ()) if it not in context.misspelt)
        missing = [it for it in needed if not values.has(it)]
        if missing:
            rate = "half of base_lr" if policy.value == "sigmoid" else "base_lr"
            said = (
                f"lr_policy `{policy.value}` without {' and '.join(missing)} leaves the learning "
                f"rate at {rate}: "
            )
            if policy.value == "multistep" and values.has("stepsize"):
                said += "it does not read stepsize; did you mean `step`?"
                yield Hit(policy.start, policy.end, said, _to_step(context, policy))
            else:
                said += f"write {' and '.join(missing)}, or make it `fixed`"
                yield Hit(policy.start, policy.end, said)


def _to_step(context: Context, policy: Scalar) -> Fix:
    edit = replace_string(context.document, policy, "step")
    return Fix("make the lr_policy `step`", (edit,), safe=False)
