"""Nets as Caffe built them: layers, splits, shapes, parameters and outputs, to the last."""

from __future__ import annotations

from typing import Any

import pytest
from shared_data import SHARED, golden_lines, needs_shared

from protofix.net.as_built import as_built
from protofix.net.build import build
from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.states import NetState
from protofix.net.which_caffe import CAFFE_1_0
from protofix.textproto.reader import read
from protofix.textproto.source import Source

BUILT = [record for record in golden_lines("nets/built.jsonl") if "refused" not in record]


def state_of(record: dict[str, Any]) -> NetState:
    return NetState(record["phase"], record["level"], frozenset(record["stages"]))


@needs_shared
@pytest.mark.parametrize("record", BUILT, ids=lambda r: f"{r['file']}:{state_of(r)}")
def test_a_net_is_built_as_caffe_built_it(record: dict[str, Any]) -> None:
    source = Source.from_bytes((SHARED / "corpus" / record["file"]).read_bytes())
    graph = build_graph(bind(read(source)), state_of(record))
    given = {blob: tuple(shape) for blob, shape in record["given"].items()}
    built = build(graph, CAFFE_1_0, given)
    assert (graph.unmade, graph.remade, graph.shared_in_place, built.refusals) == ((), (), (), ())
    net = as_built(built)
    layers = [
        {
            "name": layer.name,
            "type": layer.type,
            "bottom": list(layer.bottoms),
            "top": list(layer.tops),
            "params": None if layer.params is None else list(map(to_list, layer.params)),
        }
        for layer in net.layers
    ]
    assert layers == record["layers"]
    assert {blob: to_list(shape) for blob, shape in net.blobs.items()} == record["blobs"]
    assert list(net.blobs) == list(record["blobs"])
    assert list(net.outputs) == record["outputs"]


def to_list(shape: tuple[int | None, ...] | None) -> list[int | None] | None:
    return None if shape is None else list(shape)
