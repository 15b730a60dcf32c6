"""A schema written as the tables have it: one row for each field and each value of an enum."""

from __future__ import annotations

from collections.abc import Iterator

from caffe_proto import FieldType, Schema

# A row less its owner: field name number label type default options, or enum name number.
Row = tuple[str, ...]


def rows_of_schema(schema: Schema) -> Iterator[tuple[str, str, Row]]:
    """Give (kind, owner, row) of everything that a schema holds."""
    for message in schema.messages.values():
        for it in message.fields.values():
            kind = f"{it.kind}:{it.type_name}" if it.type_name else it.kind
            packed = "packed" if it.packed else ""
            row = (it.name, str(it.number), it.label, kind, default_text(it), packed)
            yield "field", message.name, row
    for enum in schema.enums.values():
        for name, number in enum.values.items():
            yield "enum", enum.name, (name, str(number))


def default_text(it: FieldType) -> str:
    """Write a default as the tables do."""
    if it.default is None:
        return ""
    if isinstance(it.default, bool):
        return str(it.default).lower()
    return f"{it.default:g}" if isinstance(it.default, float) else str(it.default)


def row_of_line(line: str) -> tuple[str, str, Row]:
    """Read a line of a table, a field's or an enum's."""
    kind, owner, *row = line.split("\t")
    width = 6 if kind == "field" else 2
    return kind, owner, tuple(row + [""] * (width - len(row)))
