"""Taking from a loss the H that it had: its source, its third bottom, the layer that made it."""

from __future__ import annotations

from protofix.infogain.fuse import apply_to
from protofix.infogain.losses import infogain_losses
from protofix.net.layers import Layer, bind
from protofix.net.view import NetView, view_of
from protofix.textproto.layout import remove, remove_value, style_of, take_fields_out, take_out
from protofix.textproto.tree import Document, Field, fields_named


def without_matrix_bottom(document: Document, number: int, notes: list[str]) -> Document:
    """Take a third bottom away, and the layer that made it if nobody else reads it.

    `number` counts the file's InfogainLosses from 0.
    """
    view = view_of(document)
    loss = infogain_losses(view.net)[number]
    if len(loss.bottoms) < 3:
        return document
    third = loss.bottoms[2]
    removals = [remove_value(document, third.field, third.start)]
    down = marks_of(loss, "propagate_down")
    if len(down) == len(loss.bottoms):
        removals.append(remove_value(document, *down[2]))
    for maker in makers_of_matrix(view, loss):
        results = [version for _, version in view.results(maker)]
        # A top that nobody reads is an output of the net, and stays one.
        if all(v.readers and {use.layer for use in v.readers} == {loss.index} for v in results):
            removals.append(remove(document, maker.node, with_comment_above=True))
            notes.append(f"{maker.type} `{maker.name}` goes: it made the H that `{loss.name}` had")
    notes.append(f"`{loss.name}` no longer reads `{third.name}`")
    edits = take_out(document, removals, loss.node, style_of(document))
    return apply_to(document, edits)


def without_fields(
    document: Document, index: int, message: str, name: str | None = None
) -> Document:
    """Take the fields of a name out of a layer's message; the whole message, if none is named."""
    layer = bind(document).layers[index]
    param = layer.param(message)
    if param is None:
        return document
    fields = param.fields if name is None else fields_named(param.fields, name)
    if name is not None and not fields:
        return document
    edits = take_fields_out(document, param, fields, layer.node, style_of(document))
    return apply_to(document, edits)


def marks_of(loss: Layer, name: str) -> list[tuple[Field, int]]:
    """The values of a field that is once a blob, `propagate_down` say: field and offset."""
    fields = fields_named(loss.node.fields, name)
    return [(field, scalar.start) for field in fields for scalar in field.scalars]


def makers_of_matrix(view: NetView, loss: Layer) -> list[Layer]:
    """The layers that make the third bottom of a loss in one state or another."""
    found = {
        maker.index: maker
        for graph, _ in view.keeping(loss)
        if (source := graph.source_of(loss, 2)) and (maker := graph.maker_of(source))
    }
    return [found[index] for index in sorted(found)]
