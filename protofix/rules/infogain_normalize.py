"""An InfogainLoss with `loss_param { normalize }`.

Today's layer aborts if the field is there at all, whatever it says; `normalization` took its place:
VALID for true, BATCH_SIZE for false. The layer before April 2017 read neither, so that with
`target = "legacy"` this is nothing that Caffe aborts at.

Wrong:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            loss_param { normalize: false } }

Right:

    layer { name: "loss" type: "InfogainLoss" bottom: "fc8" bottom: "label" bottom: "H" top: "loss"
            loss_param { normalization: BATCH_SIZE } }
"""

from collections.abc import Iterator

from protofix.infogain.losses import infogain_losses
from protofix.infogain.traces import traces_of
from protofix.net.layers import Layer
from protofix.net.values import bool_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets, on_target
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.rewriting import rewritten
from protofix.textproto.tree import fields_named

CODE = "PF404"
NAME = "infogain-normalize"
SEVERITY = "error"
TYPES = ("InfogainLoss",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at each `normalize`, with what it was meant to do."""
    for loss in view.kept(infogain_losses(view.net)):
        param = loss.param("loss_param")
        fields = fields_named(param.fields, "normalize") if param else []
        if param is None or not fields:
            continue
        fix = _fix(view, loss)
        beside = bool(fields_named(param.fields, "normalization"))
        for field in fields:
            mode = "VALID" if bool_of((field,), "normalize", True) else "BATCH_SIZE"
            way = (
                "take it away, for `normalization` says it"
                if beside
                else f"write `normalization: {mode}`"
            )
            message = f"Caffe aborts on `normalize` in `{loss.name}`: {way}"
            yield Hit(field.start, field.end, message, fix)


def _fix(view: NetView, loss: Layer) -> Fix | None:
    """To say it in today's words, where the loss was not written for the layer before.

    One behind a Softmax was, for which the field meant nothing: it goes when the two are fused.
    """
    if any(trace.activation for trace in traces_of(view, loss)):
        return None
    from protofix.infogain.softmax_loss import without_normalize

    title = f"let the normalization of `{loss.name}` say what `normalize` says"
    return rewritten(view, title, lambda it: without_normalize(it, loss.index, []), safe=True)


check = on_target("fused", of_nets(_check))
