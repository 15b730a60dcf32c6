"""`input`, `input_shape` and `input_dim` of a net, to an Input layer at its beginning.

What Caffe 1.0 does in UpgradeNetInput. Four `input_dim` are the shape of one `input`; where shapes
are given too, those count; without any Caffe takes the fields out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from protofix.net.layers import read_before_made
from protofix.textproto.draft import Item, all_comments
from protofix.textproto.layout import Style, comments_in
from protofix.textproto.moving import (
    commented,
    commented_below,
    fits_on_one_line,
    new_field,
    new_message,
    placed,
    quoted,
    renamed,
    without,
)
from protofix.upgrade.facts import INPUT_DIMS
from protofix.upgrade.text.reading import Value, messages_of, value_as_field, values_of
from protofix.upgrade.text.step import Note, Upgraded

_FIELDS = ("input", "input_shape", "input_dim")


def upgrade_inputs(items: Sequence[Item], style: Style) -> Upgraded:
    """Put an Input layer in the place of the fields, or above all layers if they stand below."""
    olds = [item for item in items if item.name in _FIELDS]
    inputs = list(values_of(items, "input"))
    if not inputs:
        return Upgraded(tuple(items))
    problem = _why_not(items, inputs)
    if problem:
        return Upgraded(tuple(items), (Note(inputs[0].item.at, problem, True),))
    if not _has_shapes(items):
        return _taken_out(items, inputs, style)
    layer, notes = _layer(items, olds[0], style)
    gone = set(map(id, olds))
    new: list[Item] = []
    first_layer = next((item for item in items if item.name == "layer"), None)
    above = first_layer is None or items.index(olds[0]) < items.index(first_layer)
    for item in items:
        if item is olds[0] and above:
            new.append(replace(layer, lead=item.lead))
        elif item is first_layer and not above:
            comments = comments_in(olds[0].lead)
            new.append(commented(replace(layer, lead=_apart(item, style)), comments, style))
            new.append(_below(item, style))
        elif id(item) not in gone:
            new.append(item)
    return Upgraded(tuple(new), notes)


def _taken_out(items: Sequence[Item], inputs: Sequence[Value], style: Style) -> Upgraded:
    """Take out fields without a shape; their comments go to what is below them."""
    new = list(items)
    said = "`input` without `input_shape` or `input_dim`, of which Caffe makes nothing: taken out"
    for index in range(len(items) - 1, -1, -1):
        if items[index].name in _FIELDS:
            comments = all_comments(items[index])
            new = without(new, index, style)
            if index < len(new):
                new[index] = commented(new[index], comments, style)
    return Upgraded(tuple(new), (Note(inputs[0].item.at, said, False),))


def _why_not(items: Sequence[Item], inputs: Sequence[Value]) -> str | None:
    """Why the fields have to stay."""
    count = len(inputs)
    if any(item.name == "layers" for item in items):
        return "`input` becomes a layer of today's format only when all layers are of it"
    if not _has_shapes(items):
        if not _needed(items, inputs) and not _commented_at_end(items):
            return None
        return "`input` has neither `input_shape` nor `input_dim`: left as it is"
    shapes = messages_of(items, "input_shape")
    dims = list(values_of(items, "input_dim"))
    if shapes and len(shapes) < count:
        return f"{count} `input` and only {len(shapes)} `input_shape`: left as they are"
    if not shapes and len(dims) < INPUT_DIMS * count:
        return (
            f"{count} `input` need {INPUT_DIMS * count} `input_dim`, and there are {len(dims)}: "
            "left as they are"
        )
    return None


def _has_shapes(items: Sequence[Item]) -> bool:
    return bool(messages_of(items, "input_shape")) or any(values_of(items, "input_dim"))


def _commented_at_end(items: Sequence[Item]) -> bool:
    """Whether fields at the end have comments, which could go to nothing below them."""
    last = takewhile(lambda item: item.name in _FIELDS, reversed(items))
    return any(map(all_comments, last))


def _needed(items: Sequence[Item], inputs: Sequence[Value]) -> set[str]:
    """The inputs that a layer reads, and no layer before it makes."""
    layers = (
        (_names(layer, "bottom"), _names(layer, "top")) for layer in items if layer.name == "layer"
    )
    return read_before_made((value.scalar.value for value in inputs), layers)


def _names(layer: Item, field: str) -> list[str]:
    return [value.scalar.value for value in values_of(layer.children, field)]


def _layer(items: Sequence[Item], first: Item, style: Style) -> tuple[Item, tuple[Note, ...]]:
    """The Input layer, laid out to stand where the first of the old fields does."""
    # What stands above that field is to stay above the layer.
    items = [replace(item, lead="") if item is first else item for item in items]
    inputs = list(values_of(items, "input"))
    shapes, unread = _shapes(items, len(inputs), style)
    one_line = (
        len(shapes) == 1 and shapes[0].layout == "style" and fits_on_one_line(shapes[0], style)
    )
    layer = new_message(
        "layer",
        [
            new_field("name", quoted("input", style), style),
            new_field("type", quoted("Input", style), style),
            *(value_as_field(value, "top", style) for value in inputs),
            new_message("input_param", shapes, style, "line" if one_line else "lines"),
        ],
        style,
        "lines",
        at=first.at,
    )
    laid = placed(layer, style, first.indent)
    if not unread:
        return laid, ()
    said = f"`{unread[0].name}` beyond what `input` needs, which Caffe never reads: taken out"
    comments = [comment for item in unread for comment in all_comments(item)]
    return commented_below(laid, comments, style), (Note(unread[0].at, said, False),)


def _shapes(items: Sequence[Item], inputs: int, style: Style) -> tuple[list[Item], list[Item]]:
    """A `shape` for each input, and the fields that Caffe never reads."""
    shapes = messages_of(items, "input_shape")
    dims = [value_as_field(dim, "input_dim", style) for dim in values_of(items, "input_dim")]
    if shapes:
        return [_shape(shape, style) for shape in shapes[:inputs]], [*shapes[inputs:], *dims]
    made = [
        new_message(
            "shape",
            [renamed(dim, "dim") for dim in dims[INPUT_DIMS * n : INPUT_DIMS * (n + 1)]],
            style,
        )
        for n in range(inputs)
    ]
    return made, dims[INPUT_DIMS * inputs :]


def _shape(old: Item, style: Style) -> Item:
    """An `input_shape` as `shape`: on one line or on several, as it was."""
    lead = "\n".join([*comments_in(old.lead), ""])
    if all_comments(replace(old, lead="", trail="")):
        return replace(renamed(old, "shape"), lead=lead)
    dims = [value_as_field(dim, "dim", style) for dim in values_of(old.children, "dim")]
    broken = any(child.indent is not None for child in old.children)
    made = new_message("shape", dims, style, "lines" if broken else "line", at=old.at)
    return replace(made, lead=lead, trail=old.trail)


def _apart(layer: Item, style: Style) -> str:
    """The lead of a layer without its comments: as many blank lines as set it apart."""
    if layer.indent is None:
        return " "
    above = layer.lead.split("#", 1)[0]
    lines = above.count("\n")
    return style.newline * lines + layer.indent


def _below(layer: Item, style: Style) -> Item:
    if layer.indent is None or "\n" in layer.lead.split("#", 1)[0]:
        return layer
    return replace(layer, lead=style.newline + layer.lead)
