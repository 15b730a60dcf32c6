"""What Caffe makes of nets that are odd: old fields, layers in place, blobs that are given."""

from __future__ import annotations

import pytest

import protofix
from protofix.net.as_built import as_built
from protofix.net.view import view_of

INPUT = 'layer { name: "d" type: "Input" top: "a" input_param { shape { dim: 4 dim: 5 } } }\n'
LABEL = 'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 4 } } }\n'
V0_DATA = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'
V0_CONV = (
    'layers { layer { name: "c" type: "conv" num_output: 2 kernelsize: 3 } '
    'bottom: "data" top: "c" loss_weight: 1 }\n'
)


def said(text: str, **asked: object) -> list[str]:
    return [f"{one.code} {one.message}" for one in protofix.check(text, **asked)]  # type: ignore[arg-type]


def test_rules_and_weights_beside_a_v0_layer_are_dropped() -> None:
    pool = (
        'layers { layer { name: "p" type: "pool" kernelsize: 2 } bottom: "c" top: "p" '
        "include { phase: TEST } }\n"
    )
    [built] = {
        len(one.graph.layers): one
        for one in view_of(protofix.parse(V0_DATA + V0_CONV + pool)).built
    }.values()
    net = as_built(built)
    assert [layer.name for layer in net.layers] == ["input", "c", "p"]
    assert not any(any(layer.loss_weights) for layer in net.layers)
    assert net.outputs == ("p",)


def test_a_v1_layer_among_v0_layers_is_refused() -> None:
    relu = 'layers { name: "r" type: RELU bottom: "c" top: "c" }\n'
    refused = [it for it in said(V0_DATA + V0_CONV + relu) if not it.startswith("PF2")]
    assert refused == [
        "PF305 `r` is in the V1 format among layers of the V0 format, and Caffe drops what it "
        "says: write all in one format"
    ]


@pytest.mark.parametrize("kind", ["SoftmaxWithLoss", "EuclideanLoss", "SigmoidCrossEntropyLoss"])
def test_a_loss_that_would_overwrite_its_scores_is_refused(kind: str) -> None:
    label = LABEL if kind == "SoftmaxWithLoss" else LABEL.replace("dim: 4", "dim: 4 dim: 5")
    loss = f'layer {{ name: "l" type: "{kind}" bottom: "a" bottom: "y" top: "a" }}\n'
    assert said(INPUT + label + loss) == [
        "PF305 `l` cannot work in place: give its top another name than its bottom"
    ]


def test_a_layer_in_place_may_shape_its_blob_anew() -> None:
    inner = (
        'layer { name: "fc" type: "InnerProduct" bottom: "a" top: "a" '
        "inner_product_param { num_output: 7 } }\n"
    )
    net = as_built(view_of(protofix.parse(INPUT + inner)).built[0])
    assert net.blobs == {"a": (4, 7)}


def test_what_a_split_carries_on_leaves_a_loss_its_own_weight() -> None:
    loss = (
        'layer { name: "l" type: "SoftmaxWithLoss" bottom: "a" bottom: "y" top: "l" '
        'loss_weight: 2 }\nlayer { name: "s" type: "Silence" bottom: "l" }\n'
    )
    net = as_built(view_of(protofix.parse(INPUT + LABEL + loss)).built[0])
    assert {layer.name: layer.loss_weights for layer in net.layers if any(layer.loss_weights)} == {
        "l": (1.0,),
        "l_l_0_split": (2.0, 0.0),
    }


def test_shapes_that_are_given_switch_no_check_off() -> None:
    data = (
        'layer { name: "data" type: "Data" top: "data" param { } propagate_down: true '
        'data_param { source: "x" batch_size: 4 } }\n'
    )
    expected = [
        "PF308 `data` has 1 param, but a layer of type Data such as this has no parameters: take "
        "the last away",
        "PF309 `data` has 1 propagate_down and no bottoms: write it once for each bottom, or not "
        "at all",
    ]
    assert said(data) == expected
    assert said(data, given={"data": (4, 3, 8, 8)}) == expected
