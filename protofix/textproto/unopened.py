"""A layer whose first line, `layer {`, was forgotten: told by what it holds and where it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from protofix.textproto.tree import Field, Message, Node

_LAYERS = ("layer", "layers")
_FIRST_LAYER = re.compile(r"^[ \t]*(layers?)[ \t]*:?[ \t]*\{", re.MULTILINE)


def unopened_layer(text: str, fields: Sequence[Node]) -> tuple[str, int] | None:
    """The name of a layer that was not opened, and which of the fields read is its first.

    `fields` are those at the top of a text, before a bracket that closes nothing. The first is a
    `name` with a `type` behind it; None if there is no such layer behind those that are whole.
    """
    first = len(fields)
    while first and fields[first - 1].name not in _LAYERS:
        first -= 1
    if first and not _is_whole(fields[first - 1]):
        return None
    names = [node.name if isinstance(node, Field) else "" for node in fields[first:]]
    if "type" not in names or "name" not in names:
        return None
    # The first `name` of a net is its own.
    at = 0 if first else len(names) - 1 - names[::-1].index("name")
    if names[at] != "name" or "type" not in names[at:]:
        return None
    found = _FIRST_LAYER.search(text)
    return (found[1] if found is not None else "layer"), first + at


def _is_whole(node: Node) -> bool:
    """Whether a layer holds what a layer has to: the one behind it is then another."""
    return isinstance(node, Message) and any(it.name == "type" for it in node.fields)
