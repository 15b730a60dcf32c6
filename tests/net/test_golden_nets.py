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
    own = own_layers(record, bool(graph.net.inputs))
    assert [layer.name for layer in graph.layers if layer.type != "padding"] == own
    assert sorted({version.blob for version in graph.outputs()}) == sorted(record["outputs"])
    last = {version.blob: shapes[version.number] for version in graph.versions}
    # The copies that Caffe's Split layers make are not in the file.
    known = {blob: last[blob] for blob in record["blobs"] if last.get(blob) is not None}
    for blob, shape in known.items():
        assert shape is not None
        expected = record["blobs"][blob]
        assert len(shape) == len(expected), blob
        assert all(a in (None, b) for a, b in zip(shape, expected, strict=True)), blob
    assert len(known) >= 0.8 * sum(blob in last for blob in record["blobs"])


def own_layers(record: dict[str, Any], has_inputs: bool) -> list[str]:
    """The layers of a built net that its file has: no Split of Caffe's, no Input for `input`.

    The padding layers of the V0 format, which Caffe folds into convolutions, are not in it.
    """
    return [
        layer["name"]
        for layer in record["layers"]
        if not (layer["type"] == "Split" and "_split" in layer["name"])
        and not (has_inputs and layer["type"] == "Input" and layer["name"] == "input")
    ]
