"""Weights held against a net: what matches, what differs, and what Caffe does about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from shared_data import SHARED, golden_lines, needs_shared

from caffe_proto import base_schema, dialect_schema
from protofix.net.view import NetView, view_of
from protofix.textproto.reader import read
from protofix.textproto.source import Source
from protofix.upgrade.weights.mapped import WeightsError
from protofix.upgrade.weights.match import PartMatch, WeightsMatch, match_weights

Net = base_schema().message_class("NetParameter")

NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 2 } }
"""  # noqa: E501

ZEROS = ", ".join("0" * 288)
CONV = (
    f"blobs {{ shape {{ dim: 4 dim: 3 dim: 3 dim: 3 }} data: [{ZEROS[: 3 * 107 + 1]}] }} "
    "blobs { shape { dim: 4 } data: [1, 2, 3, 4] }"
)
# The same in the old form, with four axes each.
OLD_CONV = CONV.replace(
    "shape { dim: 4 dim: 3 dim: 3 dim: 3 }", "num: 4 channels: 3 height: 3 width: 3"
).replace("shape { dim: 4 }", "num: 1 channels: 1 height: 1 width: 4")
IP = (
    f"blobs {{ shape {{ dim: 2 dim: 144 }} double_data: [{ZEROS}] }} "
    "blobs { shape { dim: 2 } double_data: [1, 2] }"
)


def view(text: str) -> NetView:
    return view_of(read(Source.from_bytes(text.encode())))


def match(tmp_path: Path, net: str, weights: str | bytes) -> WeightsMatch:
    path = tmp_path / "w.caffemodel"
    if isinstance(weights, str):
        weights = text_format.Parse(weights, Net()).SerializeToString()
    path.write_bytes(weights)
    return match_weights(view(net), path)


FORMATS = {
    "today's": f'layer {{ name: "conv" type: "Convolution" {CONV} }} layer {{ name: "ip" {IP} }}',
    "V1": f'layers {{ name: "conv" type: CONVOLUTION {OLD_CONV} }} layers {{ name: "ip" {IP} }}',
    "V0": f'layers {{ layer {{ name: "conv" type: "conv" {OLD_CONV} }} }} '
    f'layers {{ layer {{ name: "ip" {IP} }} }}',
}


@pytest.mark.parametrize("weights", FORMATS.values(), ids=FORMATS)
def test_all_formats_match(weights: str, tmp_path: Path) -> None:
    found = match(tmp_path, NET, weights)
    assert found.mismatches == ()
    assert found.matched == ("conv", "ip")
    assert found.loads


def test_numbers_one_by_one_are_counted(tmp_path: Path) -> None:
    """As the first versions of Caffe wrote them, and with the shape behind."""
    values = b"\x2d\0\0\0\0" * 108
    blob = values + b"\x3a\x06\x0a\x04\x04\x03\x03\x03"
    bias = b"\x3a\x03\x0a\x01\x04\x2a\x10" + bytes(16)
    layer = b"\x0a\x04conv\x3a" + bytes([len(blob) & 127 | 128, len(blob) >> 7]) + blob
    layer += b"\x3a" + bytes([len(bias)]) + bias
    net = b"\xa2\x06" + bytes([len(layer) & 127 | 128, len(layer) >> 7]) + layer
    found = match(tmp_path, NET, net)
    assert found.matched == ("conv",)


@pytest.mark.parametrize(
    ("net", "weights", "lines", "loads"),
    [
        (
            NET,
            f'layer {{ name: "conv" {CONV} }}',
            ["layer `ip`: not in the weights; Caffe fills its 2 parameters anew"],
            True,
        ),
        (
            NET.replace("num_output: 2", "num_output: 5"),
            FORMATS["today's"],
            [
                "layer `ip`: parameter 0 is 5 x 144 in the net, 2 x 144 in the weights; Caffe "
                "aborts: rename the layer to learn it from scratch",
                "layer `ip`: parameter 1 is 5 in the net, 2 in the weights; Caffe aborts: rename "
                "the layer to learn it from scratch",
            ],
            False,
        ),
        (
            NET.replace("num_output: 2", "num_output: 2 bias_term: false"),
            FORMATS["today's"],
            ["layer `ip`: 1 parameter in the net, 2 in the weights; Caffe aborts"],
            False,
        ),
        (
            NET,
            FORMATS["today's"] + f'layer {{ name: "ip2" {IP} }} layer {{ name: "relu2" }}',
            [
                "layer `ip2`: 2 blobs in the weights, but the net has no such layer; Caffe ignores "
                "them"
            ],
            True,
        ),
        (
            NET,
            FORMATS["today's"].replace("[1, 2, 3, 4]", "[1, 2, 3]"),
            [
                "layer `conv`: parameter 1 is 4 and has 3 values in the weights; Caffe aborts: the "
                "file is damaged"
            ],
            False,
        ),
        (
            # As many values in another shape are another shape still.
            NET,
            FORMATS["today's"].replace("dim: 4 }", "dim: 2 dim: 2 }"),
            [
                "layer `conv`: parameter 1 is 4 in the net, 2 x 2 in the weights; Caffe aborts: "
                "rename the layer to learn it from scratch"
            ],
            False,
        ),
        (
            NET.replace('"ReLU"', '"Python"'),
            FORMATS["today's"] + 'layer { name: "relu" blobs { shape { dim: 0 } } }',
            [
                "layer `relu`: the net does not tell the parameters of a layer of type Python: not "
                "compared"
            ],
            True,
        ),
        (
            NET.replace('name: "relu"', 'name: "ip"'),
            f'layer {{ name: "conv" {CONV} }} layer {{ name: "ip" }}',
            [
                "layer `ip`: an earlier layer of that name takes the weights; Caffe fills its 2 "
                "parameters anew"
            ],
            True,
        ),
    ],
    ids=["missing", "shape", "count", "ignored", "values", "same count", "unchecked", "same name"],
)
def test_mismatches(net: str, weights: str, lines: list[str], loads: bool, tmp_path: Path) -> None:
    found = match(tmp_path, net, weights)
    assert [it.line for it in found.mismatches] == lines
    assert found.loads == loads
    assert {it.layer for it in found.mismatches}.isdisjoint(found.matched)


def test_the_old_form_has_ones_in_front(tmp_path: Path) -> None:
    wrong = FORMATS["V1"].replace("width: 4", "height: 4 width: 1").replace("height: 1 h", "h")
    found = match(tmp_path, NET, wrong)
    assert [it.line for it in found.mismatches] == [
        "layer `conv`: parameter 1 is 4 in the net, 1 x 1 x 4 x 1 in the weights; Caffe aborts: "
        "rename the layer to learn it from scratch"
    ]


def test_a_mismatch_names_the_states_that_have_it(tmp_path: Path) -> None:
    net = """
    layer { name: "a" type: "Input" top: "x" input_param { shape { dim: 1 dim: 144 } }
      include { phase: TRAIN } }
    layer { name: "a" type: "Input" top: "x" input_param { shape { dim: 1 dim: 9 } }
      include { phase: TEST } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y"
      inner_product_param { num_output: 2 } }
    """
    found = match(tmp_path, net, f'layer {{ name: "ip" {IP} }}')
    assert [it.line for it in found.mismatches] == [
        "layer `ip` in TEST: parameter 0 is 2 x 9 in the net, 2 x 144 in the weights; Caffe "
        "aborts: rename the layer to learn it from scratch"
    ]


DATA = """
layer { name: "d" type: "Data" top: "x" data_param { source: "s" batch_size: 1 } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y"
  inner_product_param { num_output: 2 } }
layer { name: "next" type: "InnerProduct" bottom: "y" top: "z"
  inner_product_param { num_output: 1 bias_term: false } }
"""
NEXT = 'layer { name: "next" blobs { shape { dim: 1 dim: 2 } data: [1, 2] } }'


def test_what_the_net_does_not_tell_matches_anything_but_in_part(tmp_path: Path) -> None:
    found = match(tmp_path, DATA, f'layer {{ name: "ip" {IP} }} {NEXT}')
    assert found.mismatches == ()
    assert found.matched == ("next",)
    assert found.partly == (
        PartMatch(
            "ip",
            "layer `ip`: matches as far as the net tells: parameter 0 is 2 x ? in the net, 2 x 144 "
            "in the weights",
        ),
    )
    assert found.loads
    assert found.useful


def test_what_the_net_tells_in_one_state_only_is_said(tmp_path: Path) -> None:
    net = DATA.replace("batch_size: 1 }", "batch_size: 1 } include { phase: TRAIN }") + (
        'layer { name: "i" type: "Input" top: "x" input_param { shape { dim: 1 dim: 144 } } '
        "include { phase: TEST } }"
    )
    first, *layers = net.split("layer {")[1:]
    net = "layer {" + "layer {".join([first, layers[-1], *layers[:-1]])
    found = match(tmp_path, net, f'layer {{ name: "ip" {IP} }} {NEXT}')
    assert [part.line.split(":")[0] for part in found.partly] == ["layer `ip` in TRAIN"]


def test_a_part_that_differs_is_a_mismatch(tmp_path: Path) -> None:
    wrong = IP.replace("dim: 2 dim: 144", "dim: 3 dim: 96")
    found = match(tmp_path, DATA, f'layer {{ name: "ip" {wrong} }} {NEXT}')
    assert found.partly == ()
    assert [it.line for it in found.mismatches] == [
        "layer `ip`: parameter 0 is 2 x ? in the net, 3 x 96 in the weights; Caffe aborts: rename "
        "the layer to learn it from scratch"
    ]


SHARING = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 144 } } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" param { name: "w" } param { name: "b" }
  inner_product_param { num_output: 2 } }
layer { name: "b" type: "InnerProduct" bottom: "x" top: "b" param { name: "w" } param { name: "b" }
  inner_product_param { num_output: 2 } }
"""
V1_SHARING = """
input: "x" input_shape { dim: 1 dim: 144 }
layers { name: "a" type: INNER_PRODUCT bottom: "x" top: "a" param: "w" param: "b"
  inner_product_param { num_output: 2 } }
layers { name: "b" type: INNER_PRODUCT bottom: "x" top: "b" param: "w" param: "b"
  inner_product_param { num_output: 2 } }
"""
BOTH_ANEW = [
    f"layer `{name}`: not in the weights; Caffe fills its 2 parameters anew" for name in "ab"
]


@pytest.mark.parametrize(
    ("net", "inside", "matched", "lines"),
    [
        (SHARING, "a", ("a", "b"), []),
        (SHARING, "b", ("a", "b"), []),
        (V1_SHARING, "a", ("a", "b"), []),
        (SHARING, "x", (), BOTH_ANEW),
        (
            SHARING.replace('{ name: "b" }\n', '{ name: "own" }\n', 1),
            "a",
            ("a",),
            ["layer `b`: not in the weights; Caffe fills 1 of its 2 parameters anew"],
        ),
        (
            # A second `param` that no parameter goes with shares nothing.
            SHARING.replace("num_output: 2 }", "num_output: 2 bias_term: false }", 1),
            "b",
            ("a", "b"),
            [],
        ),
        (
            SHARING.replace(
                'param { name: "b" }\n  inner_product_param { num_output: 2 }',
                'param { name: "b" }\n  inner_product_param { num_output: 2 bias_term: false }',
                1,
            ).replace('"w"', '"v"', 1),
            "b",
            ("b",),
            ["layer `a`: not in the weights; Caffe fills its 1 parameter anew"],
        ),
    ],
    ids=["owner", "sharer", "V1", "neither", "one of two", "no bias", "no bias and another name"],
)
def test_shared_parameters_are_filled_once_for_all(
    net: str, inside: str, matched: tuple[str, ...], lines: list[str], tmp_path: Path
) -> None:
    found = match(tmp_path, net, f'layer {{ name: "{inside}" {"" if inside == "x" else IP} }}')
    assert found.matched == matched
    assert [it.line for it in found.mismatches if it.layer] == lines
    assert found.useful == (inside != "x")


def test_weights_of_another_net_are_told(tmp_path: Path) -> None:
    found = match(tmp_path, NET, f'layer {{ name: "ip9" {IP} }}')
    assert (found.loads, found.useful) == (True, False)
    assert [it.line for it in found.mismatches] == [
        "no layer of the net takes anything from these weights, which are those of another net; "
        "Caffe loads them without a word and fills all anew",
        "layer `ip9`: 2 blobs in the weights, but the net has no such layer; Caffe ignores them",
        "layer `conv`: not in the weights; Caffe fills its 2 parameters anew",
        "layer `ip`: not in the weights; Caffe fills its 2 parameters anew",
    ]


RAW = dialect_schema("nvidia").message_class("NetParameter")


@pytest.mark.parametrize(
    ("kind", "size", "lines"),
    [
        ("FLOAT16", 2, []),
        ("DOUBLE", 8, []),
        (None, 8, []),
        (
            "FLOAT16",
            4,
            [
                f"layer `ip`: parameter {n} is {dims} and has {count} values in the weights; Caffe "
                "aborts: the file is damaged"
                for n, dims, count in ((0, "2 x 144", 576), (1, 2, 4))
            ],
        ),
    ],
)
def test_raw_data_of_nvidia_is_counted(
    kind: str | None, size: int, lines: list[str], tmp_path: Path
) -> None:
    net: Any = RAW(layer=[{"name": "ip"}])
    for dims in ([2, 144], [2]):
        raw = {} if kind is None else {"raw_data_type": kind}
        net.layer[0].blobs.add(
            shape={"dim": dims}, raw_data=bytes(size * (288 if len(dims) > 1 else 2)), **raw
        )
    found = match(tmp_path, NET, net.SerializeToString())
    assert [it.line for it in found.mismatches if it.layer == "ip"] == lines
    assert ("ip" in found.matched) == (not lines)


def test_raw_data_of_a_type_that_nobody_knows_is_not_counted(tmp_path: Path) -> None:
    blob = b"\x3a\x05\x0a\x03\x02\x90\x01" + b"\x50\x63" + b"\x62\x02ab"
    layer = b"\x0a\x02ip" + b"\x3a" + bytes([len(blob)]) + blob
    net = NET.replace("num_output: 2", "num_output: 2 bias_term: false")
    found = match(tmp_path, net, b"\xa2\x06" + bytes([len(layer)]) + layer)
    assert ("layer `ip`: parameter 0 has raw data of a type that nobody knows: not counted") in [
        it.line for it in found.mismatches
    ]
    assert found.loads


def test_v0_padding_makes_images_larger(tmp_path: Path) -> None:
    net = """
    input: "x" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 10
    layers { layer { name: "p" type: "padding" pad: 2 } bottom: "x" top: "p" }
    layers { layer { name: "ip" type: "innerproduct" num_output: 2 biasterm: false }
      bottom: "p" top: "y" }
    """
    blob = f"blobs {{ shape {{ dim: 2 dim: {3 * 12 * 14} }} }}"
    found = match(tmp_path, net, f'layer {{ name: "ip" {blob} }}')
    assert found.partly == ()
    assert [it.kind for it in found.mismatches] == ["values"]


def test_a_file_that_is_no_net_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"offset 0: is text; a binary .* is wanted here$"):
        match(tmp_path, NET, b"name: 'x'")
    with pytest.raises(WeightsError, match=r"is HDF5 .* which cannot be compared with a net here"):
        match(tmp_path, NET, b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(WeightsError, match="offset 2: field 4 needs the bytes up to 9"):
        match(tmp_path, NET, b"\x12\x03\x22\x05ab")


BUILT = [
    record
    for record in golden_lines("nets/built.jsonl")
    if "refused" not in record and record["phase"] == "TEST"
]


@needs_shared
@pytest.mark.parametrize("record", BUILT, ids=lambda r: f"{r['file']}:{r['level']}:{r['stages']}")
def test_weights_of_the_shapes_that_caffe_built_match(
    record: dict[str, Any], tmp_path: Path
) -> None:
    weights: Any = Net(layer=[{"name": "none"}])
    learning = []
    for layer in record["layers"]:
        made = weights.layer.add(name=layer["name"])
        for shape in layer["params"]:
            made.blobs.add(shape={"dim": shape})
        if layer["params"]:
            learning.append(layer["name"])
    text = (SHARED / "corpus" / record["file"]).read_text(encoding="utf-8")
    found = match(tmp_path, text, weights.SerializeToString())
    # The blobs are empty, for the sake of speed, which is the one thing that is wrong with them.
    assert {it.kind for it in found.mismatches} <= {"values"}
    assert sorted({it.layer for it in found.mismatches}) == sorted(learning)
