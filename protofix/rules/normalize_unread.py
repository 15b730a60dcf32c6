"""`normalize` beside `normalization`, which took its place.

Where a loss has a `normalization`, Caffe does not look at `normalize`, whatever it says. (In an
InfogainLoss it aborts on it: PF404.)

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: NONE normalize: true } }

Right:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: NONE } }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.setup import place_of, subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.rulebook.unread import taken_away
from protofix.textproto.tree import fields_named

CODE = "PF416"
NAME = "normalize-unread"
SEVERITY = "warning"
TYPES = ("SoftmaxWithLoss", "SigmoidCrossEntropyLoss")


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the `normalize`."""
    for layer in view.kept(it for it in view.net.layers if it.type in TYPES):
        param = layer.param("loss_param")
        fields = fields_named(param.fields, "normalize") if param else []
        if param is not None and fields and layer.values("loss_param").has("normalization"):
            said = f"{subject_of(layer)} has a normalization, beside which `normalize` is not read"
            fix = taken_away("take `normalize` away", view, layer, param, fields)
            yield Hit(*place_of(fields[-1]), said, fix)


check = of_nets(_check)
