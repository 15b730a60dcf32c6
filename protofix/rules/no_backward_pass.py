"""A layer that is to hand a gradient to what it has none for.

Caffe goes back from the losses to all that learns, and some layers have no way back: Accuracy,
ArgMax and Threshold at all, Embed to its indices, BatchReindex to its index, Filter to its
selector, LSTM, RNN and LSTMUnit to their sequence indicators. Caffe builds such a net, and aborts
in the first iteration: so this is an error. (On a GPU, Accuracy alone aborts only where a gradient
is asked for its labels.)

It comes to that where a loss reads what they make and something before them learns, where they have
a `loss_weight` themselves, and, loss or not, in every net in TRAIN with `force_backward: true`,
which asks all layers for all gradients, whatever `propagate_down` says. An Accuracy beside the loss
that nothing forces is left alone. Without `force_backward`, `propagate_down: false` helps: for
ArgMax and Threshold in what reads them, for the others in the layer itself. What layers of forks
hand on, nobody can tell: of what comes through one of these it says nothing, nor of nets without a
loss, which nobody trains.

Wrong:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
    layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy"
            loss_weight: 1 }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
    layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" }

Wrong:

    force_backward: true
    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "words" type: "Embed" bottom: "data" top: "words"
            embed_param { input_dim: 1000 num_output: 10 } }
    layer { name: "fc" type: "InnerProduct" bottom: "words" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }

Right:

    layer { name: "data" type: "Data" top: "data" top: "label" }
    layer { name: "words" type: "Embed" bottom: "data" top: "words"
            embed_param { input_dim: 1000 num_output: 10 } }
    layer { name: "fc" type: "InnerProduct" bottom: "words" top: "fc"
            inner_product_param { num_output: 10 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }

Wrong:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 8 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 4 dim: 1 dim: 10 } } }
    layer { name: "index" type: "InnerProduct" bottom: "x" top: "index"
            inner_product_param { num_output: 1 } }
    layer { name: "words" type: "Embed" bottom: "index" top: "words" propagate_down: true
            embed_param { input_dim: 1000 num_output: 10 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "words" bottom: "y" top: "loss" }

Right:

    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 8 } } }
    layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 4 dim: 1 dim: 10 } } }
    layer { name: "index" type: "InnerProduct" bottom: "x" top: "index"
            inner_product_param { num_output: 1 } }
    layer { name: "words" type: "Embed" bottom: "index" top: "words" propagate_down: false
            embed_param { input_dim: 1000 num_output: 10 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "words" bottom: "y" top: "loss" }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from protofix.net.as_built import BuiltLayer
from protofix.net.backward import Asked, may_be_forced, surely_asked
from protofix.net.build import Built
from protofix.net.layers import BlobName, Layer
from protofix.net.purpose import is_called_after, is_trained
from protofix.net.setup import subject_of
from protofix.net.values import bool_of
from protofix.net.view import NetView
from protofix.rulebook.checks import of_nets
from protofix.rulebook.findings import Fix, Hit
from protofix.rulebook.gradients import none_handed_to
from protofix.textproto.edits import Edit
from protofix.textproto.layout import remove, style_of, take_fields_out, take_out
from protofix.textproto.literals import parse_bool
from protofix.textproto.tree import Node, fields_named

CODE = "PF331"
NAME = "no-backward-pass"
SEVERITY = "error"
MEETS = "never"
TYPES = (
    "Accuracy",
    "ArgMax",
    "BatchReindex",
    "Embed",
    "Filter",
    "LSTM",
    "LSTMUnit",
    "RNN",
    "Threshold",
)
RESTS_ON = "data"

_FORCE = "force_backward"
_OWN = "its own loss_weight"
# These abort as soon as Caffe goes back through them, and Accuracy if a bottom is asked for.
_AT_ALL = ("ArgMax", "Threshold")
# Which bottom the others have no gradient for, and what it is; -1 is the last.
_WITHOUT: Mapping[str, tuple[int, str]] = {
    "BatchReindex": (1, "index"),
    "Embed": (0, "indices"),
    "Filter": (-1, "selector"),
    "LSTM": (1, "sequence indicators"),
    "LSTMUnit": (2, "sequence indicators"),
    "RNN": (1, "sequence indicators"),
}


class _Cause(NamedTuple):
    """Why Caffe asks a layer for a gradient that it has not.

    `loss` is what it comes from, None where only force_backward asks for it; `forced` tells whether
    force_backward asks for it too, `read` whether a layer reads what this one makes, `second`
    whether a gradient is asked for its second bottom.
    """

    loss: str | None
    forced: bool
    read: bool
    second: bool


def _check(view: NetView) -> Iterator[Hit]:
    """Say it once for all states, in the words of the first."""
    if is_called_after(view.net, "TEST"):
        return
    found: dict[Layer, _Cause] = {}
    for built in view.built:
        if is_trained(built.graph):
            for layer, cause in _causes(built, view.net.fields):
                found.setdefault(layer, cause)
    for layer, cause in found.items():
        advice, fix = _advice(view, layer, cause)
        what = "what it reads"
        if layer.type in _WITHOUT:
            what = f"its {_WITHOUT[layer.type][1]}, `{_bottom_of(layer).name}`"
        # A GPU's Accuracy looks at its labels alone.
        kind = ", without a GPU," if layer.type == "Accuracy" and not cause.second else ""
        origin = f"by {_FORCE}" if cause.loss is None else f"from {cause.loss}"
        message = (
            f"{subject_of(layer)} is to hand a gradient {origin} to {what}, which no "
            f"{layer.type} has, and Caffe{kind} aborts in the first iteration: {advice}"
        )
        weighs = cause.loss == _OWN and layer.type not in _WITHOUT
        at = layer.loss_weight_fields[0] if weighs else _bottom_of(layer)
        yield Hit(at.start, at.end, message, fix)


def _bottom_of(layer: Layer) -> BlobName:
    """The bottom that a layer has no gradient for, the first if it has none at all."""
    return layer.bottoms[_WITHOUT.get(layer.type, (0, ""))[0]]


def _causes(built: Built, fields: tuple[Node, ...]) -> Iterator[tuple[Layer, _Cause]]:
    """The layers of a net that are asked for what they have not."""
    free = tuple(it for it in fields if it.name != _FORCE)
    unforced = tuple(surely_asked(built, free))
    forced = bool_of(fields, _FORCE, False)
    by_force = tuple(surely_asked(built, fields)) if forced else unforced
    read = {blob for asked in by_force for blob in asked.one.bottoms}
    for index, (asked, alone) in enumerate(zip(by_force, unforced, strict=True)):
        layer = asked.one.layer
        if layer is None or layer.type not in TYPES or not _aborts(asked):
            continue
        anyway = _aborts(alone)
        loss = _loss_behind(unforced, index) if anyway else None
        force = forced and (_is_forced(asked) or not anyway)
        if loss is not None or force:
            is_read = not read.isdisjoint(asked.one.tops)
            yield layer, _Cause(loss, force, is_read, any(asked.bottoms[1:]))


def _aborts(asked: Asked) -> bool:
    """Whether Caffe aborts on its way back through a layer of one of the types."""
    if asked.one.type in _AT_ALL:
        return asked.through
    if asked.one.type == "Accuracy":
        return asked.needed and any(asked.bottoms)
    slot, _ = _WITHOUT[asked.one.type]
    return asked.needed and any(asked.bottoms[slot:][:1])


def _is_forced(asked: Asked) -> bool:
    slot, _ = _WITHOUT.get(asked.one.type, (0, ""))
    return may_be_forced(asked.one, slot)


def _loss_behind(net: Sequence[Asked], index: int) -> str | None:
    """What has the loss weight that a layer's gradient comes from, in words."""
    start = net[index].one
    if start.layer is not None and any(start.layer.loss_weights):
        return _OWN
    behind = net[index + 1 :]
    asked = [tuple(compress(it.one.bottoms, it.bottoms)) for it in behind]
    # Where all gradients are cut off on the way, Caffe may yet go back through the layer, for a top
    # that nobody reads.
    return _first_loss(start, behind, asked) or _first_loss(
        start, behind, [it.one.bottoms for it in behind]
    )


def _first_loss(
    start: BuiltLayer, behind: Sequence[Asked], bottoms: Sequence[tuple[str, ...]]
) -> str | None:
    """The first loss that what a layer makes comes to, by these bottoms of what is behind it."""
    reached = set(start.tops)
    for (one, *_), read in zip(behind, bottoms, strict=True):
        if reached.isdisjoint(read):
            continue
        if any(one.loss_weights):
            # What Caffe copies carries the loss weight of the layer that makes it.
            return f"`{one.bottoms[0]}`" if one.layer is None else subject_of(one.layer)
        reached.update(one.tops)
    return None


def _advice(view: NetView, layer: Layer, cause: _Cause) -> tuple[str, Fix | None]:
    if cause.loss is None:
        if cause.read:
            return f"take {_FORCE} away", _unforced(view)
        # It may be there for people to read, who can do so in TEST.
        return f"keep it out of TRAIN by include {{ phase: TEST }}, or take {_FORCE} away", None
    advice, fix = _cut(view, layer, cause)
    if cause.forced:
        return f"{advice}, and take {_FORCE} away", None
    return advice, fix


def _cut(view: NetView, layer: Layer, cause: _Cause) -> tuple[str, Fix | None]:
    """How to let no gradient come from a loss."""
    if layer.type in _WITHOUT:
        return none_handed_to(layer, _WITHOUT[layer.type][0])
    if cause.loss == _OWN:
        return "take its loss_weight away", None if cause.read else _unweighted(view, layer)
    if layer.type in _AT_ALL:
        tops = " and ".join(f"`{top.name}`" for top in layer.tops)
        return f"write propagate_down once a bottom in what reads it, false for {tops}", None
    return "write propagate_down: false for each of its bottoms", _unmarked(layer)


def _unmarked(layer: Layer) -> Fix | None:
    """The fix that makes all marks false, if there is one for each bottom."""
    marks = layer.propagate_down
    if len(marks) != len(layer.bottoms):
        return None
    edits = (Edit(it.start, it.end, "false") for it in marks if parse_bool(it.value))
    return Fix("hand no gradient back", tuple(edits))


def _unweighted(view: NetView, layer: Layer) -> Fix:
    document, name = view.net.document, "loss_weight"
    fields = fields_named(layer.node.fields, name)
    edits = take_fields_out(document, layer.node, fields, layer.node, style_of(document))
    return Fix(f"take {name} away", tuple(edits), safe=False)


def _unforced(view: NetView) -> Fix:
    """Whoever wanted a gradient of the data has none then."""
    document = view.net.document
    removals = [remove(document, node) for node in fields_named(view.net.fields, _FORCE)]
    edits = take_out(document, removals, view.net.layers[0].node, style_of(document))
    return Fix(f"take {_FORCE} away", tuple(edits), safe=False)


check = of_nets(_check)
