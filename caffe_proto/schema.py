"""The schema as plain look-up tables, and message classes for those who want messages.

Checking a tree of text needs names, numbers, types and defaults, no protobuf message. So the
descriptors are read once into dictionaries (those of Caffe's own schema are stored as such, see
`stored`), and a descriptor pool is built only when somebody asks
for a message class. That pool is private to its schema: in protobuf's default pool a process that
imports pycaffe already has a `caffe.NetParameter`, and the two would clash.

protobuf is imported inside the functions that need it, for the sake of a quick start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
    )
    from google.protobuf.message import Message

Label = Literal["optional", "repeated", "required"]
Kind = Literal[
    "message",
    "enum",
    "string",
    "bytes",
    "bool",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "float",
    "double",
]
Default = str | bytes | bool | int | float | None

# Keyed by the numbers of FieldDescriptorProto.Label and .Type. Other types (groups, zigzag and
# fixed-size integers) appear in no known dialect of Caffe.
_LABELS: dict[int, Label] = {1: "optional", 2: "required", 3: "repeated"}
_KINDS: dict[int, Kind] = {
    1: "double",
    2: "float",
    3: "int64",
    4: "uint64",
    5: "int32",
    8: "bool",
    9: "string",
    11: "message",
    12: "bytes",
    13: "uint32",
    14: "enum",
}


class SchemaError(ValueError):
    """What a schema lacks or cannot be; the message is one line and names the place."""


@dataclass(frozen=True, slots=True, eq=False)
class EnumType:
    """An enum: its name and its values, in the order in which they are declared.

    `numbers` holds the numbers that are known, for files that give an enum by number.
    """

    name: str
    values: Mapping[str, int]
    numbers: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", frozenset(self.values.values()))

    def name_of(self, number: int) -> str | None:
        """Give the first name that stands for a number; None if none does."""
        return next((name for name, value in self.values.items() if value == number), None)


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field of a message.

    `type_name` is the dotted name of the message or enum, without the package, and None for other
    kinds. `default` is the declared default (of an enum the value's name) and None where none is
    declared: protobuf then reads zero, false, an empty string or an enum's first value. A float's
    default is the decimal number as declared, not rounded to single precision.
    """

    name: str
    number: int
    label: Label
    kind: Kind
    type_name: str | None
    default: Default
    packed: bool

    @property
    def repeated(self) -> bool:
        """Whether the field may be given many times."""
        return self.label == "repeated"


@dataclass(frozen=True, slots=True, eq=False)
class MessageType:
    """A message: its name and its fields, in the order in which they are declared.

    `required` names the fields without which a message is incomplete.
    """

    name: str
    fields: Mapping[str, FieldType]
    required: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        required = tuple(name for name, it in self.fields.items() if it.label == "required")
        object.__setattr__(self, "required", required)


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The messages and enums of one dialect, by dotted name without the package.

    A message or enum inside another is named through it: "LossParameter.NormalizationMode".
    Schemas, messages and enums compare by identity, so that they can be keys of a cache for little.
    """

    name: str
    messages: Mapping[str, MessageType]
    enums: Mapping[str, EnumType]
    descriptor: bytes = field(repr=False)  # the serialized FileDescriptorProto of the tables

    def message_class(self, name: str) -> type[Message]:
        """Give the protobuf class of a message, such as "NetParameter".

        The first call builds a descriptor pool of the schema's own, so that no other class of that
        name in the process is disturbed; asked again it gives the same class. Raises SchemaError
        for a message that the schema has not, or if protobuf refuses the schema.
        """
        if name not in self.messages:
            raise SchemaError(f"schema {self.name} has no message {name}")
        return _message_classes(self)[name]


def build_schema(name: str, file: FileDescriptorProto) -> Schema:
    """Make the look-up tables of a file's messages and enums.

    An overlay changes a copy of `base_file()` and gives it to this function. Types have to be named
    in full, with a leading dot and the package. Raises SchemaError for a type or a default of an
    enum that is not in the file, for a field's name or number given twice in a message, and for a
    kind of field that Caffe's schemas do not have.
    """
    prefix = f".{file.package}." if file.package else "."
    messages: dict[str, MessageType] = {}
    enums = {enum.name: _enum_type(enum.name, enum) for enum in file.enum_type}
    for message in file.message_type:
        _add_message(messages, enums, message, "", prefix)
    schema = Schema(
        name, MappingProxyType(messages), MappingProxyType(enums), file.SerializeToString()
    )
    _check_names(schema)
    return schema


@cache
def base_schema() -> Schema:
    """Give the schema of Caffe itself, named "bvlc"; made once."""
    from caffe_proto.stored import schema_of_tables

    tables = Path(__file__).with_name("caffe.json").read_text(encoding="utf-8")
    return schema_of_tables("bvlc", tables, _base_descriptor())


def base_file() -> FileDescriptorProto:
    """Give a fresh copy of the descriptor that caffe.proto compiles to, free to be changed."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    return FileDescriptorProto.FromString(_base_descriptor())


def _base_descriptor() -> bytes:
    return Path(__file__).with_name("caffe.desc").read_bytes()


def _add_message(
    messages: dict[str, MessageType],
    enums: dict[str, EnumType],
    message: DescriptorProto,
    outer: str,
    prefix: str,
) -> None:
    name = outer + message.name
    fields: dict[str, FieldType] = {}
    numbers: set[int] = set()
    for descriptor in message.field:
        it = _field_type(name, descriptor, prefix)
        if it.name in fields or it.number in numbers:
            raise SchemaError(
                f"{name}.{it.name} = {it.number}: its name or number is taken already"
            )
        fields[it.name] = it
        numbers.add(it.number)
    messages[name] = MessageType(name, MappingProxyType(fields))
    inner = f"{name}."
    for enum in message.enum_type:
        enums[inner + enum.name] = _enum_type(inner + enum.name, enum)
    for nested in message.nested_type:
        _add_message(messages, enums, nested, inner, prefix)


def _check_names(schema: Schema) -> None:
    """Raise SchemaError for a type, or a default of an enum, that is not in the schema."""
    for owner in schema.messages.values():
        for it in owner.fields.values():
            if it.type_name is None:
                continue
            known = schema.enums if it.kind == "enum" else schema.messages
            place = f"schema {schema.name}: {owner.name}.{it.name}"
            if it.type_name not in known:
                raise SchemaError(f"{place} is of {it.kind} {it.type_name}, which is not there")
            if isinstance(it.default, str) and it.default not in schema.enums[it.type_name].values:
                raise SchemaError(f"{place} is by default {it.default}, which {it.type_name} lacks")


def _enum_type(name: str, enum: EnumDescriptorProto) -> EnumType:
    return EnumType(name, MappingProxyType({value.name: value.number for value in enum.value}))


def _field_type(owner: str, it: FieldDescriptorProto, prefix: str) -> FieldType:
    kind = _KINDS.get(it.type)
    if kind is None:
        raise SchemaError(
            f"{owner}.{it.name} is of protobuf type {it.type}, which Caffe never uses"
        )
    return FieldType(
        it.name,
        it.number,
        _LABELS[it.label],
        kind,
        it.type_name.removeprefix(prefix) or None,
        _default(kind, it.default_value) if it.HasField("default_value") else None,
        it.HasField("options") and it.options.packed,
    )


def _default(kind: Kind, text: str) -> Default:
    """Read a default as descriptors write it: always as text."""
    if kind in ("string", "enum"):
        return text
    if kind == "bool":
        return text == "true"
    if kind in ("float", "double"):
        return float(text)
    if kind == "bytes":
        from google.protobuf.text_encoding import CUnescape

        return CUnescape(text)
    return int(text)


@cache
def _message_classes(schema: Schema) -> dict[str, type[Message]]:
    """Make the class of every message, in a descriptor pool of the schema's own.

    All of them are made and kept, not only those asked for: protobuf 4.22 and 4.23 crash when the
    class of a field's message has been garbage-collected.
    """
    from google.protobuf import message_factory
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool

    pool = DescriptorPool()
    try:
        pool.AddSerializedFile(schema.descriptor)
    except TypeError as error:
        said = " ".join(str(error).split())
        raise SchemaError(f"schema {schema.name} is refused by protobuf: {said}") from error
    # GetMessageClass came with protobuf 4.22. Its forerunner keeps the classes in the factory, so
    # that there must be one factory only.
    if hasattr(message_factory, "GetMessageClass"):
        class_of = message_factory.GetMessageClass
    else:
        factory: Any = message_factory.MessageFactory(pool)
        class_of = factory.GetPrototype
    # Not asked of the pool, since protobuf 4.21 crashes there over a file without a package.
    package = FileDescriptorProto.FromString(schema.descriptor).package
    prefix = f"{package}." if package else ""
    return {name: class_of(pool.FindMessageTypeByName(prefix + name)) for name in schema.messages}
