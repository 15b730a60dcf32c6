"""A solver with `momentum`, of a type that takes none: AdaGrad or RMSProp.

Caffe builds the nets and aborts.

Wrong:

    net: "train_val.prototxt"
    type: "AdaGrad"
    momentum: 0.9

Right:

    net: "train_val.prototxt"
    type: "AdaGrad"
"""

from collections.abc import Iterator

from protofix.net.solver_facts import written_type
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import remove
from protofix.textproto.tree import fields_named

CODE = "PF714"
NAME = "momentum-refused"
SEVERITY = "error"
MEETS = "never"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the momentum."""
    fields = context.solver.fields
    type_ = written_type(fields)
    if type_ is None or type_.name not in ("AdaGrad", "RMSProp"):
        return
    momenta = fields_named(fields, "momentum")
    if momenta and context.solver.real("momentum"):
        edit = remove(context.document, momenta[-1]).edit
        said = f"{type_.name} takes no momentum, and Caffe aborts: take it away"
        fix = Fix("take momentum away", (edit,), safe=False) if len(momenta) == 1 else None
        yield Hit(momenta[-1].start, momenta[-1].end, said, fix)
