"""Layers of forks on axes and channels, or value by value, made and refused."""

from __future__ import annotations

from building import Makes, Refuses, makes, refuses, refuses_nothing_unknown

BUILT: list[Makes] = [
    # SSD
    ('type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }',
     "1 16 38 38", "1 38 38 16"),
    ('type: "Permute" permute_param { order: 1 }', "2 3 4", "3 2 4"),
    ('type: "Permute"', "2 3 4", "2 3 4"),
    # SENet, ShuffleNet, MobileNet
    ('type: "Axpy"', ["1 256 1 1", "1 256 56 56", "1 256 56 56"], "1 256 56 56"),
    ('type: "Axpy"', ["1 256", "1 256 56 56", None], "1 256 56 56"),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }', "1 240 28 28", "1 240 28 28"),
    ('type: "DepthwiseConvolution" convolution_param { num_output: 64 group: 64 kernel_size: 3 '
     "pad: 1 stride: 2 }",
     "1 64 112 112", "1 64 56 56", ["64 1 3 3", "64"]),
    ('type: "ConvolutionDepthwise" convolution_param { num_output: 64 group: 64 kernel_size: 3 '
     "pad: 1 stride: 2 }",
     "1 64 112 112", "1 64 56 56", ["64 1 3 3", "64"]),
    ('type: "ConvolutionDepthwise" convolution_param { kernel_h: 3 kernel_w: 5 dilation: 2 }',
     "1 64 112 112", "1 64 108 104", ["64 1 3 5", "64"]),
    ('type: "ReLU6"', "1 64 112 112", "1 64 112 112"),
    ('type: "DepthwiseConvolution" convolution_param { num_output: 8 group: 8 '
     "kernel_size: 1 }",
     "1 8 9 9", "1 8 9 9", ["8 1 1 1", "8"]),
    ('type: "ConvolutionDepthwise" convolution_param { kernel_size: 3 bias_term: false }',
     "1 8 9 9", "1 8 7 7", ["8 1 3 3"]),
    # yjxiong/caffe
    ('type: "BatchReduction" batch_reduction_param { level: 2 level: 3 reduction_param { axis: '
     "1 } }",
     "8 13 4", "8 2 4"),
    ('type: "BatchReduction"', "25 101", "101"),
    ('type: "Gather"', "8 64 7 7", "8 64 7 7"),
]  # fmt: skip

REFUSED: list[Refuses] = [
    # SSD
    ('type: "Permute" permute_param { order: 0 order: 0 }', "1 2 3", "an axis twice in order"),
    ('type: "Permute" permute_param { order: 3 }',
     "1 2 3", "puts axis 3 in order, but `b0` is 1 × 2 × 3, whose axes are 0 to 2"),
    # SENet, ShuffleNet, MobileNet
    ('type: "Axpy"', ["2 8 1 1", "2 9 5 5", "2 9 5 5"], "one for each channel"),
    ('type: "Axpy"', ["2 8 5 5", "2 8 5 5", "2 8 5 5"], "one for each channel"),
    ('type: "Axpy"', ["2 8 1 1", "2 8 5 5", "2 8 5 6"], "they must be alike"),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 3 }',
     "1 8 5 5", "does not divide the channels of `b0`, 8"),
    ('type: "ShuffleChannel" shuffle_channel_param { group: 0 }', "1 8 5 5", "at least 1"),
    ('type: "DepthwiseConvolution" convolution_param { kernel_size: 3 }',
     "1 8 5 5", "needs num_output"),
    ('type: "ConvolutionDepthwise" convolution_param { }', "1 8 5 5", "needs kernel_size"),
    ('type: "ConvolutionDepthwise" convolution_param { kernel_size: 9 }',
     "1 8 5 5", "more than `b0`"),
    # yjxiong/caffe
    ('type: "BatchReduction" batch_reduction_param { reduction_param { operation: SUMSQ } }',
     "2 8", "SUMSQ"),
    ('type: "BatchReduction" batch_reduction_param { level: 2 }', "5 8", "has levels for 4 parts"),
]  # fmt: skip

test_what_is_built = makes(BUILT)
test_nothing_is_refused_of_what_is_not_known = refuses_nothing_unknown(BUILT)
test_what_is_refused = refuses(REFUSED)
