"""Layers with a field that no Caffe known here has: what they make and demand is not known."""

from __future__ import annotations

import pytest
from mending import said

import protofix

DATA = (
    'layer { name: "data" type: "Input" top: "data" '
    "input_param { shape { dim: 1 dim: 3 dim: 10 dim: 10 } } }\n"
)
CONV = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" '
    "convolution_param { num_output: 3 kernel_size: 3 stride: 2 } }\n"
)
JOINED = 'layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "pool" top: "sum" }\n'
# A convolution rounds down, a pooling up.
UNLIKE = (
    'PF306 `"pool"`: `sum` reads `pool`, which is 1 × 3 × 5 × 5, beside `conv`, '
    "which is 1 × 3 × 4 × 4: all its bottoms must be of one shape"
)


def pool(more: str = "", beside: str = "", blobs: str = 'bottom: "data" top: "pool"') -> str:
    return (
        f'layer {{ name: "pool" type: "Pooling" {blobs} '
        f"pooling_param {{ kernel_size: 3 stride: 2 {more} }} {beside} }}\n"
    )


def unknown(name: str, owner: str, end: str = ", nor in any fork known here") -> str:
    return f"PF101 `{name}`: {owner} has no field `{name}` in Caffe 1.0{end}"


TWO_TOPS = 'bottom: "data" top: "pool" top: "more" top: "most"'

# What is tried, the layers, and all that is said of the schema and of shapes.
NETS = {
    "all is known": ([DATA, CONV, pool(), JOINED], [UNLIKE]),
    "a field of nobody's within its parameters": (
        [DATA, CONV, pool("ceil_mode: false"), JOINED],
        [unknown("ceil_mode", "PoolingParameter")],
    ),
    "a field of nobody's beside its parameters": (
        [DATA, CONV, pool(beside="pooling_param_of_ours { }"), JOINED],
        [unknown("pooling_param_of_ours", "LayerParameter")],
    ),
    "more tops than its type has": (
        [DATA, pool("ceil_mode: false", blobs=TWO_TOPS)],
        [unknown("ceil_mode", "PoolingParameter")],
    ),
    "a demand of its type": (
        [DATA, pool("ceil_mode: false pad: 9")],
        [unknown("ceil_mode", "PoolingParameter")],
    ),
    "more param than its type has": (
        [DATA, pool("ceil_mode: false", beside="param { } param { }")],
        [unknown("ceil_mode", "PoolingParameter")],
    ),
    "within a message of a message": (
        [DATA, CONV.replace("stride", "weight_filler { sparsity: 1 } stride"), pool(), JOINED],
        [unknown("sparsity", "FillerParameter")],
    ),
    "a layer of the V1 format": (
        [
            'input: "data" input_shape { dim: 1 dim: 3 dim: 10 dim: 10 }\n',
            'layers { name: "pool" type: POOLING bottom: "data" top: "pool" top: "more" '
            'top: "most" strict_dim: false }',
        ],
        [unknown("strict_dim", "V1LayerParameter")],
    ),
    "a mark too many, which no Caffe takes": (
        [DATA, pool("ceil_mode: false", beside="propagate_down: true propagate_down: true")],
        [
            unknown("ceil_mode", "PoolingParameter"),
            "PF309 `true`: `pool` has 2 propagate_down and 1 bottom: write it once for each "
            "bottom, or not at all",
        ],
    ),
    # What is misspelt, in another place or of a fork known here makes no other layer of it.
    "a slip": (
        [DATA, CONV, pool(beside="nmae: 'x'"), JOINED],
        [unknown("nmae", "LayerParameter", ": did you mean `name`?"), UNLIKE],
    ),
    "a field in another place": (
        [DATA, CONV, pool(beside="pool: MAX"), JOINED],
        [unknown("pool", "LayerParameter", ": it belongs in `pooling_param`"), UNLIKE],
    ),
    "a slip of a fork's field": (
        [DATA, CONV.replace("stride", "fusion_typ: SUM_FUSION stride"), pool(), JOINED],
        [
            unknown(
                "fusion_typ", "ConvolutionParameter", ": did you mean `fusion_type`? Intel has it"
            ),
            UNLIKE,
        ],
    ),
    "a field of a solver": (
        [DATA, CONV.replace("stride", "weight_decay: 3 stride"), pool(), JOINED],
        [unknown("weight_decay", "ConvolutionParameter", ": it belongs in a solver"), UNLIKE],
    ),
    "a field of the net": (
        [DATA, CONV, pool(), JOINED, "made_by_us: true"],
        [UNLIKE, unknown("made_by_us", "NetParameter")],
    ),
}
CODES = ("PF10", "PF30")


@pytest.mark.parametrize("title", NETS, ids=lambda title: title.replace(" ", "-"))
def test_what_is_not_known_is_not_held_against_a_layer(title: str) -> None:
    layers, wanted = NETS[title]
    assert [it for it in said("".join(layers), "PF") if it.startswith(CODES)] == wanted


@pytest.mark.parametrize("field", ["", "ceil_mode: false"])
def test_what_can_work_in_place_is_not_known_of_it(field: str) -> None:
    net = DATA + pool(field, blobs='bottom: "data" top: "data"')
    assert ("PF328" in [it[:5] for it in said(net, "PF")]) == (not field)


HOLES = "convolution_param { num_output: 3 kernel_size: 3 dilation: 2 }"


def test_what_another_caffe_known_here_computes_is_known() -> None:
    """SegNet has no dilation, and whoever writes it means that of Caffe 1.0."""
    text = DATA + CONV.replace(
        "convolution_param { num_output: 3 kernel_size: 3 stride: 2 }", HOLES
    )
    found = protofix.check(text + pool() + JOINED, "net.prototxt", dialect="segnet")
    assert [it.code for it in found if it.code == "PF306"] == ["PF306"]
    assert "`dilation`" in found[1].message
