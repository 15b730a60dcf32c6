"""An Accuracy with a `loss_param`, which it does not read.

An Accuracy has its `ignore_label` in `accuracy_param`. Written into `loss_param`, where the loss
beside it has it, Caffe takes it without a word, and the labels that were to be left out count as
wrong.

Wrong:

    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            loss_param { ignore_label: 255 } }

Right:

    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            accuracy_param { ignore_label: 255 } }

Wrong:

    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            accuracy_param { ignore_label: 255 } loss_param { ignore_label: 255 } }

Right:

    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            accuracy_param { ignore_label: 255 } }
"""

from __future__ import annotations

from collections.abc import Iterator

from protofix.net.layers import Layer
from protofix.net.setup import place_of, subject_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.unread import without_loss_param
from protofix.textproto.edits import Edit
from protofix.textproto.layout import Block, append_field, style_of, take_fields_out
from protofix.textproto.tree import Document, Message

CODE = "PF415"
NAME = "accuracy-loss-param"
SEVERITY = "warning"
TYPES = ("Accuracy",)

# It divides by the positions that it does not leave out.
_DONE = ("VALID",)


def _check(view: NetView) -> Iterator[Hit]:
    """Say it at the message that is not read."""
    for layer in view.kept(it for it in view.net.layers if it.type in TYPES):
        param = layer.param("loss_param")
        if param is not None:
            yield _of_accuracy(view, layer, param)


def _of_accuracy(view: NetView, layer: Layer, param: Message) -> Hit:
    """It may be meant to ignore a label; that belongs into a message of its own."""
    ignored = layer.values("loss_param").integer("ignore_label")
    own = layer.values("accuracy_param").integer("ignore_label")
    said = f"{subject_of(layer)} is an Accuracy, which reads no loss_param"
    if ignored is None or ignored == own:
        fix = without_loss_param(view, layer, param, _DONE, own)
        return Hit(*place_of(param), f"{said}: take it away", fix)
    said += ": it has its ignore_label in accuracy_param"
    if own is not None:
        return Hit(*place_of(param), f"{said}, where it says {own}")
    title = f"let accuracy_param say ignore_label: {ignored}"
    edits = _moved(view.net.document, layer, param, ignored)
    return Hit(*place_of(param), said, Fix(title, edits, safe=False))


def _moved(document: Document, layer: Layer, param: Message, ignored: int) -> tuple[Edit, ...]:
    """The edits that make what a loss_param ignores the Accuracy's own."""
    style, own = style_of(document), layer.param("accuracy_param")
    if own is None:
        others = [node for node in param.fields if node.name != "ignore_label"]
        edits = take_fields_out(document, param, others, layer.node, style) if others else []
        renamed = Edit(param.start, param.start + len(param.name), "accuracy_param")
        return (renamed, *edits)
    edits = take_fields_out(document, param, param.fields, layer.node, style)
    put = append_field(document, own, Block("ignore_label", str(ignored)), style)
    return (*edits, put)


check = of_nets(_check)
