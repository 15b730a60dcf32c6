"""How many bottoms and tops each layer type takes, and what sets a type apart.

The facts are those that Caffe's layer classes report of themselves. Types of forks are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """What Caffe demands of a layer of this type. A count of None is not fixed.

    Two types of layer take more or fewer blobs by their own parameters:

    - RNN and LSTM: with `recurrent_param.expose_hidden`, every count of bottoms and tops given here
      is greater by `exposed_states`.
    - Pooling: `top_max` holds for the method MAX, whose second top is a mask. If `mask_top`, any
      other method has one top.
    """

    type: str
    bottom_exact: int | None
    bottom_min: int | None
    bottom_max: int | None
    top_exact: int | None
    top_min: int | None
    top_max: int | None
    bottom_equals_top: bool = False  # as many tops as bottoms
    auto_top: bool = False  # Caffe adds the tops that are missing, nameless ones
    loss: bool = False  # its first top has a loss weight of 1 by default
    neuron: bool = False  # works value by value: the top has the shape of the bottom
    exposed_states: int = 0
    mask_top: bool = False
    never_forced: int | None = None  # the bottom that force_backward leaves out, such as labels


# A count in the table: exact, or (least, most) where None is no bound.
_Count = int | tuple[int | None, int | None]
_SOME = (1, None)  # one or more
_ANY = (None, None)  # the layer checks for itself


def _layer(
    type: str,
    bottoms: _Count,
    tops: _Count,
    *,
    bottom_equals_top: bool = False,
    exposed_states: int = 0,
    mask_top: bool = False,
    never_forced: int | None = None,
) -> LayerFacts:
    return LayerFacts(
        type,
        *_bounds(bottoms),
        *_bounds(tops),
        bottom_equals_top=bottom_equals_top,
        exposed_states=exposed_states,
        mask_top=mask_top,
        never_forced=never_forced,
    )


def _loss(type: str, bottoms: _Count, tops: _Count, *, never_forced: int | None = 1) -> LayerFacts:
    return LayerFacts(
        type,
        *_bounds(bottoms),
        *_bounds(tops),
        auto_top=True,
        loss=True,
        never_forced=never_forced,
    )


def _neuron(type: str) -> LayerFacts:
    return LayerFacts(type, *_bounds(1), *_bounds(1), neuron=True)


def _bounds(count: _Count) -> tuple[int | None, int | None, int | None]:
    return (count, None, None) if isinstance(count, int) else (None, *count)


# What each line gives: type, bottoms, tops.
_FACTS = (
    _neuron("AbsVal"),
    _layer("Accuracy", 2, (1, 2)),
    _layer("ArgMax", 1, 1),
    _neuron("BNLL"),
    _layer("BatchNorm", 1, 1),
    _layer("BatchReindex", 2, 1),
    _layer("Bias", (1, 2), 1),
    _neuron("Clip"),
    _layer("Concat", _SOME, 1),
    _loss("ContrastiveLoss", 3, 1, never_forced=2),
    _layer("Convolution", _SOME, _SOME, bottom_equals_top=True),
    _layer("Crop", 2, 1),
    _layer("Data", 0, (1, 2)),
    _layer("Deconvolution", _SOME, _SOME, bottom_equals_top=True),
    _neuron("Dropout"),
    _layer("DummyData", 0, _SOME),
    _neuron("ELU"),
    _layer("Eltwise", (2, None), 1),
    _layer("Embed", 1, 1),
    _loss("EuclideanLoss", 2, 1, never_forced=None),
    _neuron("Exp"),
    _layer("Filter", (2, None), _SOME),
    _layer("Flatten", 1, 1),
    _layer("HDF5Data", 0, _SOME),
    _layer("HDF5Output", 2, 0),
    _loss("HingeLoss", 2, 1),
    _layer("Im2col", 1, 1),
    _layer("ImageData", 0, 2),
    _loss("InfogainLoss", (2, 3), (1, 2)),
    _layer("InnerProduct", 1, 1),
    _layer("Input", 0, _SOME),
    _layer("LRN", 1, 1),
    _layer("LSTM", (2, 3), 1, exposed_states=2, never_forced=1),
    _layer("LSTMUnit", 3, 2, never_forced=2),
    _neuron("Log"),
    _layer("MVN", 1, 1),
    _layer("MemoryData", 0, 2),
    _loss("MultinomialLogisticLoss", 2, 1),
    _neuron("PReLU"),
    _layer("Parameter", 0, 1),
    _layer("Pooling", 1, (1, 2), mask_top=True),
    _neuron("Power"),
    _layer("Python", _ANY, _ANY),
    _layer("RNN", (2, 3), 1, exposed_states=1, never_forced=1),
    _neuron("ReLU"),
    _layer("Reduction", 1, 1),
    _layer("Reshape", 1, 1),
    _layer("SPP", 1, 1),
    _layer("Scale", (1, 2), 1),
    _neuron("Sigmoid"),
    _loss("SigmoidCrossEntropyLoss", 2, 1),
    _layer("Silence", _SOME, 0),
    _layer("Slice", 1, _SOME),
    _layer("Softmax", 1, 1),
    _loss("SoftmaxWithLoss", 2, (1, 2)),
    _layer("Split", 1, _SOME),
    _neuron("Swish"),
    _neuron("TanH"),
    _neuron("Threshold"),
    _layer("Tile", 1, 1),
    _layer("WindowData", 0, 2),
)

LAYERS: Mapping[str, LayerFacts] = MappingProxyType({facts.type: facts for facts in _FACTS})
"""The facts of each layer type of Caffe, by type string."""

V1_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "ABSVAL": "AbsVal",
        "ACCURACY": "Accuracy",
        "ARGMAX": "ArgMax",
        "BNLL": "BNLL",
        "CONCAT": "Concat",
        "CONTRASTIVE_LOSS": "ContrastiveLoss",
        "CONVOLUTION": "Convolution",
        "DATA": "Data",
        "DECONVOLUTION": "Deconvolution",
        "DROPOUT": "Dropout",
        "DUMMY_DATA": "DummyData",
        "EUCLIDEAN_LOSS": "EuclideanLoss",
        "ELTWISE": "Eltwise",
        "EXP": "Exp",
        "FLATTEN": "Flatten",
        "HDF5_DATA": "HDF5Data",
        "HDF5_OUTPUT": "HDF5Output",
        "HINGE_LOSS": "HingeLoss",
        "IM2COL": "Im2col",
        "IMAGE_DATA": "ImageData",
        "INFOGAIN_LOSS": "InfogainLoss",
        "INNER_PRODUCT": "InnerProduct",
        "LRN": "LRN",
        "MEMORY_DATA": "MemoryData",
        "MULTINOMIAL_LOGISTIC_LOSS": "MultinomialLogisticLoss",
        "MVN": "MVN",
        "POOLING": "Pooling",
        "POWER": "Power",
        "RELU": "ReLU",
        "SIGMOID": "Sigmoid",
        "SIGMOID_CROSS_ENTROPY_LOSS": "SigmoidCrossEntropyLoss",
        "SILENCE": "Silence",
        "SOFTMAX": "Softmax",
        "SOFTMAX_LOSS": "SoftmaxWithLoss",
        "SPLIT": "Split",
        "SLICE": "Slice",
        "TANH": "TanH",
        "WINDOW_DATA": "WindowData",
        "THRESHOLD": "Threshold",
    }
)
"""Today's type string of each V1 type, by its name in V1LayerParameter.LayerType; none for NONE."""

V0_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "ACCURACY",
        "bnll": "BNLL",
        "concat": "CONCAT",
        "conv": "CONVOLUTION",
        "data": "DATA",
        "dropout": "DROPOUT",
        "euclidean_loss": "EUCLIDEAN_LOSS",
        "flatten": "FLATTEN",
        "hdf5_data": "HDF5_DATA",
        "hdf5_output": "HDF5_OUTPUT",
        "im2col": "IM2COL",
        "images": "IMAGE_DATA",
        "infogain_loss": "INFOGAIN_LOSS",
        "innerproduct": "INNER_PRODUCT",
        "lrn": "LRN",
        "multinomial_logistic_loss": "MULTINOMIAL_LOGISTIC_LOSS",
        "pool": "POOLING",
        "relu": "RELU",
        "sigmoid": "SIGMOID",
        "softmax": "SOFTMAX",
        "softmax_loss": "SOFTMAX_LOSS",
        "split": "SPLIT",
        "tanh": "TANH",
        "window_data": "WINDOW_DATA",
    }
)
"""The V1 type that each type of the V0 format became.

`padding`, the one type that is not here, became a field of the layer behind it.
"""
