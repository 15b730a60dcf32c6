"""Writing `loss_weight` once for each top."""

from __future__ import annotations

from protofix.infogain.fuse import apply_to
from protofix.infogain.sources.taking import marks_of
from protofix.net.layers import bind
from protofix.textproto.layout import (
    Block,
    add_value,
    append_field,
    remove_value,
    style_of,
    take_out,
)
from protofix.textproto.tree import Document


def with_weights(document: Document, index: int, tops: int) -> Document:
    """Give a layer as many loss weights as it has tops.

    What is missing is 0, the first 1 if there are none; of what is too much the last go.
    """
    layer = bind(document).layers[index]
    weights = marks_of(layer, "loss_weight")
    style = style_of(document)
    if len(weights) > tops:
        removal = remove_value(document, *weights[-1])
        edits = take_out(document, [removal], layer.node, style)
        return with_weights(apply_to(document, edits), index, tops)
    if len(weights) == tops:
        return document
    if weights:
        edit = add_value(document, weights[-1][0], "loss_weight", "0", style)
    else:
        edit = append_field(document, layer.node, Block("loss_weight", "1"), style)
    return with_weights(apply_to(document, [edit]), index, tops)
