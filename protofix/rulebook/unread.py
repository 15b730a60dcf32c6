"""What the rules on fields that nothing reads have in common: how to take them away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from protofix.net.enums import NORMALIZATIONS
from protofix.net.layers import Layer
from protofix.net.values import Values
from protofix.net.view import NetView
from protofix.rulebook.findings import Fix
from protofix.textproto.layout import style_of, take_fields_out
from protofix.textproto.tree import Message, Node

BY_THE_BATCH = ("ContrastiveLoss", "EuclideanLoss", "HingeLoss", "MultinomialLogisticLoss")
"""The losses that read no `loss_param`: they divide by the batch, and ignore no label."""

_KNOWN = {"normalization", "normalize", "ignore_label"}


def taken_away(
    title: str,
    view: NetView,
    layer: Layer,
    param: Message,
    fields: Sequence[Node],
    *,
    safe: bool = True,
) -> Fix:
    """The fix that takes fields out of a layer's message, and it with them if it has no others."""
    document = view.net.document
    edits = take_fields_out(document, param, fields, layer.node, style_of(document))
    return Fix(title, tuple(edits), safe)


def without_loss_param(
    view: NetView,
    layer: Layer,
    param: Message,
    done: Collection[str],
    ignored: int | None = None,
) -> Fix:
    """The fix that takes a `loss_param` away which its layer does not read.

    `done` are the normalizations that come to what the layer does, `ignored` the label that it
    leaves out: who asks for these alone loses nothing.
    """
    safe = _says_nothing_new(layer.values("loss_param"), done, ignored)
    return taken_away("take loss_param away", view, layer, param, param.fields, safe=safe)


def goes_too(losses: Iterable[Layer]) -> str:
    """What a title adds where losses that read no `loss_param` become such as would; or nothing."""
    if all(loss.param("loss_param") is None for loss in losses):
        return ""
    return ", without loss_param, which the older layer did not read"


def _says_nothing_new(values: Values, done: Collection[str], ignored: int | None) -> bool:
    if not {node.name for node in values.fields} <= _KNOWN:
        return False
    if values.integer("ignore_label") not in (None, ignored):
        return False
    if values.has("normalization"):
        return values.enum("normalization", NORMALIZATIONS) in done
    if values.has("normalize"):
        return ("VALID" if values.boolean("normalize", True) else "BATCH_SIZE") in done
    return True
