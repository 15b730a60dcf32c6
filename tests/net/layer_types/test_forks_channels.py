"""Layers of forks on axes and channels: SENet, ShuffleNet, MobileNet, yjxiong/caffe."""

from __future__ import annotations

import pytest
from fork_tables import Makes, Refuses, said_of, tops_of

# The layer, its bottoms, and the shapes of its tops; ? for what is not known.
TOPS: list[Makes] = [
    # SENet, ShuffleNet, MobileNet
    ('type: "Axpy"', ["1 256 1 1", "1 256 56 56", "1 256 56 56"], ["1 256 56 56"]),
    ('type: "Axpy"', ["1 256", "1 256 56 56", None], ["1 256 56 56"]),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }', ["1 240 28 28"], ["1 240 28 28"]),
    ('type: "DepthwiseConvolution" convolution_param { num_output: 64 group: 64 kernel_size: 3 '
     "pad: 1 stride: 2 }",
     ["1 64 112 112"], ["1 64 56 56"]),
    ('type: "ConvolutionDepthwise" convolution_param { num_output: 64 group: 64 kernel_size: 3 '
     "pad: 1 stride: 2 }",
     ["1 64 112 112"], ["1 64 56 56"]),
    ('type: "ConvolutionDepthwise" convolution_param { kernel_h: 3 kernel_w: 5 dilation: 2 }',
     ["1 64 112 112"], ["1 64 108 104"]),
    ('type: "ReLU6"', ["1 64 112 112"], ["1 64 112 112"]),
    # yjxiong/caffe
    ('type: "BatchReduction" batch_reduction_param { level: 2 level: 3 reduction_param { axis: '
     "1 } }",
     ["8 13 4"], ["8 2 4"]),
    ('type: "BatchReduction"', ["25 101"], ["101"]),
    ('type: "SyncBN"', ["8 64 7 7"], ["8 64 7 7"]),
    ('type: "Gather"', ["8 64 7 7"], ["8 64 7 7"]),
    ('type: "VideoData" video_data_param { batch_size: 32 new_length: 5 num_segments: 3 } '
     "transform_param { crop_size: 224 }",
     [], ["32 30 224 224", "32 1 1 1"]),
    ('type: "VideoData" video_data_param { batch_size: 32 modality: RGB new_height: 256 '
     "new_width: 340 }",
     [], ["32 3 256 340", "32 1 1 1"]),
]  # fmt: skip

# The layer, its bottoms, how many tops, and a piece of what is said.
REFUSED: list[Refuses] = [
    # SENet, ShuffleNet, MobileNet
    ('type: "Axpy"', ["2 8 1 1", "2 9 5 5", "2 9 5 5"], 1, "one for each channel"),
    ('type: "Axpy"', ["2 8 5 5", "2 8 5 5", "2 8 5 5"], 1, "one for each channel"),
    ('type: "Axpy"', ["2 8 1 1", "2 8 5 5", "2 8 5 6"], 1, "they must be alike"),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }',
     ["1 8 5 5"], 1, "does not divide the channels of `b0`, 8"),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 0 }', ["1 8 5 5"], 1, "at least 1"),
    ('type: "DepthwiseConvolution" convolution_param { kernel_size: 3 }',
     ["1 8 5 5"], 1, "needs num_output"),
    ('type: "ConvolutionDepthwise" convolution_param { }', ["1 8 5 5"], 1, "needs kernel_size"),
    ('type: "ConvolutionDepthwise" convolution_param { kernel_size: 9 }',
     ["1 8 5 5"], 1, "more than `b0`"),
    # yjxiong/caffe
    ('type: "BatchReduction" batch_reduction_param { reduction_param { operation: SUMSQ } }',
     ["2 8"], 1, "SUMSQ"),
    ('type: "BatchReduction" batch_reduction_param { level: 2 }',
     ["5 8"], 1, "has levels for 4 parts"),
]  # fmt: skip


@pytest.mark.parametrize("case", TOPS, ids=lambda it: f"{it[0]} {it[1]}"[:90])
def test_what_a_layer_makes(case: Makes) -> None:
    layer, bottoms, tops = case
    assert tops_of(layer, bottoms, len(tops)) == tops


@pytest.mark.parametrize("case", TOPS, ids=lambda it: f"{it[0]} {it[1]}"[:90])
def test_nothing_is_refused_of_what_is_not_known(case: Makes) -> None:
    layer, bottoms, tops = case
    assert said_of(layer, [None] * len(bottoms), len(tops)) == []


@pytest.mark.parametrize("case", REFUSED, ids=lambda it: f"{it[0]} {it[1]}"[:90])
def test_what_a_fork_would_refuse(case: Refuses) -> None:
    layer, bottoms, tops, piece = case
    said = said_of(layer, bottoms, tops)
    assert any(piece in message for message in said), said
