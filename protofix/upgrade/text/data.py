"""Transformation fields of V1 data layers, into `transform_param`.

What Caffe 1.0 does in UpgradeNetDataTransformation, for Data, ImageData and WindowData layers of
the V1 format. A field of today's `layer` is not moved: Caffe does not read it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protofix.textproto.draft import COMMENT_BEHIND, Item, above, all_comments, breaks_line
from protofix.textproto.layout import Style, comments_in
from protofix.textproto.moving import appended, new_message, placed, removed
from protofix.upgrade.facts import TRANSFORM_FIELDS, TRANSFORMED_TYPES
from protofix.upgrade.text.reading import messages_of, v1_type
from protofix.upgrade.text.step import Upgraded


def upgrade_data(items: Sequence[Item], style: Style) -> Upgraded:
    """Move the fields of every data layer that has them."""
    return Upgraded(tuple(_upgraded(item, style) for item in items))


def _upgraded(layer: Item, style: Style) -> Item:
    param = data_param_of(layer)
    if param is None:
        return layer
    old = [item for item in param.children if item.name in TRANSFORM_FIELDS]
    # A comment behind the opening bracket is the message's, not the first field's.
    opening = COMMENT_BEHIND.match(param.children[0].lead)
    fields = [
        replace(item, lead=item.lead[opening.end() :])
        if opening and item is param.children[0]
        else item
        for item in old
    ]
    rest = removed(param, old)
    if opening and fields[0] is not old[0]:
        if rest.items:
            lead = rest.items[0].lead
            gap = "" if breaks_line(lead) else style.newline
            first = replace(rest.items[0], lead=opening[0] + gap + lead)
            rest = replace(rest, items=(first, *rest.items[1:]))
        else:
            closing = rest.foot if breaks_line(rest.foot) else style.newline + (param.indent or "")
            rest = replace(rest, foot=opening[0] + closing)
    transform = messages_of(layer.children, "transform_param")
    new: list[Item] = []
    for child in layer.children:
        if child is param:
            if not transform:
                whole = new_message("transform_param", fields, style, at=param.at)
                new.append(placed(whole, style, param.indent))
            new.append(rest)
        else:
            last = transform and child is transform[-1]
            new.append(_joined(child, fields, style) if last else child)
    return replace(layer, items=tuple(new))


def data_param_of(layer: Item) -> Item | None:
    """The parameters of a V1 data layer, if transformation fields are among them."""
    home = TRANSFORMED_TYPES.get(v1_type(layer) or "")
    for param in messages_of(layer.children, home) if home else ():
        if any(item.name in TRANSFORM_FIELDS for item in param.children):
            return param
    return None


def _joined(transform: Item, fields: list[Item], style: Style) -> Item:
    """A `transform_param` with more fields: as in Caffe, they count more than its own."""
    for field in fields:
        own = [item for item in transform.children if item.name == field.name]
        if not own:
            transform = appended(transform, field, style)
            continue
        comments = [*all_comments(replace(own[-1], lead="")), *comments_in(field.lead)]
        lead = own[-1].lead
        if own[-1].indent is not None:
            lead = above(lead, comments, style.newline, own[-1].indent)
        else:
            lead += "".join(comment + style.newline for comment in comments)
        new = replace(field, lead=lead, indent=own[-1].indent)
        items = tuple(new if item is own[-1] else item for item in transform.children)
        transform = replace(transform, items=items)
    return transform
