"""A number of a solver that Caffe refuses, or with which nothing can be learnt.

`average_loss` and `iter_size` are at least 1, RMSProp's `rms_decay`, AdaDelta's `momentum` and
Adam's `momentum` and `momentum2` at least 0 and below 1. `clip_gradients: 0` clips every gradient
to 0; below 0 it clips none. What a solver computes with must be finite, in float32.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    clip_gradients: 0

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    clip_gradients: -1

Wrong:

    net: "train_val.prototxt"
    type: "Adam"
    momentum: 0.9
    momentum2: 1

Right:

    net: "train_val.prototxt"
    type: "Adam"
    momentum: 0.9
    momentum2: 0.999
"""

from collections.abc import Iterator

from protofix.net.solver_facts import POLICY_READS, TYPE_READS, float32_has, written_type
from protofix.net.values import Values
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Scalar

CODE = "PF715"
NAME = "solver-number"
SEVERITY = "error"
MEETS = "never"
WANTS = "solver"

_SHARES = {
    "RMSProp": ("rms_decay",),
    "AdaDelta": ("momentum",),
    "Adam": ("momentum", "momentum2"),
}
"""The numbers of each type that are to be at least 0 and below 1."""

_WHOLE = {"stepsize", "stepvalue"}


def check(context: Context) -> Iterator[Hit]:
    """Say each at its value."""
    values = context.solver
    yield from _counts(values)
    for value, number in _written(values, "clip_gradients"):
        if number == 0:
            said = "clip_gradients 0 makes every gradient 0: write a norm above 0, or -1 for none"
            yield Hit(value.start, value.end, said)
    yield from _rates(values)


def _counts(values: Values) -> Iterator[Hit]:
    for name in ("average_loss", "iter_size"):
        for value, number in _written(values, name):
            if number < 1:
                why = "Caffe aborts"
                if name == "iter_size":
                    why = "nothing is learnt" if number else "every weight becomes not a number"
                said = f"{name} is {value.value}, and {why}: it must be at least 1"
                yield Hit(value.start, value.end, said)


def _rates(values: Values) -> Iterator[Hit]:
    """What the solver computes with, if its type or its learning rate policy reads it."""
    type_ = written_type(values.fields)
    name_of_type = "" if type_ is None else type_.name
    shares = _SHARES.get(name_of_type, ())
    for name in shares:
        for value, number in _written(values, name):
            if not 0 <= number < 1:
                said = f"{name} is {value.value}: {name_of_type} wants at least 0, and less than 1"
                yield Hit(value.start, value.end, said)
    of_type = TYPE_READS.get(name_of_type, frozenset()).difference(shares)
    of_policy = POLICY_READS.get(values.string("lr_policy") or "", frozenset()) - _WHOLE
    for name in ("base_lr", "weight_decay", *sorted(of_type), *sorted(of_policy)):
        for value, number in _written(values, name):
            if not float32_has(number):
                said = f"{name} is {value.value}, with which nothing can be learnt: write a number"
                yield Hit(value.start, value.end, f"{said} that float32 has")


def _written(values: Values, name: str) -> Iterator[tuple[Scalar, float]]:
    """The value of a field, and its number, if it has one."""
    number = values.real(name)
    if number is not None:
        yield values.scalars(name)[-1], number
