"""A solver of the type Adam or AdaDelta in which no `momentum` is written.

It is the first of Adam's two decay rates, and AdaDelta's only one. What is not written is 0: Adam
then keeps no average of the gradients, and AdaDelta none of their squares, so that neither is what
its name says. Who means 0 writes it.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.001
    lr_policy: "fixed"
    type: "Adam"

Right:

    net: "train_val.prototxt"
    base_lr: 0.001
    lr_policy: "fixed"
    type: "Adam"
    momentum: 0.9
"""

from collections.abc import Iterator

from protofix.net.solver_facts import is_whole, written_type
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import add_value, style_of

CODE = "PF721"
NAME = "momentum-left-out"
SEVERITY = "warning"
WANTS = "solver"

_USUAL = {"Adam": "0.9", "AdaDelta": "0.95"}


def check(context: Context) -> Iterator[Hit]:
    """Say it at the type."""
    document, values = context.document, context.solver
    if not is_whole(values.fields) or values.has("momentum") or "momentum" in context.misspelt:
        return
    type_ = written_type(values.fields)
    if type_ is None or type_.name not in _USUAL or type_.field is None:
        return
    value = _USUAL[type_.name]
    style = style_of(document)
    edit = add_value(document, type_.field, "momentum", value, style)
    what = "the gradients" if type_.name == "Adam" else "their squares"
    said = f"{type_.name} without momentum keeps no average of {what}: write it, {value} is usual"
    fix = Fix(f"write momentum: {value}", (edit,), safe=False)
    yield Hit(type_.field.start, type_.field.end, said, fix)
