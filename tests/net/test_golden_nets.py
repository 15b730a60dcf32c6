"""Graphs and shapes against the nets that Caffe built."""

from __future__ import annotations

from typing import Any

import pytest
from shared_data import SHARED, golden_lines, needs_shared

from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.shapes import shapes_of
from protofix.net.states import NetState
from protofix.textproto.reader import read
from protofix.textproto.source import Source

BUILT = [record for record in golden_lines("nets/built.jsonl") if "refused" not in record]


def state_of(record: dict[str, Any]) -> NetState:
    return NetState(record["phase"], record["level"], frozenset(record["stages"]))


@needs_shared
@pytest.mark.parametrize("record", BUILT, ids=lambda r: f"{r['file']}:{state_of(r)}")
def test_graph_and_known_shapes_are_those_of_caffe(record: dict[str, Any]) -> None:
    source = Source.from_bytes((SHARED / "corpus" / record["file"]).read_bytes())
    graph = build_graph(bind(read(source)), state_of(record))
    assert not graph.unmade
    assert not graph.remade
    given = {blob: tuple(shape) for blob, shape in record["given"].items()}
    shapes = shapes_of(graph, given)
    last = {version.blob: shapes[version.number] for version in graph.versions}
    compared = 0
    for blob, expected in record["blobs"].items():
        shape = last.get(blob)  # The copies that Caffe's Split layers make are not in the file.
        if shape is not None:
            compared += 1
            assert len(shape) == len(expected), blob
            assert all(a in (None, b) for a, b in zip(shape, expected, strict=True)), blob
    assert compared
