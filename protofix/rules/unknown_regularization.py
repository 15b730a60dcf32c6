"""A solver whose `regularization_type` is neither "L2", the default, nor "L1".

Caffe builds the nets and aborts in the first iteration, if `weight_decay` is not 0.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    weight_decay: 0.0005
    regularization_type: "l2"

Right:

    net: "train_val.prototxt"
    base_lr: 0.01
    weight_decay: 0.0005
    regularization_type: "L2"
"""

from collections.abc import Iterator

from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string

CODE = "PF713"
NAME = "unknown-regularization"
SEVERITY = "error"
MEETS = "never"
WANTS = "solver"

_TYPES = ("L2", "L1")


def check(context: Context) -> Iterator[Hit]:
    """Say it at the type, with the one that was meant."""
    values = context.solver
    if not values.real("weight_decay"):
        return
    for written in values.scalars("regularization_type")[-1:]:
        if written.kind != "string" or written.value in _TYPES or "$" in written.value:
            continue
        said = f"Caffe has no regularization `{written.value}`: write `L2` or `L1`"
        meant = written.value.strip().upper()
        fix = None
        if meant in _TYPES:
            edit = replace_string(context.document, written, meant)
            fix = Fix(f"write `{meant}`", (edit,))
        yield Hit(written.start, written.end, said, fix)
