"""Fields that stand where they do because a bracket is missing, or one too many, before them.

In a text whose brackets do not pair up, a field that its message lacks and that one around it has
shows where a bracket is missing; one that the message just closed has, which was one too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from caffe_proto import MessageType, Schema
from protofix.textproto.bracket_mendings import taking_away
from protofix.textproto.edits import Edit, Mending
from protofix.textproto.source import Source, newline_of
from protofix.textproto.tree import Message, Node


class Around(NamedTuple):
    """A message of a text that others are in, and its type."""

    message: MessageType
    node: Message


class Displaced(NamedTuple):
    """What is to be said of such a field, what mends it, and the type that has the field."""

    said: str
    mending: Mending
    home: MessageType


def left_open(node: Node, around: Sequence[Around], source: Source) -> Displaced | None:
    """Ask for the brackets before a field that only a message further out has.

    None if there is none, or if all that the field is in is closed. `around` are the messages that
    it is in, the innermost last.
    """
    if not around or not is_left_open(around[0].node):
        return None
    inner = around[-1].node
    for count, outer in enumerate(reversed(around[:-1]), 1):
        if node.name in outer.message.fields:
            brackets = "a `}` is" if count == 1 else f"{count} `}}` are"
            said = (
                f"`{node.name}` within `{inner.name}`: it seems that {brackets} missing before it"
            )
            mending = closing_before(node, count, f"close `{inner.name}` before it", source)
            return Displaced(said, mending, outer.message)
    return None


def closing_before(node: Node, count: int, title: str, source: Source) -> Mending:
    """Write brackets before a field, on lines of their own if it begins its line."""
    text = source.text
    lead = text[text.rfind("\n", 0, node.start) + 1 : node.start]
    behind = " " if lead.strip() else newline_of(text) + lead
    return Mending(title, (Edit(node.start, node.start, f"}}{behind}" * count),), False)


def closed_before(
    node: Node, before: Node | None, message: MessageType, schema: Schema, source: Source
) -> Displaced | None:
    """Ask whether the message `before` a field was closed too soon; None if that has no such field.

    `message` is the type of what both are in.
    """
    if not isinstance(before, Message) or is_left_open(before):
        return None
    field = message.fields.get(before.name)
    home = schema.messages.get(field.type_name or "") if field is not None else None
    if home is None or node.name not in home.fields:
        return None
    said = (
        f"`{node.name}` behind `{before.name}`, which it belongs in: it seems that the `}}` before "
        "it is one too many"
    )
    return Displaced(said, taking_away(source, before.close_start, before.end, False), home)


def is_left_open(node: Message) -> bool:
    """Whether no bracket closes a message."""
    return node.close_start == node.end
