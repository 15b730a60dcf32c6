"""The schema holds what the table of Caffe's schema says, all of it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from schema_rows import Row, row_of_line, rows_of_schema

from caffe_proto import base_file, base_schema

TABLE = Path(__file__).parents[2].parent / "shared" / "schema" / "bvlc.tsv"
pytestmark = pytest.mark.skipif(
    not TABLE.exists(), reason="needs ../shared, which this checkout has not"
)

Rows = dict[str, list[Row]]


def grouped(rows: Iterator[tuple[str, str, Row]]) -> Rows:
    owners: Rows = {}
    for kind, owner, row in rows:
        owners.setdefault(owner, []).append((kind, *row))
    return owners


def rows_of_table() -> Iterator[tuple[str, str, Row]]:
    for line in TABLE.read_text().splitlines():
        if not line.startswith("#"):
            yield row_of_line(line)


def rows_of_descriptor() -> Iterator[tuple[str, str, Row]]:
    """Read the descriptor itself, without what schema.py makes of it."""
    file = base_file()
    labels = {1: "optional", 2: "required", 3: "repeated"}
    for enum in file.enum_type:
        for value in enum.value:
            yield "enum", enum.name, (value.name, str(value.number))
    for message in file.message_type:
        assert not message.nested_type and not message.extension and not message.oneof_decl
        for it in message.field:
            kind = it.Type.Name(it.type).removeprefix("TYPE_").lower()
            if it.type_name:
                kind += ":" + it.type_name.removeprefix(".caffe.")
            packed = "packed" if it.options.packed else ""
            row = (it.name, str(it.number), labels[it.label], kind, it.default_value, packed)
            yield "field", message.name, row
        for enum in message.enum_type:
            for value in enum.value:
                yield "enum", f"{message.name}.{enum.name}", (value.name, str(value.number))


IN_TABLE = grouped(rows_of_table()) if TABLE.exists() else {}
IN_DESCRIPTOR = grouped(rows_of_descriptor())
IN_SCHEMA = grouped(rows_of_schema(base_schema()))
OWNERS = list(IN_TABLE) or ["every owner"]


@pytest.mark.parametrize("owner", OWNERS)
def test_descriptor_says_what_the_table_says(owner: str) -> None:
    assert IN_DESCRIPTOR.get(owner) == IN_TABLE[owner]


@pytest.mark.parametrize("owner", OWNERS)
def test_schema_says_what_the_table_says(owner: str) -> None:
    assert IN_SCHEMA.get(owner) == IN_TABLE[owner]


def test_nothing_is_there_that_the_table_has_not() -> None:
    assert list(IN_DESCRIPTOR) == list(IN_TABLE)
    assert IN_SCHEMA.keys() == IN_TABLE.keys()


def test_proto_is_of_proto2_and_stands_alone() -> None:
    file = base_file()
    # protoc writes no syntax for proto2.
    assert (file.package, file.syntax) == ("caffe", "")
    assert not file.dependency and not file.extension and not file.service
