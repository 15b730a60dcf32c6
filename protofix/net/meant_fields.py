"""What was meant by a field that a message does not have: a slip, or one that is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from caffe_proto import (
    EnumType,
    FieldType,
    Schema,
    dialect_schema,
    dialects_with_field,
    fields_anywhere,
)
from protofix.net.binding import Lack
from protofix.net.homes import any_home, home_in_fork, likely_home
from protofix.net.kinds import may_hold
from protofix.net.names import field_called, nearest
from protofix.textproto.literals import parse_integer
from protofix.textproto.tree import Field, Message, Scalar


class MeantField(NamedTuple):
    """What was meant, in words: where the field is at home, or which one it is a slip of.

    `dialects` are those that have it, where the document's own does not. `instead` is the field of
    the message itself that was meant.
    """

    said: str
    dialects: tuple[str, ...] = ()
    instead: FieldType | None = None


def meant_field(lack: Lack, around: Sequence[Message], schema: Schema) -> MeantField | None:
    """Say what was meant by a field that no dialect has there; None where nobody can tell.

    `around` are the messages that it stands in, as `messages_around` gives them.
    """
    today = dialects_with_field("LayerParameter", lack.name)
    if lack.owner == "V1LayerParameter" and today:
        return MeantField("in a `layer` of today's,", today)
    home = likely_home(lack, around, schema)
    if home is not None:
        return MeantField(home)
    owner = schema.messages.get(lack.owner)
    fields = owner.fields if owner else {}
    slip = nearest(lack.name, fields)
    if slip is not None and _holds_fields_of(lack, fields[slip], schema):
        return _slip(fields[slip])
    elsewhere = any_home(lack, around, schema)
    if elsewhere is not None:
        return MeantField(elsewhere)
    called = field_called(lack.name, fields)
    if called is not None and _holds_fields_of(lack, fields[called], schema):
        return _slip(fields[called])
    in_fork = home_in_fork(lack)
    return _slip_of_a_fork(lack) if in_fork is None else MeantField(in_fork)


def _slip(meant: FieldType) -> MeantField:
    return MeantField(f"did you mean `{meant.name}`?", instead=meant)


def _holds_fields_of(lack: Lack, meant: FieldType, schema: Schema) -> bool:
    """Whether what a message holds is known in the one that may have been meant, or a slip there.

    What is no message is held to be.
    """
    message = schema.messages.get(meant.type_name or "")
    if message is None or not isinstance(lack.node, Message):
        return True
    return all(
        it.name in message.fields or nearest(it.name, message.fields) for it in lack.node.fields
    )


def _slip_of_a_fork(lack: Lack) -> MeantField | None:
    meant = nearest(lack.name, fields_anywhere(lack.owner))
    if meant is None:
        return None
    dialects = dialects_with_field(lack.owner, meant)
    if not _has_values_of(lack, dialect_schema(dialects[0]), meant):
        return None
    return MeantField(f"did you mean `{meant}`?", dialects)


def _has_values_of(lack: Lack, schema: Schema, meant: str) -> bool:
    """Whether what is written could be values of the field that was meant, such as its enum's."""
    field = schema.messages[lack.owner].fields[meant]
    if lack.node is None or not may_hold(lack.node, {field.kind}):
        return False
    enum = schema.enums.get(field.type_name or "")
    scalars = lack.node.scalars if isinstance(lack.node, Field) else ()
    return enum is None or all(_is_near(it, enum) for it in scalars)


def _is_near(scalar: Scalar, enum: EnumType) -> bool:
    """Whether a value is one of an enum, by its number or by its name or a slip of that."""
    if scalar.kind == "integer":
        return parse_integer(scalar.value) in enum.numbers
    return nearest(scalar.value, enum.values) is not None
