"""A layer with both `include` and `exclude` rules.

Caffe stops with "Specify either include rules or exclude rules; not both", whatever the state.

Wrong:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            include { phase: TRAIN } exclude { stage: "deploy" } }

Right:

    layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc"
            include { phase: TRAIN not_stage: "deploy" } }
"""

from collections.abc import Iterator

from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.textproto.tree import messages_named

CODE = "PF303"
NAME = "include-and-exclude"
SEVERITY = "error"
MEETS = "connecting"


def _check(view: NetView) -> Iterator[Hit]:
    for layer in view.net.layers:
        if layer.include and layer.exclude:
            at = messages_named(layer.node.fields, "exclude")[0]
            message = (
                f"{subject_of(layer)} has both include and exclude rules: give it the one kind "
                "or the other"
            )
            yield Hit(at.start, at.name_end, message)


check = of_nets(_check)
