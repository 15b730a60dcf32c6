"""Putting a layer that makes H above the losses that read it."""

from __future__ import annotations

from collections.abc import Sequence

from protofix.infogain.fuse import apply_to
from protofix.infogain.losses import infogain_losses
from protofix.infogain.sources.layers import MatrixLayer
from protofix.infogain.sources.taking import (
    makers_of_matrix,
    marks_of,
    without_fields,
    without_matrix_bottom,
)
from protofix.infogain.sources.ways import Given, SourceError
from protofix.net.layers import Layer, bind
from protofix.net.values import bool_of
from protofix.net.view import view_of
from protofix.textproto.layout import (
    Block,
    add_value,
    block_of,
    indent_at,
    insert_above,
    render,
    starts_its_line,
    style_of,
)
from protofix.textproto.literals import encode_string
from protofix.textproto.tree import Document, fields_named, messages_named


def give_layer(
    document: Document,
    losses: Sequence[int],
    classes: Sequence[int | None],
    new: MatrixLayer,
) -> Given:
    """Put one layer for all losses that can share it, above the first of them.

    The losses are numbered among the file's InfogainLosses; `classes` are theirs, as far as they
    are known. Raises `SourceError` and `MatrixError`.
    """
    _refuse_where_no_layer_fits(document, losses)
    notes: list[str] = []
    made: dict[tuple[object, ...], str] = {}
    if new.fixed:
        document = _without_what_is_replaced(document, losses, classes, new, notes)
    for number, known in zip(losses, classes, strict=True):
        loss = infogain_losses(bind(document))[number]
        count = new.classes(known, loss)
        key = (*new.key(loss), count, _rules_text(document, loss))
        top = made.get(key)
        if top is None and _makes_it_already(document, loss, new, count):
            top = made[key] = loss.bottoms[2].name
        if top is None:
            top = _name_for(document, number, new, set(made.values()))
            block = _layer_block(document, loss, new, count, top)
            document = insert_layer_above(document, loss, block)
            made[key] = top
            notes.append(f"{new.type} layer `{top}` makes H, {count} x {count}; {new.note}")
            loss = infogain_losses(bind(document))[number]
        if len(loss.bottoms) > 2 and loss.bottoms[2].name == top:
            notes.append(f"`{loss.name}` reads such an H already, from `{top}`")
            continue
        document = without_matrix_bottom(document, number, notes)
        document = _without_source(document, number, notes)
        loss = infogain_losses(bind(document))[number]
        document = _add_bottom(document, loss, top)
        notes.append(f"`{loss.name}` reads H from `{top}` as its third bottom")
    doubts = _opened_twice(document, set(made.values())) if new.exclusive else ()
    return Given(document, new.files, tuple(notes), doubts, new.matrix)


def _without_what_is_replaced(
    document: Document,
    losses: Sequence[int],
    classes: Sequence[int | None],
    new: MatrixLayer,
    notes: list[str],
) -> Document:
    """Take out first the layers that made H, so that their blob's name may be had again."""
    for number, known in zip(losses, classes, strict=True):
        loss = infogain_losses(bind(document))[number]
        if not _makes_it_already(document, loss, new, new.classes(known, loss)):
            document = without_matrix_bottom(document, number, notes)
    return document


def insert_layer_above(document: Document, layer: Layer, block: Block) -> Document:
    """Put a new layer, on one line if that is how the layer stands, above a layer."""
    style = style_of(document)
    indent = indent_at(document.text, layer.node.start)
    one_line = not starts_its_line(document, layer.node)
    rendered = indent + render(block, style, indent, one_line)
    return apply_to(document, [insert_above(document, layer.node, rendered, style)])


def rules_of(document: Document, layer: Layer) -> tuple[Block, ...]:
    """The rules that say in which states a layer lives, for a layer that is to live there too."""
    return tuple(
        block_of(document, rule)
        for name in ("include", "exclude")
        for rule in messages_named(layer.node.fields, name)
    )


def taken_names(document: Document) -> set[str]:
    """The names that layers and blobs of a net have."""
    net = bind(document)
    taken = {blob.name for layer in net.layers for blob in (*layer.tops, *layer.bottoms)}
    return taken | {layer.name for layer in net.layers} | {blob.name for blob in net.inputs}


def refuse_list(loss: Layer, otherwise: str) -> None:
    """Refuse a loss in a list, where no layer can be put above it. Raises `SourceError`."""
    if loss.node.shape.listed:
        raise SourceError(
            f"`{loss.name}` stands in a list, `{loss.node.name}: [...]`, where no layer can be "
            f"put above it: write it as a layer of its own{otherwise}"
        )


def _refuse_where_no_layer_fits(document: Document, losses: Sequence[int]) -> None:
    if bool_of(document.fields, "force_backward", False):
        raise SourceError(
            "force_backward is set: Caffe would want a gradient for H as a bottom, and abort; "
            "give H from a file with --source"
        )
    every = infogain_losses(bind(document))
    for loss in (every[number] for number in losses):
        refuse_list(loss, ", or give H with --source")
        if not loss.bottoms:
            raise SourceError(f"`{loss.name}` reads nothing: give it its scores and labels first")


def _opened_twice(document: Document, tops: set[str]) -> tuple[str, ...]:
    """Say it if nets that are there at once read the same database, which can be open but once."""
    view = view_of(document)
    users = {
        (graph.state.phase, layer.index)
        for graph in view.graphs
        for layer in graph.layers
        for top in layer.tops
        if top.name in tops
    }
    if len(users) < 2:
        return ()
    names = " and ".join(f"`{top}`" for top in sorted(tops))
    return (
        f"{names} would be read for TRAIN and for TEST, or twice, and a LevelDB can be open but "
        "once: a solver that also tests aborts; give an LMDB, or H from a file",
    )


def _rules_text(document: Document, loss: Layer) -> tuple[str, ...]:
    return tuple(
        document.text[rule.start : rule.end]
        for kind in ("include", "exclude")
        for rule in messages_named(loss.node.fields, kind)
    )


def _makes_it_already(document: Document, loss: Layer, new: MatrixLayer, classes: int) -> bool:
    """Whether a layer just like the new one makes what a loss reads as H."""
    makers = makers_of_matrix(view_of(document), loss)
    if len(makers) != 1:
        return False
    wanted = _layer_block(document, loss, new, classes, loss.bottoms[2].name)
    return block_of(document, makers[0].node) == wanted


def _name_for(document: Document, number: int, new: MatrixLayer, own: set[str]) -> str:
    """A name for the new layer and its blob, `new.top` if it may be had."""
    wanted = new.top
    taken = taken_names(document)
    if wanted not in taken:
        return wanted
    if new.fixed:
        # Two layers may make the blob, each in its own states.
        if wanted in own and _alone_with(document, number, wanted):
            return wanted
        way_out = (
            "give the losses the same include and exclude rules"
            if wanted in own
            else "protofix matrix convert writes it under another, with --dataset"
        )
        raise SourceError(
            f"the dataset `{wanted}` would be a blob of that name, which the net has already: "
            f"{way_out}"
        )
    count = 2
    while f"{wanted}_{count}" in taken:
        count += 1
    return f"{wanted}_{count}"


def _alone_with(document: Document, number: int, blob: str) -> bool:
    """Whether no state keeps both a loss and a layer that makes a blob of that name."""
    view = view_of(document)
    loss = infogain_losses(view.net)[number]
    return not any(
        top.name == blob
        for graph, _ in view.keeping(loss)
        for layer in graph.layers
        for top in layer.tops
    )


def _layer_block(
    document: Document, loss: Layer, new: MatrixLayer, classes: int, top: str
) -> Block:
    quote = style_of(document).quote
    v1 = loss.format < 2
    if v1 and new.v1_type is None:
        raise SourceError(
            f"the net is in the V1 format, which has no {new.type} layers: give H from a file, "
            "or upgrade the net first"
        )
    fields = (
        Block("name", encode_string(top, quote)),
        Block("type", new.v1_type if v1 and new.v1_type else encode_string(new.type, quote)),
        *(Block("bottom", encode_string(bottom, quote)) for bottom in new.bottoms(loss)),
        Block("top", encode_string(top, quote)),
        new.params(loss, classes, quote),
        # It lives where the loss lives.
        *rules_of(document, loss),
    )
    return Block("layers" if v1 else "layer", fields)


def _without_source(document: Document, number: int, notes: list[str]) -> Document:
    loss = infogain_losses(bind(document))[number]
    param = loss.param("infogain_loss_param")
    if param is not None and fields_named(param.fields, "source"):
        said = f"the source of `{loss.name}` goes: Caffe does not read it beside a third bottom"
        notes.append(said)
    return without_fields(document, loss.index, "infogain_loss_param", "source")


def _add_bottom(document: Document, loss: Layer, blob: str) -> Document:
    style = style_of(document)
    last = loss.bottoms[-1]
    quoted = encode_string(blob, document.text[last.start])
    edits = [add_value(document, last.field, "bottom", quoted, style)]
    down = marks_of(loss, "propagate_down")
    if len(down) == len(loss.bottoms):
        # Caffe wants none of them or one a bottom; no gradient goes to H.
        edits.append(add_value(document, down[-1][0], "propagate_down", "false", style))
    return apply_to(document, edits)
