"""A number of a solver that Caffe takes and hardly anyone means.

With a momentum of 1 or more, past gradients never fade; a negative one takes each step back in
part by the next. A negative `base_lr` climbs the loss, a negative `weight_decay` lets weights grow.
With `delta` 0 or less the adaptive types divide by 0 wherever a gradient is 0. A negative `power`
lets the rate of `poly` grow beyond all bounds, and a `stepvalue` of 0 or less takes the first step
before the first iteration. A negative `test_iter` tests nothing, and a negative `snapshot` writes
as many as the same number above 0: `snapshot: -1` is one in each iteration.

Wrong:

    net: "train_val.prototxt"
    base_lr: -0.01
    lr_policy: "fixed"

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from protofix.net.solver_facts import TYPE_READS, float32_has, written_type
from protofix.net.values import Values
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit
from protofix.textproto.literals import parse_float

CODE = "PF716"
NAME = "doubtful-solver-number"
SEVERITY = "warning"
WANTS = "solver"


class _Doubt(NamedTuple):
    """Which numbers of a field are hardly meant, what comes of them, and what would be right."""

    name: str
    of: Callable[[float], bool]
    why: str


_ALWAYS = (
    _Doubt("base_lr", lambda it: it < 0, "so that the loss is climbed: it should be above 0"),
    _Doubt(
        "weight_decay",
        lambda it: it < 0,
        "so that weights grow by themselves: it should be at least 0",
    ),
    _Doubt("test_iter", lambda it: it < 0, "so that nothing is tested: it should be at least 1"),
    _Doubt(
        "snapshot",
        lambda it: it < 0,
        "which writes as many as the same number above 0: 0 writes none",
    ),
)
_OF_VELOCITY = (
    _Doubt(
        "momentum",
        lambda it: it >= 1,
        "so that past gradients never fade: it should be at least 0 and below 1",
    ),
    _Doubt(
        "momentum",
        lambda it: it < 0,
        "so that each step takes part of the one before it back: it should be at least 0 and "
        "below 1",
    ),
)
_OF_DELTA = _Doubt(
    "delta", lambda it: it <= 0, "so that a gradient of 0 is divided by 0: it should be above 0"
)
_OF_POLICIES = {
    "poly": _Doubt(
        "power",
        lambda it: it < 0,
        "so that the learning rate grows beyond all bounds: it should be above 0",
    ),
    "multistep": _Doubt(
        "stepvalue",
        lambda it: it <= 0,
        "so that the learning rate is never base_lr: it should be above 0",
    ),
}


def check(context: Context) -> Iterator[Hit]:
    """Say each at its value."""
    for doubt in _doubts(context.solver):
        for value in context.solver.scalars(doubt.name):
            number = None if value.kind == "string" else parse_float(value.value)
            # What is not finite is PF715's to say.
            if number is not None and float32_has(number) and doubt.of(number):
                yield Hit(value.start, value.end, f"{doubt.name} is {value.value}, {doubt.why}")


def _doubts(values: Values) -> Iterator[_Doubt]:
    """Those of the fields that are read."""
    yield from _ALWAYS
    type_ = written_type(values.fields)
    read = TYPE_READS.get(type_.name, frozenset()) if type_ else frozenset()
    if read == {"momentum"}:  # That of the other types is PF715's to judge.
        yield from _OF_VELOCITY
    if "delta" in read:
        yield _OF_DELTA
    policy = _OF_POLICIES.get(values.string("lr_policy") or "")
    if policy is not None:
        yield policy
