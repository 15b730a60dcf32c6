"""The forks of Caffe: what each adds to the schema, changes and lacks, and who knows what.

Each fork is a table in `dialects/`, taken from the fork's own caffe.proto and from the layer types
that its sources register. Its rows:

    title   as people name the fork
    field   message, name, number, label, type, default, options   there, and as it says
    enum    enum, name, number                                     there, with that number
    absent  message or enum, name                                  of Caffe 1.0, and not there
    type    layer type, its V1 name if it has one                  registered beside Caffe 1.0's

What no row names is as in Caffe 1.0. Layer types of Caffe 1.0 that an old fork lacks have no rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from caffe_proto.layers import LAYERS
from caffe_proto.schema import Schema, SchemaError, base_file, base_schema, build_schema

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        EnumValueDescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
    )
    from google.protobuf.internal.containers import RepeatedCompositeFieldContainer

    _Named = TypeVar(
        "_Named",
        DescriptorProto,
        EnumDescriptorProto,
        EnumValueDescriptorProto,
        FieldDescriptorProto,
    )

DIALECTS = (
    "bvlc",
    "shufflenet",
    "fasterrcnn",
    "fastrcnn",
    "crfrnn",
    "rfcn",
    "segnet",
    "nvidia015",
    "deeplab",
    "yjxiong",
    "pspnet",
    "ssd",
    "nvidia",
    "intel",
)
"""Every dialect, the plainest first: by how much its table adds or changes. Fast R-CNN comes behind
Faster R-CNN, which has all that it adds and is nearer to Caffe 1.0."""

AUTO = "auto"
"""What stands for a dialect that is to be found from what a file uses."""

BVLC = "bvlc"
"""The dialect of Caffe 1.0, on which those of the forks are put."""

_BASE_TITLE = "Caffe 1.0"

_REMEMBERED = 1000  # questions, of names that files make up
_LONG = 20  # digits, more than any value of an enum has

# How many columns each kind of row has in a table.
_WIDTHS = {"title": 1, "field": 7, "enum": 3, "absent": 2, "type": 2}


class FieldRow(NamedTuple):
    """A field as a fork has it; `type` is "float" or "message:BNParameter", "" is nothing given."""

    message: str
    name: str
    number: int
    label: str
    type: str
    default: str
    options: str


class ValueRow(NamedTuple):
    """A value of an enum as a fork has it."""

    enum: str
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Table:
    """What a fork adds to Caffe 1.0, changes and lacks.

    `types` are its layer types beside those of Caffe 1.0, each with its V1 name or "".
    """

    name: str
    title: str
    fields: Mapping[tuple[str, str], FieldRow]
    values: Mapping[tuple[str, str], ValueRow]
    absent: frozenset[tuple[str, str]]
    types: Mapping[str, str]


@cache
def dialect_table(name: str) -> Table:
    """Give the table of a fork; that of "bvlc" is empty. Raises SchemaError for another name."""
    _refuse_unknown(name)
    rows: dict[str, list[list[str]]] = {kind: [] for kind in _WIDTHS}
    if name != BVLC:
        path = Path(__file__).with_name("dialects") / f"{name}.tsv"
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                kind, *row = line.split("\t")
                rows[kind].append(row + [""] * (_WIDTHS[kind] - len(row)))
    fields = (FieldRow(m, n, int(number), *rest) for m, n, number, *rest in rows["field"])
    values = (ValueRow(enum, value, int(number)) for enum, value, number in rows["enum"])
    return Table(
        name,
        rows["title"][0][0] if rows["title"] else _BASE_TITLE,
        MappingProxyType({(row.message, row.name): row for row in fields}),
        MappingProxyType({(row.enum, row.name): row for row in values}),
        frozenset((owner, name) for owner, name in rows["absent"]),
        MappingProxyType(dict(rows["type"])),
    )


def _refuse_unknown(name: str) -> None:
    if name not in DIALECTS:
        raise SchemaError(f"there is no dialect {name}; there are {', '.join(DIALECTS)}")


def named_dialects(*names: str) -> frozenset[str]:
    """Give dialects by their names, for what is known of those alone.

    Raises SchemaError for a name that is none: a slip would else be a dialect that never comes.
    """
    for name in names:
        _refuse_unknown(name)
    return frozenset(names)


def dialect_title(name: str) -> str:
    """Give a dialect's name as people say it: "SSD", "Faster R-CNN", "Caffe 1.0"."""
    return dialect_table(name).title


@cache
def dialect_schema(name: str) -> Schema:
    """Give the schema of a dialect; made once. Raises SchemaError for a name that is none."""
    table = dialect_table(name)
    return base_schema() if name == BVLC else build_schema(name, _overlaid(table))


@cache
def layer_types(name: str) -> frozenset[str]:
    """Give the type strings of the layers that a dialect knows."""
    return frozenset(LAYERS.keys() | dialect_table(name).types.keys())


@cache
def fork_v1_types() -> Mapping[str, str]:
    """Give today's type string of each V1 type that only forks have, by its V1 name.

    `V1_TYPES` has those of Caffe 1.0.
    """
    tables = map(dialect_table, DIALECTS)
    return MappingProxyType({v1: it for table in tables for it, v1 in table.types.items() if v1})


@lru_cache(_REMEMBERED)
def dialects_with_field(message: str, field: str) -> tuple[str, ...]:
    """Name the dialects whose message of that name has that field, the plainest first."""
    known = base_schema().messages.get(message)
    in_base = known is not None and field in known.fields
    return _dialects_with(message, field, in_base)


@lru_cache(_REMEMBERED)
def kinds_of_field(message: str, field: str) -> Mapping[str, str]:
    """Give the kind of a field, such as "string", in each dialect whose message has it."""
    known = base_schema().messages.get(message)
    of_base = known.fields.get(field) if known else None
    kinds: dict[str, str] = {}
    for name in dialects_with_field(message, field):
        row = dialect_table(name).fields.get((message, field))
        if row is not None:
            kinds[name] = row.type.partition(":")[0]
        elif of_base is not None:
            kinds[name] = of_base.kind
    return MappingProxyType(kinds)


@lru_cache(_REMEMBERED)
def dialects_repeating(message: str, field: str) -> tuple[str, ...]:
    """Name the dialects in which a field of a message takes several values, the plainest first."""
    known = base_schema().messages.get(message)
    of_base = known.fields.get(field) if known else None
    in_base = "repeated" if of_base and of_base.repeated else ""
    rows = {it: dialect_table(it).fields.get((message, field)) for it in DIALECTS}
    return tuple(
        name
        for name in dialects_with_field(message, field)
        if (row.label if (row := rows[name]) else in_base) == "repeated"
    )


@lru_cache(_REMEMBERED)
def messages_of_forks_with(field: str) -> Mapping[str, tuple[str, ...]]:
    """Give each message that has a field of that name in a fork's table, with who has it."""
    rows = (row for name in DIALECTS for row in dialect_table(name).fields.values())
    messages = dict.fromkeys(row.message for row in rows if row.name == field)
    return MappingProxyType({it: dialects_with_field(it, field) for it in messages})


@lru_cache(_REMEMBERED)
def dialects_with_value(enum: str, value: str) -> tuple[str, ...]:
    """Name the dialects whose enum has that value, the plainest first.

    A value may be given by its number, as files may do.
    """
    known = base_schema().enums.get(enum)
    if value.isdecimal() and len(value) < _LONG:
        number = int(value)
        return tuple(
            name
            for name in DIALECTS
            if number in _numbers(dialect_table(name), enum, known.values if known else {})
        )
    return _dialects_with(enum, value, known is not None and value in known.values)


def _numbers(table: Table, enum: str, base: Mapping[str, int]) -> set[int]:
    numbers = {name: n for name, n in base.items() if (enum, name) not in table.absent}
    numbers.update({row.name: row.number for row in table.values.values() if row.enum == enum})
    return set(numbers.values())


def _dialects_with(owner: str, name: str, in_base: bool) -> tuple[str, ...]:
    key = (owner, name)
    tables = map(dialect_table, DIALECTS)
    return tuple(
        table.name
        for table in tables
        if key in table.fields or key in table.values or (in_base and key not in table.absent)
    )


@lru_cache(_REMEMBERED)
def dialects_with_type(layer_type: str) -> tuple[str, ...]:
    """Name the dialects that have layers of that type, the plainest first."""
    return tuple(name for name in DIALECTS if layer_type in layer_types(name))


def value_anywhere(enum: str, number: int) -> str | None:
    """Name a number of an enum as the plainest dialect does that has it; None if none has it."""
    known = base_schema().enums.get(enum)
    found = known.name_of(number) if known else None
    if found is not None:
        return found
    rows = (row for name in DIALECTS for row in dialect_table(name).values.values())
    return next((row.name for row in rows if (row.enum, row.number) == (enum, number)), None)


@cache
def fields_anywhere(message: str) -> Mapping[str, frozenset[str]]:
    """Give every field that a message has in some dialect, with its kinds; forks may differ."""
    found: dict[str, set[str]] = {}
    base = base_schema().messages.get(message)
    for field in base.fields.values() if base else ():
        found.setdefault(field.name, set()).add(field.kind)
    for table in map(dialect_table, DIALECTS):
        for row in table.fields.values():
            if row.message == message:
                found.setdefault(row.name, set()).add(row.type.partition(":")[0])
    return MappingProxyType({name: frozenset(kinds) for name, kinds in found.items()})


def _overlaid(table: Table) -> FileDescriptorProto:
    """Make a fork's descriptor of Caffe 1.0's."""
    file = base_file()
    emptied = _take_away(file, table)
    for row in table.fields.values():
        _put_field(_message(file, row.message), row, file.package)
        kind, _, type_name = row.type.partition(":")
        if kind == "message":
            _message(file, type_name)  # One without any field has no row of its own.
    for value in table.values.values():
        _named(_enum(file, value.enum).value, value.name).number = value.number
    for owner in sorted(emptied, key=lambda name: -name.count(".")):  # enums before their messages
        _drop_if_empty(file, owner)
    return file


def _take_away(file: FileDescriptorProto, table: Table) -> set[str]:
    """Remove what a fork lacks; give the messages and enums that lack something."""
    for message in file.message_type:
        for index in reversed(range(len(message.field))):
            if (message.name, message.field[index].name) in table.absent:
                del message.field[index]
    enums = [(enum.name, enum) for enum in file.enum_type]
    enums += [(f"{m.name}.{enum.name}", enum) for m in file.message_type for enum in m.enum_type]
    for owner, enum in enums:
        for index in reversed(range(len(enum.value))):
            if (owner, enum.value[index].name) in table.absent:
                del enum.value[index]
    return {owner for owner, _ in table.absent}


def _message(file: FileDescriptorProto, name: str) -> DescriptorProto:
    """Find a message by its dotted name, or add it."""
    outer, _, inner = name.rpartition(".")
    return _named(_message(file, outer).nested_type if outer else file.message_type, inner)


def _enum(file: FileDescriptorProto, name: str) -> EnumDescriptorProto:
    """Find an enum by its dotted name, or add it."""
    outer, _, inner = name.rpartition(".")
    return _named(_message(file, outer).enum_type if outer else file.enum_type, inner)


def _named(there: RepeatedCompositeFieldContainer[_Named], name: str) -> _Named:
    """Find one of several descriptors by its name, or add it."""
    found = next((it for it in there if it.name == name), None)
    return there.add(name=name) if found is None else found


def _put_field(message: DescriptorProto, row: FieldRow, package: str) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    kind, _, type_name = row.type.partition(":")
    field = _named(message.field, row.name)
    field.CopyFrom(
        FieldDescriptorProto(
            name=row.name,
            number=row.number,
            label=FieldDescriptorProto.Label.Value(f"LABEL_{row.label.upper()}"),
            type=FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}"),
            type_name=f".{package}.{type_name}" if type_name else None,
            default_value=row.default or None,
        )
    )
    if row.options == "packed":
        field.options.packed = True


def _drop_if_empty(file: FileDescriptorProto, name: str) -> None:
    """Remove a message without fields or an enum without values; protobuf takes no such enum."""
    outer, _, inner = name.rpartition(".")
    enums = _message(file, outer).enum_type if outer else file.enum_type
    for index, enum in enumerate(enums):
        if enum.name == inner and not enum.value:
            del enums[index]
            return
    if outer:
        return
    for index, message in enumerate(file.message_type):
        if message.name == inner and not (message.field or message.enum_type):
            del file.message_type[index]
            return
