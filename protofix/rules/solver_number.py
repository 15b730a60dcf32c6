"""A number of a solver that Caffe refuses, or with which nothing can be learnt.

`average_loss` and `iter_size` are at least 1, RMSProp's `rms_decay` and Adam's `momentum` and
`momentum2` at least 0 and below 1. `clip_gradients: 0` clips every gradient to 0; below 0 it clips
none.

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

from protofix.net.solver_facts import written_type
from protofix.net.values import Values
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import Scalar

CODE = "PF715"
NAME = "solver-number"
SEVERITY = "error"
MEETS = "never"
WANTS = "solver"

_SHARES = {"RMSProp": ("rms_decay",), "Adam": ("momentum", "momentum2")}
"""The numbers of each type that are to be at least 0 and below 1."""


def check(context: Context) -> Iterator[Hit]:
    """Say each at its value."""
    values = context.solver
    for name, why in (
        ("average_loss", "Caffe aborts"),
        ("iter_size", "every weight becomes not a number"),
    ):
        for value, number in _written(values, name):
            if number < 1:
                said = f"{name} is {value.value}, and {why}: it must be at least 1"
                yield Hit(value.start, value.end, said)
    for value, number in _written(values, "clip_gradients"):
        if number == 0:
            said = "clip_gradients 0 makes every gradient 0: write a norm above 0, or -1 for none"
            yield Hit(value.start, value.end, said)
    type_ = written_type(values.fields)
    if type_ is None:
        return
    for name in _SHARES.get(type_.name, ()):
        for value, number in _written(values, name):
            if not 0 <= number < 1:
                said = f"{name} is {value.value}: {type_.name} wants at least 0, and less than 1"
                yield Hit(value.start, value.end, said)


def _written(values: Values, name: str) -> Iterator[tuple[Scalar, float]]:
    """The value of a field, and its number, if it has one."""
    number = values.real(name)
    if number is not None:
        yield values.scalars(name)[-1], number
