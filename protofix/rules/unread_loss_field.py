"""A `loss_param` that the layer does not read, or `normalize` beside `normalization`.

Only SoftmaxWithLoss, SigmoidCrossEntropyLoss and InfogainLoss read `loss_param`. In an
EuclideanLoss, HingeLoss, ContrastiveLoss or MultinomialLogisticLoss Caffe takes it without a word,
divides by the batch and ignores no label; an Accuracy has its `ignore_label` in `accuracy_param`.
Where `normalization` is written, `normalize`, which it took the place of, counts for nothing.
InfogainLoss reads `loss_param` since April 2017: with `target = "legacy"` that is said too.

Take away what is not read. If it was meant, take a loss that reads it, or weigh the loss by
`loss_weight`.

Wrong:

    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            loss_param { ignore_label: 255 } }

Right:

    layer { name: "acc" type: "Accuracy" bottom: "fc8" bottom: "label" top: "acc"
            accuracy_param { ignore_label: 255 } }

Wrong:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: NONE normalize: true } }

Right:

    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: NONE } }

Wrong:

    layer { name: "loss" type: "EuclideanLoss" bottom: "fc8" bottom: "label" top: "loss"
            loss_param { normalization: NONE } }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from protofix.net.enums import NORMALIZATIONS
from protofix.net.layers import Layer
from protofix.net.setup import subject_of
from protofix.net.values import Values
from protofix.net.view import NetView
from protofix.rulebook.context import Context, Target
from protofix.rulebook.findings import Fix, Hit
from protofix.textproto.edits import Edit, merge_removals
from protofix.textproto.layout import Block, append_field, style_of, take_fields_out
from protofix.textproto.tree import Document, Message, Node, fields_named

CODE = "PF411"
NAME = "unread-loss-field"
SEVERITY = "warning"

_READ = ("SoftmaxWithLoss", "SigmoidCrossEntropyLoss")
_KNOWN = {"normalization", "normalize", "ignore_label"}
# What they divide by, whatever is written.
_BY_THE_BATCH = frozenset({"BATCH_SIZE"})
_UNREAD: Mapping[str, frozenset[str]] = {
    "Accuracy": frozenset({"VALID"}),
    "ContrastiveLoss": _BY_THE_BATCH,
    "EuclideanLoss": _BY_THE_BATCH,
    "HingeLoss": _BY_THE_BATCH,
    "MultinomialLogisticLoss": _BY_THE_BATCH,
}
# With one label an image, as the old InfogainLoss has it, these are all the same.
_OLD_INFOGAIN = frozenset({"FULL", "VALID", "BATCH_SIZE"})
_LOOKED_AT = {*_READ, *_UNREAD, "InfogainLoss"}


def check(context: Context) -> Iterator[Hit]:
    """Say it at the message that is not read, or at the `normalize` that is not."""
    for view in context.views:
        yield from _check(view, context.target)


def _check(view: NetView, target: Target) -> Iterator[Hit]:
    document = view.net.document
    for layer in view.kept(it for it in view.net.layers if it.type in _LOOKED_AT):
        param = layer.param("loss_param")
        if param is None:
            continue
        if layer.type == "Accuracy":
            yield _of_accuracy(document, layer, param)
        elif layer.type in _UNREAD:
            said = (
                f"{subject_of(layer)} is of type {layer.type}, which reads no loss_param: it "
                "divides by the batch and ignores no label, whatever is written there"
            )
            yield _unread(document, layer, param, said, _UNREAD[layer.type])
        elif layer.type == "InfogainLoss" and target == "legacy":
            said = (
                f"{subject_of(layer)} is an InfogainLoss, which reads no loss_param in Caffe "
                "before April 2017: it divides by the batch and ignores no label"
            )
            yield _unread(document, layer, param, said, _OLD_INFOGAIN)
        elif layer.type in _READ and layer.values("loss_param").has("normalization"):
            yield from _of_normalize(document, layer, param)


def _unread(
    document: Document,
    layer: Layer,
    param: Message,
    said: str,
    done: frozenset[str],
    ignored: int | None = None,
) -> Hit:
    """Say that a message is not read.

    `done` are the normalizations that come to what the layer does, `ignored` the label that it
    leaves out: who asks for these alone loses nothing.
    """
    edits = take_fields_out(document, param, param.fields, layer.node, style_of(document))
    safe = _says_nothing_new(layer.values("loss_param"), done, ignored)
    return _hit(param, said, Fix("take loss_param away", tuple(merge_removals(edits)), safe))


def _of_accuracy(document: Document, layer: Layer, param: Message) -> Hit:
    """An Accuracy may be meant to ignore a label; that belongs into a message of its own."""
    ignored = layer.values("loss_param").integer("ignore_label")
    own = layer.values("accuracy_param").integer("ignore_label")
    if ignored is None or ignored == own:
        said = f"{subject_of(layer)} is an Accuracy, which reads no loss_param: take it away"
        return _unread(document, layer, param, said, _UNREAD["Accuracy"], own)
    beside = "" if own is None else f", where it says {own}"
    said = (
        f"{subject_of(layer)} is an Accuracy, which reads no loss_param: it has its ignore_label "
        f"in accuracy_param{beside}"
    )
    if own is not None:
        return _hit(param, said, None)
    title = f"let accuracy_param say ignore_label: {ignored}"
    return _hit(param, said, Fix(title, _moved(document, layer, param, ignored), safe=False))


def _moved(document: Document, layer: Layer, param: Message, ignored: int) -> tuple[Edit, ...]:
    """The edits that make what an Accuracy's loss_param ignores its own."""
    style, own = style_of(document), layer.param("accuracy_param")
    if own is None:
        others = [node for node in param.fields if node.name != "ignore_label"]
        edits = take_fields_out(document, param, others, layer.node, style) if others else []
        renamed = Edit(param.start, param.start + len(param.name), "accuracy_param")
        return (renamed, *merge_removals(edits))
    edits = take_fields_out(document, param, param.fields, layer.node, style)
    put = append_field(document, own, Block("ignore_label", str(ignored)), style)
    return (*merge_removals(edits), put)


def _of_normalize(document: Document, layer: Layer, param: Message) -> Iterator[Hit]:
    fields = fields_named(param.fields, "normalize")
    if not fields:
        return
    said = f"{subject_of(layer)} has a normalization, beside which `normalize` is not read"
    edits = take_fields_out(document, param, fields, layer.node, style_of(document))
    yield _hit(fields[-1], said, Fix("take `normalize` away", tuple(merge_removals(edits))))


def _says_nothing_new(values: Values, done: frozenset[str], ignored: int | None) -> bool:
    """Whether a `loss_param` only asks for what the layer does without it."""
    if not {node.name for node in values.fields} <= _KNOWN:
        return False
    if values.integer("ignore_label") not in (None, ignored):
        return False
    if values.has("normalization"):
        return values.enum("normalization", NORMALIZATIONS) in done
    if values.has("normalize"):
        return ("VALID" if values.boolean("normalize", True) else "BATCH_SIZE") in done
    return True


def _hit(node: Node, said: str, fix: Fix | None) -> Hit:
    return Hit(node.start, node.said_end, said, fix)
