"""Looking into the items of a net: values by name, and a layer's format and type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from protofix.net.names import v1_type_name
from protofix.textproto.draft import Item
from protofix.textproto.layout import Style, comments_in
from protofix.textproto.literals import parse_integer
from protofix.textproto.moving import Written, new_field
from protofix.textproto.tree import ScalarShape


class Value(NamedTuple):
    """One value of a field: the field, the value's number in it, and the value."""

    item: Item
    number: int
    scalar: ScalarShape

    @property
    def written(self) -> Written:
        """The value as it is written, quotes and all."""
        text = self.item.head[self.scalar.start : self.scalar.end]
        return Written(self.scalar.kind, self.scalar.value, text)


def values_of(items: Iterable[Item], name: str) -> Iterator[Value]:
    """All values of the fields of that name, lists taken apart."""
    for item in items:
        if item.name == name and item.items is None:
            for number, scalar in enumerate(item.scalars):
                yield Value(item, number, scalar)


def value_as_field(value: Value, name: str, style: Style) -> Item:
    """A value of a repeated field as a field of its own elsewhere, with the comments it had."""
    item, number = value.item, value.number
    end = item.scalars[number + 1].start if number + 1 < len(item.scalars) else len(item.head)
    above = [] if number else comments_in(item.lead + item.head[: value.scalar.start])
    behind = comments_in(item.head[value.scalar.end : end])
    if number + 1 == len(item.scalars):
        behind += comments_in(item.trail)
    lead = "".join(comment + style.newline for comment in [*above, *behind[1:]])
    field = new_field(name, value.written, style, at=item.at)
    return replace(field, lead=lead, trail=f"  {behind[0]}" if behind else "")


def last_value(items: Iterable[Item], name: str) -> Value | None:
    """The value that counts of a field that takes one."""
    found = list(values_of(items, name))
    return found[-1] if found else None


def messages_of(items: Iterable[Item], name: str) -> list[Item]:
    """The messages of that name."""
    return [item for item in items if item.name == name and item.items is not None]


def layer_name(layer: Item) -> str:
    """What to call a layer: its name in backquotes, or that it has none."""
    inner = v0_layer(layer)
    value = last_value(layer.children if inner is None else inner.children, "name")
    return f"`{value.scalar.value}`" if value else "a layer without a name"


def v0_layer(layer: Item) -> Item | None:
    """The message within a V0 layer that holds its parameters; None for another format."""
    found = messages_of(layer.children, "layer") if layer.name == "layers" else []
    return found[0] if found else None


def v0_type(layer: Item) -> str | None:
    """The type of a V0 layer; None for another format, or if it has none."""
    inner = v0_layer(layer)
    value = last_value(inner.children, "type") if inner is not None else None
    return value.scalar.value if value else None


def v1_type(layer: Item) -> str | None:
    """The type of a V1 layer as its enum names it, as written if that is a name; None without one.

    A type in quotes is none of the V1 format, but people write it so, and what they mean is plain.
    A number that no enum has is given as it is written.
    """
    value = last_value(layer.children, "type")
    if value is None:
        return None
    if value.scalar.kind == "integer":
        return v1_type_name(parse_integer(value.scalar.value)) or value.scalar.value
    return value.scalar.value
