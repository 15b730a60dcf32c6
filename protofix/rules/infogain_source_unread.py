"""An InfogainLoss with both a third bottom and a `source` for H.

Caffe reads H from the third bottom then, and never looks at the file: who edits it, or gives
another, changes nothing. Take `source` away, or the third bottom if the file is what counts. Where
no layer makes the third bottom, `source` is the only H that works, and unmade-blob says the rest.

Wrong:

    layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 8 dim: 8 } } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            infogain_loss_param { source: "H.binaryproto" } }

Right:

    layer { name: "H" type: "Input" top: "H" input_param { shape { dim: 8 dim: 8 } } }
    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H"
            top: "loss" }
"""

from collections.abc import Iterator

from protofix.infogain.losses import infogain_losses
from protofix.net.setup import subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Hit
from protofix.rulebook.unread import taken_away
from protofix.textproto.tree import fields_named

CODE = "PF410"
NAME = "infogain-source-unread"
SEVERITY = "warning"
TYPES = ("InfogainLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    for loss in view.kept(infogain_losses(view.net)):
        param = loss.param("infogain_loss_param")
        fields = fields_named(param.fields, "source") if param else []
        if param is None or not fields or len(loss.bottoms) < 3:
            continue
        third = loss.bottoms[2]
        if any((loss, third) in graph.unmade for graph in view.graphs):
            continue
        message = (
            f"{subject_of(loss)} reads H from its third bottom, `{third.name}`, and never from "
            "`source`: keep one of them"
        )
        title = "take the `source` that is not read away"
        fix = taken_away(title, view, loss, param, fields)
        yield Hit(fields[-1].start, fields[-1].end, message, fix)


check = of_nets(_check)
