"""A field of a solver that nothing reads: of another type, or another learning rate policy.

Caffe takes it without a word, and learns as if it were not there: `momentum2` is Adam's alone,
`rms_decay` RMSProp's, `delta` that of the adaptive types; `gamma`, `power`, `stepsize` and
`stepvalue` belong to some policies each; what `debug_info` writes of the net that is trained, it
writes in the iterations of `display`. (A `momentum` that is not read Caffe refuses, unless it is
0.)

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    gamma: 0.1

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    rms_decay: 0.98

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "fixed"
    type: "RMSProp"
    rms_decay: 0.98
"""

from collections.abc import Iterator, Mapping

from protofix.net.solver_facts import POLICY_READS, TYPE_READS, is_whole, written_type
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Hit

CODE = "PF720"
NAME = "unread-solver-field"
SEVERITY = "info"
WANTS = "solver"

# What a policy reads, and the field that is written for it by mistake.
_STEPS = {"step": ("stepsize", "stepvalue"), "multistep": ("stepvalue", "stepsize")}


def check(context: Context) -> Iterator[Hit]:
    """Say it at each field."""
    values = context.solver
    if not is_whole(values.fields):
        return
    type_ = written_type(values.fields)
    policy = values.string("lr_policy")
    unread: dict[str, str] = {}
    if type_ is not None and type_.name in TYPE_READS:
        unread |= _unread(TYPE_READS, type_.name, f"the type {type_.name} does not read")
    if policy is not None and policy in POLICY_READS:
        unread |= _unread(POLICY_READS, policy, f"lr_policy `{policy}` does not read")
        own, other = _STEPS.get(policy, ("", ""))
        if own and not values.has(own):  # PF705 or PF706 says what was meant.
            unread.pop(other)
    if not values.real("weight_decay"):
        unread["regularization_type"] = "without weight_decay nothing reads"
    if not values.has("display", "test_iter") and values.boolean("debug_info", False):
        unread["debug_info"] = "without display and a test net nothing reads"
    for node in values.fields:
        if node.name in unread:
            yield Hit(node.start, node.said_end, f"{unread[node.name]} {node.name}")


def _unread(reads: Mapping[str, frozenset[str]], name: str, said: str) -> dict[str, str]:
    """What others of a kind read, and this one does not."""
    others = frozenset[str]().union(*reads.values()) - reads[name] - {"momentum"}
    return dict.fromkeys(others, said)
