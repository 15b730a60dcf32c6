"""The fields of a layer in an unusual order.

Most public nets write `name`, `type`, `bottom`, `propagate_down`, `top`, `loss_weight`, `param` (of
the V1 format `blobs_lr` and `weight_decay`), `include` and `exclude`, then what the type takes:
`transform_param`, its own `..._param`, `loss_param`. Of 120 files in today's format 107 have name
and type before the bottoms, of 46 in the V1 format 36; on what stands behind the tops nearly all
agree. In a known order it is seen at once what a layer lacks.

Other fields come behind `loss_weight`. Fields of one name keep their order, as do those whose
order nobody agrees on; the comments above a field and behind it go with it. A layer in which some
lines hold several fields is left alone if it has comments.

Wrong:

    layer {
      bottom: "data"
      top: "fc"
      # All leaves.
      name: "fc"
      type: "InnerProduct"
      inner_product_param { num_output: 3 }
    }

Right:

    layer {
      # All leaves.
      name: "fc"
      type: "InnerProduct"
      bottom: "data"
      top: "fc"
      inner_product_param { num_output: 3 }
    }
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs
from protofix.textproto.diffs import edits_between
from protofix.textproto.draft import (
    Item,
    breaks_line,
    draft_of,
    render_item,
    without_blank_lines,
)
from protofix.textproto.edits import Edit
from protofix.textproto.tree import Message, Node

CODE = "PF803"
NAME = "field-order"
SEVERITY = "info"
ON = False

_LAYERS = ("layer", "layers")
_NETS = ("net_param", "train_net_param", "test_net_param")

# Fields of the same place keep their order.
_PLACES = (
    ("name",),
    ("type",),
    ("bottom",),
    ("propagate_down",),
    ("top",),
    ("loss_weight",),
    (),  # what is not here
    ("param", "blobs_lr", "weight_decay"),
    ("include", "exclude"),
    ("transform_param",),
    (),  # what the types take
    ("loss_param",),
    ("blobs",),
)
_PLACE = {name: place for place, names in enumerate(_PLACES) for name in names}
_PLAIN, _OF_TYPE = (place for place, names in enumerate(_PLACES) if not names)

_LINE_END = re.compile(r"\r?\n")
_BLANK_LINE = re.compile(r"\n[ \t\v\f]*(?=\r?\n)")


def _spots(context: Context) -> Spots:
    document = context.document
    layers = list(_layers(document.fields))
    if not any(map(_misplaced, layers)):
        return
    items = draft_of(document).items
    messages = (item for outer in items for item in (outer, *outer.children) if item.items)
    at = {item.at: item for item in messages}
    for layer in layers:
        found = _misplaced(layer)
        if found is None:
            yield None
            continue
        before, after = at[layer.start], _in_order(at[layer.start])
        if after is not None:
            field, other = found
            wrong = f"`{field.name}` stands behind `{other.name}`; most nets have it before that"
            edits = tuple(_edits(before, after))
            yield Spot(field.start, field.name_end, wrong, edits)


def _layers(fields: Sequence[Node]) -> Iterator[Message]:
    """The layers of a net or of the nets in a solver; of the V0 format, which has others, none."""
    # What a list of messages holds stays where it is.
    messages = [it for it in fields if isinstance(it, Message) and not it.shape.listed]
    for message in messages:
        within = message.fields if message.name in _NETS else (message,)
        layers = [it for it in within if isinstance(it, Message) and it.name in _LAYERS]
        for layer in layers:
            if not layer.shape.listed and all(field.name != "layer" for field in layer.fields):
                yield layer


def _misplaced(layer: Message) -> tuple[Node, Node] | None:
    """The first field of a layer that belongs before another, and the first such other."""
    highest = -1
    for field in layer.fields:
        place = _place(field.name)
        if place < highest:
            return field, next(other for other in layer.fields if _place(other.name) > place)
        highest = max(highest, place)
    return None


def _place(name: str) -> int:
    return _PLACE.get(name, _OF_TYPE if name.endswith("_param") else _PLAIN)


def _in_order(layer: Item) -> Item | None:
    """A layer with its fields in order; None if it has comments that might get lost."""
    items = layer.children
    first, *others = items
    own_lines = "\n" in first.lead and all(breaks_line(item.lead) for item in others)
    behind = any("#" in item.trail for item in items)
    if own_lines and (breaks_line(layer.foot) or not behind):
        return replace(layer, items=_moved(items))
    # What stands between fields stays where it is, but must hold them apart.
    if behind or any("#" in item.lead for item in items) or not all(it.lead for it in others):
        return None
    filled = zip(items, _sorted(items), strict=True)
    return replace(layer, items=tuple(replace(new, lead=old.lead) for old, new in filled))


def _sorted(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda item: _place(item.name))


def _moved(items: Sequence[Item]) -> tuple[Item, ...]:
    """Fields that have a line each in a new order, each with the comments above it."""
    # What stands at the bracket, or above a blank line, is not the first field's.
    lead = items[0].lead
    blank, ends = list(_BLANK_LINE.finditer(lead)), list(_LINE_END.finditer(lead))
    apart = blank[-1].end() if blank else ends[0].start()
    first, *others = _sorted([replace(items[0], lead=lead[apart:]), *items[1:]])
    return (replace(first, lead=lead[:apart] + without_blank_lines(first.lead)), *others)


def _edits(before: Item, after: Item) -> Iterator[Edit]:
    """The edits that make one layer of another, on the text that the first is of."""
    was, becomes = (render_item(replace(it, lead="", trail="")) for it in (before, after))
    for start, end, replacement in edits_between(was, becomes):
        yield Edit(before.at + start, before.at + end, replacement)


check = in_runs(_spots, "layer", "put the fields in order")
