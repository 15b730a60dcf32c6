"""A stage that one rule alone names, a letter away from another that the net names.

Caffe knows no list of stages: a layer whose stage is misspelt is kept in none of the states that
anyone builds, and nobody says so.

Wrong:

    layer { name: "data" type: "Input" top: "data" include { stage: "vall" } }
    layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc"
            include { stage: "val" } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss"
            include { stage: "val" } }

Right:

    layer { name: "data" type: "Input" top: "data" include { stage: "val" } }
    layer { name: "acc" type: "Accuracy" bottom: "fc" bottom: "label" top: "acc"
            include { stage: "val" } }
"""

from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.names import nearest
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.layout import replace_string
from protofix.textproto.tree import Scalar, messages_named, scalars_named

CODE = "PF330"
NAME = "stage-slip"
SEVERITY = "warning"

_MOST = 100  # stages; more are made by a program


def _check(view: NetView) -> Iterator[Hit]:
    named: dict[str, list[tuple[Layer, Scalar]]] = {}
    for layer in view.net.layers:
        for kind in ("include", "exclude"):
            for rule in messages_named(layer.node.fields, kind):
                for field in ("stage", "not_stage"):
                    for scalar in scalars_named(rule.fields, field):
                        named.setdefault(scalar.value, []).append((layer, scalar))
    if len(named) > _MOST:
        return
    known = [stage for stage, uses in named.items() if len(uses) > 1 and stage.isalpha()]
    for stage, uses in named.items():
        if len(uses) > 1 or not stage.isalpha():  # "fold1" and "fold2" are no slips.
            continue
        meant = nearest(stage, known)
        if meant is not None and not stage.endswith(meant):  # Nor is "eval" one of "val".
            layer, at = uses[0]
            message = (
                f"{subject_of(layer)} is for stage `{stage}`, which no other rule names: did you "
                f"mean `{meant}`?"
            )
            yield Hit(at.start, at.end, message, _fix(view, at, meant))


def _fix(view: NetView, at: Scalar, meant: str) -> Fix | None:
    if at.kind != "string":  # Which is said already.
        return None
    edit = replace_string(view.net.document, at, meant)
    return Fix(f"write `{meant}`", (edit,), safe=False)


check = of_nets(_check)
