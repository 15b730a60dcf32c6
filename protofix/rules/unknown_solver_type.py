"""A solver whose `type` Caffe does not have.

Caffe aborts with "Unknown solver type". It has SGD, Nesterov, AdaGrad, RMSProp, AdaDelta and Adam,
written exactly so.

Wrong:

    net: "train_val.prototxt"
    type: "ADAM"

Right:

    net: "train_val.prototxt"
    type: "Adam"
"""

from collections.abc import Iterator

from protofix.net.names import nearest
from protofix.net.solver_facts import TYPE_READS
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Scalar

CODE = "PF710"
NAME = "unknown-solver-type"
SEVERITY = "error"
FIXES = ("unsafe",)
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the type, with the one that was meant."""
    for written in context.solver.scalars("type")[-1:]:
        name = written.value
        if written.kind == "string" and name not in TYPE_READS and "$" not in name:
            yield from _unknown(context, written)


def _unknown(context: Context, written: Scalar) -> Iterator[Hit]:
    meant = nearest(written.value, TYPE_READS)
    # A schema of one's own does not tell which types there are.
    if meant is None and context.dialect.types is None:
        return
    right = f"did you mean `{meant}`?" if meant else f"there are {', '.join(TYPE_READS)}"
    fix = None
    if meant:
        edit = replace_string(context.document, written, meant)
        same = meant.lower() == written.value.strip().lower()
        fix = Fix(f"make the type `{meant}`", (edit,), safe=same)
    said = f"Caffe has no solver of the type `{written.value}`: {right}"
    yield Hit(written.start, written.end, said, fix)
