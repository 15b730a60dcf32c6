"""A message in other brackets than braces, or with a colon before its brace.

The text format takes `name: { ... }` and `name < ... >` as well; nets and Caffe's own tools write
`name { ... }`.

Wrong:

    layer: { name: "data" type: "Input" top: "data" input_param < shape < dim: 1 > > }

Right:

    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 } } }
"""

from __future__ import annotations

from protofix.rulebook.context import Context
from protofix.rulebook.style import Spot, Spots, in_runs
from protofix.textproto.edits import Edit
from protofix.textproto.layout import comment_spans
from protofix.textproto.tree import Message, walk

CODE = "PF808"
NAME = "brackets"
SEVERITY = "info"
ON = False


def _spots(context: Context) -> Spots:
    text = context.document.text
    for node in walk(context.document.fields):
        if isinstance(node, Message):
            colon = _colon(text, node)
            angles = node.shape.bracket == "<"
            edits = [Edit(colon, colon + 1, "")] if colon is not None else []
            if angles:
                opening = node.open_end - 1
                edits += [Edit(opening, opening + 1, "{"), Edit(node.close_start, node.end, "}")]
            if edits:
                name = "" if node.shape.listed else f"{node.name} "
                has = f"{name}< ... >" if angles else f"{node.name}: {{"
                wrong = f"`{has}`, where `{name}{{ ... }}` does"
                yield Spot(node.start, node.name_end, wrong, tuple(edits))
            else:
                yield None


def _colon(text: str, node: Message) -> int | None:
    """Where the colon stands between a name and its bracket; None if there is none."""
    start, end = node.name_end, node.open_end
    at = text.find(":", start, end)
    for first, last in comment_spans(text[start:end]):
        if start + first < at < start + last:
            at = text.find(":", start + last, end)
    return at if at >= 0 else None


check = in_runs(_spots, "message", "write `name { ... }`")
