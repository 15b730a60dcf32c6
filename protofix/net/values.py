"""What fields say: the values of those of a name, and those of a whole message."""

from __future__ import annotations

from typing import NamedTuple, overload

from protofix.textproto.literals import parse_bool, parse_float, parse_integer
from protofix.textproto.tree import Node, Scalar, messages_named, scalars_named


def integer_of(fields: tuple[Node, ...], name: str) -> int | None:
    """The whole number that the last field of that name gives, if it gives one."""
    found = [s.value for s in scalars_named(fields, name) if s.kind == "integer"]
    return parse_integer(found[-1]) if found else None


def integers_of(fields: tuple[Node, ...], name: str) -> tuple[int, ...]:
    """All whole numbers of the fields of that name."""
    found = scalars_named(fields, name)
    return tuple(parse_integer(s.value) for s in found if s.kind == "integer")


def float_of(fields: tuple[Node, ...], name: str) -> float | None:
    """The number that the last field of that name gives, if it gives one."""
    found = scalars_named(fields, name)
    return parse_float(found[-1].value) if found and found[-1].kind != "string" else None


def bool_of(fields: tuple[Node, ...], name: str, default: bool) -> bool:
    """The truth value that the last field of that name gives."""
    found = scalars_named(fields, name)
    return parse_bool(found[-1].value) is True if found else default


def string_of(fields: tuple[Node, ...], name: str) -> str | None:
    """The string that the last field of that name gives, if there is one."""
    found = [s.value for s in scalars_named(fields, name) if s.kind == "string"]
    return found[-1] if found else None


def enum_of(fields: tuple[Node, ...], name: str, values: tuple[str, ...]) -> str | None:
    """Name of the enum value that a field gives by name or number; `values` are in number order."""
    found = scalars_named(fields, name)
    if not found:
        return None
    written = found[-1]
    if written.kind == "integer":
        number = parse_integer(written.value)
        return values[number] if 0 <= number < len(values) else None
    return written.value if written.value in values else None


class Values(NamedTuple):
    """The values of one message of a layer, such as `convolution_param`."""

    fields: tuple[Node, ...]

    def has(self, *names: str) -> bool:
        """Whether any field of these names is written."""
        return any(node.name in names for node in self.fields)

    def field(self, *names: str) -> Node | None:
        """The last field with one of these names."""
        return next((node for node in reversed(self.fields) if node.name in names), None)

    @overload
    def integer(self, name: str) -> int | None: ...
    @overload
    def integer(self, name: str, default: int) -> int: ...
    def integer(self, name: str, default: int | None = None) -> int | None:
        """A whole number, or what stands for it where none is written."""
        value = integer_of(self.fields, name)
        return default if value is None else value

    def integers(self, name: str) -> tuple[int, ...]:
        """All whole numbers of a repeated field."""
        return integers_of(self.fields, name)

    @overload
    def real(self, name: str) -> float | None: ...
    @overload
    def real(self, name: str, default: float) -> float: ...
    def real(self, name: str, default: float | None = None) -> float | None:
        """A number."""
        value = float_of(self.fields, name)
        return default if value is None else value

    def boolean(self, name: str, default: bool) -> bool:
        """A truth value."""
        return bool_of(self.fields, name, default)

    def string(self, name: str) -> str | None:
        """A string."""
        return string_of(self.fields, name)

    def enum(self, name: str, values: tuple[str, ...], default: str | None = None) -> str:
        """The name of an enum value, written by name or number.

        The `default` stands for none, the first value for what is no such value, and for none
        where there is no `default`.
        """
        if default is not None and not self.has(name):
            return default
        return enum_of(self.fields, name, values) or values[0]

    def scalars(self, name: str) -> list[Scalar]:
        """All values of the fields of that name, as they are written."""
        return scalars_named(self.fields, name)

    def messages(self, name: str) -> list[Values]:
        """The messages of that name within this one."""
        return [Values(message.fields) for message in messages_named(self.fields, name)]

    def shapes(self, name: str) -> list[tuple[int, ...]]:
        """The BlobShapes of that name."""
        return [message.integers("dim") for message in self.messages(name)]
