"""Shapes of learnable parameters: those of the nets that Caffe built, and each type by itself."""

from __future__ import annotations

from typing import Any

import pytest
from shared_data import SHARED, golden_lines, needs_shared

from caffe_proto import LAYERS
from protofix.net.build import build
from protofix.net.graph import Graph, build_graph
from protofix.net.layer_types.registry import rule_of
from protofix.net.layers import bind
from protofix.net.parameters import parameter_names
from protofix.net.shapes import Shape, Shapes
from protofix.net.states import NetState
from protofix.net.which_caffe import CAFFE_1_0
from protofix.textproto.reader import read
from protofix.textproto.source import Source

BUILT = [record for record in golden_lines("nets/built.jsonl") if "refused" not in record]


def graph_of(text: bytes, state: NetState) -> Graph:
    return build_graph(bind(read(Source.from_bytes(text))), state)


@needs_shared
@pytest.mark.parametrize(
    "record", BUILT, ids=lambda r: f"{r['file']}:{r['phase']}:{r['level']}:{r['stages']}"
)
def test_parameters_are_those_of_caffe(record: dict[str, Any]) -> None:
    text = (SHARED / "corpus" / record["file"]).read_bytes()
    state = NetState(record["phase"], record["level"], frozenset(record["stages"]))
    graph = graph_of(text, state)
    given = {blob: tuple(shape) for blob, shape in record["given"].items()}
    found = build(graph, CAFFE_1_0, given).params
    # Recorded with an Input in place of each Python layer that makes data, and without padding.
    own = {
        layer.name: found[layer.index]
        for layer in graph.layers
        if layer.type not in ("Python", "padding")
    }
    expected = {layer["name"]: layer["params"] for layer in record["layers"]}
    for name, shapes in own.items():
        wanted = expected[name]
        assert shapes is not None, name
        assert len(shapes) == len(wanted), name
        for shape, want in zip(shapes, wanted, strict=True):
            assert shape is not None, name
            assert len(shape) == len(want), name
            assert all(a in (None, b) for a, b in zip(shape, want, strict=True)), name
    dims = [dim for shapes in own.values() for shape in shapes or () for dim in shape or ()]
    padded = any(layer.type == "padding" for layer in graph.layers)
    assert dims.count(None) <= (0.2 if padded else 0) * len(dims)


def parameters(layer: str, *bottoms: str) -> Shapes | None:
    """Parameters of the last layer of a net whose inputs have the given shapes, "" for unknown."""
    inputs = "".join(
        f'layer {{ type: "Input" top: "b{i}" input_param {{ shape {{ {shape} }} }} }}\n'
        if shape
        else f'layer {{ type: "Python" top: "b{i}" }}\n'
        for i, shape in enumerate(bottoms)
    )
    reads = " ".join(f'bottom: "b{i}"' for i in range(len(bottoms)))
    text = f'{inputs}layer {{ name: "x" {reads} top: "t" {layer} }}'
    graph = graph_of(text.encode(), NetState("TEST"))
    return build(graph, CAFFE_1_0).params[len(bottoms)]


IMAGES = "dim: 2 dim: 6 dim: 8 dim: 9"
STEPS, FLAGS, STATIC = "dim: 5 dim: 2 dim: 3 dim: 4", "dim: 5 dim: 2", "dim: 2 dim: 7"
STATE = "dim: 1 dim: 2 dim: 10"

CASES: list[tuple[str, tuple[str, ...], Shapes | None]] = [
    (
        'type: "Convolution" convolution_param { num_output: 4 group: 2 kernel_size: 3 }',
        (IMAGES,),
        ((4, 3, 3, 3), (4,)),
    ),
    (
        'type: "Convolution" convolution_param { num_output: 4 kernel_h: 1 kernel_w: 5 }',
        (IMAGES,),
        ((4, 6, 1, 5), (4,)),
    ),
    (
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 axis: 2 }',
        (IMAGES,),
        ((4, 8, 3), (4,)),
    ),
    (
        'type: "Convolution" convolution_param { num_output: 4 kernel_size: 3 }',
        ("",),
        ((4, None, 3, 3), (4,)),
    ),
    (
        'type: "Deconvolution" '
        "convolution_param { num_output: 4 group: 2 kernel_size: 3 bias_term: false }",
        (IMAGES,),
        ((6, 2, 3, 3),),
    ),
    (
        'type: "InnerProduct" inner_product_param { num_output: 4 }',
        (IMAGES,),
        ((4, 432), (4,)),
    ),
    (
        'type: "InnerProduct" '
        "inner_product_param { num_output: 4 axis: -1 transpose: true bias_term: false }",
        (IMAGES,),
        ((9, 4),),
    ),
    ('type: "InnerProduct" inner_product_param { num_output: 4 }', ("",), ((4, None), (4,))),
    ('type: "Embed" embed_param { num_output: 4 input_dim: 30 }', (FLAGS,), ((30, 4), (4,))),
    ('type: "Scale"', (IMAGES,), ((6,),)),
    ('type: "Scale" scale_param { axis: 2 num_axes: -1 }', (IMAGES,), ((8, 9),)),
    ('type: "Scale" scale_param { num_axes: 0 bias_term: true }', (IMAGES,), ((), ())),
    ('type: "Scale" scale_param { axis: 0 bias_term: true }', (IMAGES, "dim: 2 dim: 6"), ((2, 6),)),
    ('type: "Scale"', (IMAGES, "dim: 6"), ()),
    ('type: "Scale"', ("",), ((None,),)),
    ('type: "Bias" bias_param { axis: 1 num_axes: 3 }', (IMAGES,), ((6, 8, 9),)),
    ('type: "Bias"', (IMAGES, "dim: 6"), ()),
    ('type: "BatchNorm"', (IMAGES,), ((6,), (6,), (1,))),
    ('type: "PReLU"', (IMAGES,), ((6,),)),
    ('type: "PReLU" prelu_param { channel_shared: true }', (IMAGES,), ((),)),
    ('type: "Parameter" parameter_param { shape { dim: 3 dim: 4 } }', (), ((3, 4),)),
    (
        'type: "RNN" recurrent_param { num_output: 10 }',
        (STEPS, FLAGS),
        ((10, 12), (10,), (10, 10), (10, 10), (10,)),
    ),
    (
        'type: "RNN" top: "h" recurrent_param { num_output: 10 expose_hidden: true }',
        (STEPS, FLAGS, STATE),
        ((10, 12), (10,), (10, 10), (10, 10), (10,)),
    ),
    (
        'type: "LSTM" recurrent_param { num_output: 10 }',
        (STEPS, FLAGS, STATIC),
        ((40, 12), (40,), (40, 7), (40, 10)),
    ),
    ('type: "ReLU"', (IMAGES,), ()),
    ('type: "Python" python_param { module: "m" layer: "L" }', (IMAGES,), None),
    ('type: "Norm"', (IMAGES,), None),
]


@pytest.mark.parametrize(("layer", "bottoms", "expected"), CASES, ids=[case[0] for case in CASES])
def test_parameters_of_each_type(
    layer: str, bottoms: tuple[str, ...], expected: Shapes | None
) -> None:
    assert parameters(layer, *bottoms) == expected


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        ('layer { param { name: "w" } param { lr_mult: 2 } param { name: "b" } }', ("w", "", "b")),
        ('layers { type: RELU param: "w" param: "b" }', ("w", "b")),
        ("layers { layer { name: 'a' } }", ()),
        ("layer { name: 'a' }", ()),
    ],
)
def test_names_of_parameters_in_each_format(layer: str, names: tuple[str, ...]) -> None:
    [bound] = bind(read(Source.from_bytes(layer.encode()))).layers
    assert parameter_names(bound) == names


@pytest.mark.parametrize(
    ("fields", "shape"),
    [("pad: 2", (1, 3, 12, 14)), ("", (1, 3, 8, 10))],
)
def test_v0_padding_puts_zeros_around_images(fields: str, shape: Shape) -> None:
    net = f"""
    input: "a" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 10
    layers {{ layer {{ type: "padding" {fields} }} bottom: "a" top: "p" }}
    """
    graph = graph_of(net.encode(), NetState("TEST", 0, frozenset()))
    result = graph.result_of(graph.layers[0])
    assert result is not None
    assert build(graph, CAFFE_1_0).shapes[result.number] == shape


def test_every_type_is_known() -> None:
    assert [name for name in LAYERS if rule_of(name) is None] == []
