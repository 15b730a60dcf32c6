"""A number of a solver that Caffe takes and hardly anyone means.

With a momentum of 1 or more, past gradients never fade. A negative `base_lr` climbs the loss, a
negative `weight_decay` lets weights grow. With `delta` 0 or less the adaptive types divide by 0
wherever a gradient is 0. A negative `test_iter` tests nothing.

Wrong:

    net: "train_val.prototxt"
    base_lr: -0.01
    lr_policy: "fixed"

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
"""

from collections.abc import Iterator

from protofix.net.solver_facts import TYPE_READS, written_type
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.literals import parse_float
from protofix.textproto.tree import Scalar

CODE = "PF716"
NAME = "doubtful-solver-number"
SEVERITY = "warning"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say each at its value."""
    type_ = written_type(context.solver.fields)
    read = TYPE_READS.get(type_.name, frozenset()) if type_ else frozenset()
    for name in ("base_lr", "weight_decay", "test_iter", "momentum", "delta"):
        for value in context.solver.scalars(name):
            number = None if value.kind == "string" else parse_float(value.value)
            why = None if number is None else _doubt(name, number, read)
            if why is not None:
                yield _hit(name, value, why)


def _doubt(name: str, number: float, read: frozenset[str]) -> str | None:
    """Why a number is hardly meant; `read` are the fields that the solver's type reads."""
    if name == "base_lr" and number < 0:
        return "so that the loss is climbed: it should be above 0"
    if name == "weight_decay" and number < 0:
        return "so that weights grow by themselves: it should be at least 0"
    if name == "test_iter" and number < 0:
        return "so that nothing is tested: it should be at least 1"
    # What Adam does not take is PF715's to say.
    if name == "momentum" and name in read and "momentum2" not in read and not 0 <= number < 1:
        return "so that past gradients never fade: it should be at least 0 and below 1"
    if name == "delta" and name in read and number <= 0:
        return "so that a gradient of 0 is divided by 0: it should be above 0"
    return None


def _hit(name: str, value: Scalar, why: str) -> Hit:
    return Hit(value.start, value.end, f"{name} is {value.value}, {why}")
