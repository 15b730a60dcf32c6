"""An InfogainLoss with `loss_param { normalize }`.

Today's layer aborts if the field is there at all, whatever it says; `normalization` took its place.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            loss_param { normalize: false } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            loss_param { normalization: BATCH_SIZE } }
"""

from collections.abc import Iterator

from protofix.infogain.losses import infogain_losses
from protofix.net.view import NetView
from protofix.rules.rule import Hit, of_nets
from protofix.textproto.tree import fields_named

CODE = "PF404"
NAME = "infogain-normalize"
SEVERITY = "error"


def _check(view: NetView) -> Iterator[Hit]:
    for loss in view.kept(infogain_losses(view.net)):
        param = loss.param("loss_param")
        for field in fields_named(param.fields, "normalize") if param else ():
            message = f"Caffe aborts on `normalize` in `{loss.name}`: write `normalization`"
            yield Hit(field.start, field.end, message)


check = of_nets(_check)
