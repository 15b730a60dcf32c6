"""The look-up tables of a schema as JSON, which is read in far less time than a descriptor.

protobuf alone takes longer to import than a small net to be checked. `caffe.json` holds the tables
of Caffe's own schema; `tools/compile_schema.py` makes it with the descriptor.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

from caffe_proto.schema import EnumType, FieldType, MessageType, Schema


def stored_tables(schema: Schema) -> str:
    """The tables of a schema: an object of enums and one of messages, each of them on a line."""
    enums = {name: dict(it.values) for name, it in schema.enums.items()}
    messages = {
        name: [
            [it.name, it.number, it.label, it.kind, it.type_name, it.default, it.packed]
            for it in message.fields.values()
        ]
        for name, message in schema.messages.items()
    }
    return f'{{"enums": {_by_lines(enums)},\n"messages": {_by_lines(messages)}}}\n'


def _by_lines(named: dict[str, Any]) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(it)}" for name, it in named.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def schema_of_tables(name: str, tables: str, descriptor: bytes) -> Schema:
    """The schema of what `stored_tables` gave; `descriptor` is the one that it was made of."""
    content = json.loads(tables)
    messages = {owner: _message(owner, rows) for owner, rows in content["messages"].items()}
    enums = {owner: EnumType(owner, MappingProxyType(it)) for owner, it in content["enums"].items()}
    return Schema(name, MappingProxyType(messages), MappingProxyType(enums), descriptor)


def _message(owner: str, rows: list[list[Any]]) -> MessageType:
    fields = {row[0]: FieldType(*row) for row in rows}
    return MessageType(owner, MappingProxyType(fields))
