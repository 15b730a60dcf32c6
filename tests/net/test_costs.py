"""Multiply-adds of layers by their formulas, and of known nets as they were published."""

from __future__ import annotations

import pytest
from shared_data import SHARED, needs_shared

from protofix.net.build import build
from protofix.net.costs import multiply_adds
from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.states import NetState
from protofix.net.view import view_of
from protofix.net.which_caffe import CAFFE_1_0
from protofix.reports.show.facts import net_facts
from protofix.textproto.reader import read
from protofix.textproto.source import Source

CONV = "convolution_param { num_output: 6 kernel_size: 3"
LSTM = "recurrent_param { num_output: 5 }"

# The layer, the shapes that it reads, the phase, and what one forward pass takes.
COSTS = [
    # Each of 2 · 6 · 8 · 8 values is a sum over 4 channels and a window of 3 · 3.
    ('type: "Convolution" ' + CONV + " }", ["2 4 10 10"], "TEST", 2 * 6 * 8 * 8 * 4 * 9),
    ('type: "Convolution" ' + CONV + " group: 2 }", ["2 4 10 10"], "TEST", 2 * 6 * 8 * 8 * 2 * 9),
    ('type: "Convolution" ' + CONV + " stride: 2 }", ["1 4 11 11"], "TEST", 6 * 5 * 5 * 4 * 9),
    # Each of 2 · 4 · 10 · 10 values is spread over 6 outputs and a window of 3 · 3.
    ('type: "Deconvolution" ' + CONV + " }", ["2 4 10 10"], "TEST", 2 * 4 * 10 * 10 * 6 * 9),
    ('type: "InnerProduct" inner_product_param { num_output: 7 }', ["2 3 5"], "TEST", 2 * 15 * 7),
    ('type: "InnerProduct" inner_product_param { num_output: 7 axis: 2 transpose: true }',
     ["2 3 5"], "TEST", 2 * 3 * 5 * 7),
    ('type: "Scale" scale_param { bias_term: true }', ["2 3 5"], "TEST", 30),
    ('type: "Bias"', ["2 3 5"], "TEST", 30),
    ('type: "BatchNorm"', ["2 3 5"], "TEST", 30),
    ('type: "BatchNorm"', ["2 3 5"], "TRAIN", 3 * 30),
    ('type: "BatchNorm" batch_norm_param { use_global_stats: true }', ["2 3 5"], "TRAIN", 30),
    ('type: "LRN"', ["1 8 4 4"], "TEST", 4 * 128),
    ('type: "LRN" lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }',
     ["1 8 4 4"], "TEST", (9 + 3) * 128),
    ('type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }', ["1 8 4 4"], "TEST", 0),
    ('type: "Pooling" pooling_param { pool: AVE kernel_size: 2 stride: 2 }',
     ["1 8 4 4"], "TEST", 8 * 2 * 2 * 4),
    ('type: "Pooling" pooling_param { pool: AVE kernel_h: 1 kernel_w: 4 }',
     ["1 8 4 4"], "TEST", 8 * 4 * 1 * 4),
    ('type: "Pooling" pooling_param { pool: AVE global_pooling: true }',
     ["1 8 4 4"], "TEST", 128),
    ('type: "Eltwise"', ["2 5", "2 5", "2 5"], "TEST", 30),
    ('type: "Eltwise" eltwise_param { operation: PROD }', ["2 5", "2 5", "2 5"], "TEST", 20),
    ('type: "Eltwise" eltwise_param { operation: MAX }', ["2 5", "2 5", "2 5"], "TEST", 0),
    ('type: "ReLU"', ["2 5"], "TEST", 0),
    ('type: "ReLU" relu_param { negative_slope: 0.1 }', ["2 5"], "TEST", 10),
    ('type: "Dropout"', ["2 5"], "TEST", 0),
    ('type: "Dropout"', ["2 5"], "TRAIN", 10),
    ('type: "MVN"', ["2 5 4 4"], "TEST", 3 * 160),
    ('type: "Embed" embed_param { num_output: 4 input_dim: 9 }', ["3"], "TEST", 12),
    ('type: "Embed" embed_param { num_output: 4 input_dim: 9 bias_term: false }',
     ["3"], "TEST", 0),
    # 3 steps of 2 streams: 20 × 6 and 20 × 5 weights; the flag, two sums of 4 gates, and the cell.
    ('type: "LSTM" ' + LSTM, ["3 2 6", "3 2"], "TEST", 6 * (120 + 100 + 5 * (1 + 8 + 4))),
    # The same with an input for all steps, multiplied by 20 × 7 weights once a stream.
    ('type: "LSTM" ' + LSTM, ["3 2 6", "3 2", "2 7"], "TEST",
     6 * (120 + 100 + 5 * (1 + 12 + 4)) + 2 * 140),
    ('type: "RNN" ' + LSTM, ["3 2 6", "3 2"], "TEST", 6 * (30 + 25 + 25 + 5 * (1 + 2))),
    ('type: "Concat"', ["2 5", "2 5"], "TEST", 0),
    ('type: "Softmax"', ["2 5"], "TEST", 20),
    ('type: "Python"', ["2 5"], "TEST", None),
    ('type: "ReLU" relu_param { negative_slope: 0.1 }', [None], "TEST", None),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "bottoms", "phase", "cost"), COSTS)
def test_a_layer_takes(layer: str, bottoms: list[str | None], phase: str, cost: int | None) -> None:
    lines = []
    for index, shape in enumerate(bottoms):
        if shape is None:
            lines.append(f'layer {{ type: "Python" top: "b{index}" }}')
        else:
            dims = " ".join(f"dim: {dim}" for dim in shape.split())
            lines.append(
                f'layer {{ type: "Input" top: "b{index}" input_param {{ shape {{ {dims} }} }} }}'
            )
    reads = " ".join(f'bottom: "b{index}"' for index in range(len(bottoms)))
    lines.append(f'layer {{ name: "x" {reads} top: "t" {layer} }}')
    built = build(build_graph(bind(read(Source("\n".join(lines)))), NetState(phase)), CAFFE_1_0)
    last = built.graph.layers[-1]
    assert not built.refusals
    found = multiply_adds(
        last, phase, built.bottoms_of(last), built.tops_of(last), built.params[last.index]
    )
    assert found == cost


# Billions of multiply-adds for an image, and millions of parameters, as they are given for the nets
# (Krizhevsky and others 2012; Szegedy and others 2014: 1.5; He and others 2015: 3.8, 7.6, 11.3).
# Those figures count convolutions and inner products alone, so that a little more is found here.
PUBLISHED = [
    ("caffe-1.0/models/bvlc_alexnet/deploy.prototxt", (0.72, 0.73), 61.0),
    ("caffe-1.0/models/bvlc_reference_caffenet/deploy.prototxt", (0.72, 0.73), 61.0),
    ("caffe-1.0/models/bvlc_googlenet/deploy.prototxt", (1.5, 1.6), 7.0),
    ("resnet/prototxt/ResNet-50-deploy.prototxt", (3.8, 3.9), 25.6),
    ("resnet/prototxt/ResNet-101-deploy.prototxt", (7.6, 7.7), 44.5),
    ("resnet/prototxt/ResNet-152-deploy.prototxt", (11.3, 11.4), 60.2),
]


@needs_shared
@pytest.mark.parametrize(("file", "billions", "millions"), PUBLISHED)
def test_known_nets_cost_what_is_known_of_them(
    file: str, billions: tuple[float, float], millions: float
) -> None:
    text = (SHARED / "corpus" / file).read_text()
    assert_costs(text, billions, millions)


def test_vgg_16_costs_what_is_known_of_it() -> None:
    # Simonyan and Zisserman 2014, configuration D.
    blocks = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
    lines = ['input: "data" input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }']
    bottom = "data"
    for block, (outputs, count) in enumerate(blocks, 1):
        for number in range(1, count + 1):
            name = f"conv{block}_{number}"
            lines.append(
                f'layer {{ name: "{name}" type: "Convolution" bottom: "{bottom}" top: "{name}" '
                f"convolution_param {{ num_output: {outputs} kernel_size: 3 pad: 1 }} }}"
            )
            bottom = name
        lines.append(
            f'layer {{ name: "pool{block}" type: "Pooling" bottom: "{bottom}" top: "pool{block}" '
            "pooling_param { kernel_size: 2 stride: 2 } }"
        )
        bottom = f"pool{block}"
    for name, outputs in (("fc6", 4096), ("fc7", 4096), ("fc8", 1000)):
        lines.append(
            f'layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}" '
            f"inner_product_param {{ num_output: {outputs} }} }}"
        )
        bottom = name
    assert_costs("\n".join(lines), (15.4, 15.5), 138.4)


def assert_costs(text: str, billions: tuple[float, float], millions: float) -> None:
    facts = net_facts("net.prototxt", view_of(read(Source(text))).built[-1], {})
    images = facts.layers[0].tops[0].shape
    assert images is not None
    assert images[0] is not None
    assert facts.multiply_adds.unknown == 0
    assert billions[0] <= facts.multiply_adds.known / images[0] / 1e9 <= billions[1]
    assert facts.learnable.known / 1e6 == pytest.approx(millions, abs=0.05)
