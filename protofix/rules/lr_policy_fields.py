"""A learning rate policy without the numbers that it needs.

What is not written is 0. `step` and `sigmoid` divide by `stepsize` or compare with it: without one
Caffe aborts in the first iteration. With `gamma` 0 the rate of `step`, `multistep` and `exp` is 0
from the first step on, and nothing more is learnt; a negative one Caffe refuses. `poly` divides by
`max_iter`, and without it every weight becomes not a number.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "step"
    stepsize: 1000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "step"
    gamma: 0.1
    stepsize: 1000

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "step"
    gamma: 0.1
    stepvalue: 1000
    stepvalue: 2000

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "multistep"
    gamma: 0.1
    stepvalue: 1000
    stepvalue: 2000
"""

from collections.abc import Iterator

from protofix.net.solver_facts import is_whole
from protofix.net.values import Values
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Scalar

CODE = "PF705"
NAME = "lr-policy-fields"
SEVERITY = "error"
MEETS = "never"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say each at its field or, where that is missing, at the policy."""
    values = context.solver
    if not is_whole(values.fields):
        return
    policies = values.scalars("lr_policy")
    if not policies:
        return
    policy = policies[-1]
    misspelt = context.misspelt
    if policy.value in ("step", "sigmoid") and "stepsize" not in misspelt:
        yield from _stepsize(context, values, policy)
    if "gamma" not in misspelt:
        yield from _gamma(values, policy)
    # Of a negative one nothing is trained, whatever the policy: PF709 says so.
    if policy.value == "poly" and "max_iter" not in misspelt and _whole(values, "max_iter") == 0:
        what = "max_iter 0" if values.has("max_iter") else "no max_iter"
        said = f"with {what} divides by 0, and every weight becomes not a number: write max_iter"
        yield _hit(values, policy, "max_iter", said)


def _whole(values: Values, name: str) -> int | None:
    """A whole number, 0 if it is not written; None for what is none, as the schema check says."""
    return values.integer(name) if values.has(name) else 0


def _stepsize(context: Context, values: Values, policy: Scalar) -> Iterator[Hit]:
    size = _whole(values, "stepsize")
    if size is None or size > 0:
        return
    if policy.value == "step" and not values.has("stepsize") and values.has("stepvalue"):
        said = "reads stepsize, not stepvalue, and aborts without one: did you mean `multistep`?"
        edit = replace_string(context.document, policy, "multistep")
        fix = Fix("make the lr_policy `multistep`", (edit,), safe=False)
        yield _hit(values, policy, "stepsize", said, fix)
        return
    what = f"stepsize {size}" if values.has("stepsize") else "no stepsize"
    said = f"with {what} aborts in the first iteration: write after how many iterations to step"
    yield _hit(values, policy, "stepsize", said)


def _gamma(values: Values, policy: Scalar) -> Iterator[Hit]:
    gamma = values.real("gamma") if values.has("gamma") else 0.0
    if gamma is None:
        return
    steps = policy.value in ("step", "exp") or (
        policy.value == "multistep" and values.has("stepvalue")
    )
    if gamma < 0 and (steps or policy.value in ("multistep", "inv", "sigmoid")):
        yield _hit(values, policy, "gamma", "takes no negative gamma: Caffe aborts")
    elif gamma == 0 and steps:
        what = "gamma 0" if values.has("gamma") else "no gamma"
        first = "iteration" if policy.value == "exp" else "step"
        said = f"with {what} has a learning rate of 0 from the first {first} on"
        yield _hit(values, policy, "gamma", f"{said}: write the factor of each step, 0.1 say")


def _hit(values: Values, policy: Scalar, name: str, said: str, fix: Fix | None = None) -> Hit:
    at = values.field(name) or policy
    return Hit(at.start, at.end, f"lr_policy `{policy.value}` {said}", fix)
