"""A solver whose `lr_policy` Caffe does not have, or that has none.

Caffe builds the nets and aborts in the first iteration. It has `fixed`, `step`, `multistep`, `exp`,
`inv`, `poly` and `sigmoid`; some forks have more.

Wrong:

    net: "train_val.prototxt"
    base_lr: 0.01
    lr_policy: "steps"
    gamma: 0.1
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
"""

from collections.abc import Iterator

from protofix.net.names import nearest
from protofix.net.solver_facts import FORK_POLICIES, POLICY_READS, is_whole
from protofix.rulebook.context import Context
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.lacks import who_has_it
from protofix.textproto.layout import add_value, replace_string, style_of
from protofix.textproto.tree import Scalar, fields_named

CODE = "PF704"
NAME = "unknown-lr-policy"
SEVERITY = "error"
FIXES = ("safe",)
MEETS = "never"
WANTS = "solver"


def check(context: Context) -> Iterator[Hit]:
    """Say it at the policy or, where there is none, at `base_lr`."""
    written = context.solver.scalars("lr_policy")
    if not written:
        yield from _missing(context)
    elif written[-1].kind == "string" and not _may_be_known(context, written[-1].value):
        yield _unknown(context, written[-1])


def _missing(context: Context) -> Iterator[Hit]:
    document = context.document
    rates = fields_named(context.solver.fields, "base_lr")
    if not rates or not is_whole(context.solver.fields) or "lr_policy" in context.misspelt:
        return
    style = style_of(document)
    value = f"{style.quote}fixed{style.quote}"
    edit = add_value(document, rates[-1], "lr_policy", value, style)
    yield Hit(
        rates[-1].start,
        rates[-1].end,
        "the solver has no lr_policy, and Caffe aborts in the first iteration: write `fixed` for "
        "a rate that stays base_lr",
        Fix("let the learning rate stay base_lr", (edit,), safe=False),
    )


def _may_be_known(context: Context, name: str) -> bool:
    """Whether the Caffe that a solver is for may have a policy."""
    if name in POLICY_READS or "$" in name:  # A template's name stands for any.
        return True
    # A fork that has a field of that name has the policy, and the field is said to be unknown.
    if any(lack.name == name for lack in context.fit.lacks):
        return True
    if context.chosen is None:
        return name in FORK_POLICIES
    return context.dialect.name in FORK_POLICIES.get(name, ()) or (
        # A schema of one's own does not tell which policies there are.
        context.dialect.types is None and _meant(name) is None
    )


def _meant(name: str) -> str | None:
    return nearest(name, POLICY_READS)


def _unknown(context: Context, written: Scalar) -> Hit:
    name = written.value
    said = f"{context.dialect.title} has no lr_policy `{name}`"
    meant = _meant(name)
    fix = None
    if name in FORK_POLICIES:
        said += f": {who_has_it(FORK_POLICIES[name])}"
    elif meant is None:
        said += f": it has {', '.join(POLICY_READS)}"
    else:
        said += f": did you mean `{meant}`?"
        edit = replace_string(context.document, written, meant)
        same = meant == name.strip().lower()
        fix = Fix(f"make the lr_policy `{meant}`", (edit,), safe=same)
    return Hit(written.start, written.end, said, fix)
