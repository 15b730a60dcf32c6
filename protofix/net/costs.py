"""How many multiply-adds a layer takes for one forward pass, by formulas from its shapes.

A multiplication together with the addition of its product counts once, and so does either by
itself. Divisions, comparisons, and functions such as exp are not counted, nor is what is done once
a channel rather than once a value, nor the bias of a weighted sum, which the sum can begin with.
For convolutions and inner products this is what papers give as the cost of a net. The formulas
are those of the types' Forward_cpu in Caffe 1.0, in the file of the type's name (lrn_layer.cpp).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from protofix.net.enums import ELTWISE_OPERATIONS, LRN_REGIONS, POOL_METHODS
from protofix.net.layers import Layer
from protofix.net.parameters import phase_of
from protofix.net.shapes import Dim, Shape, Shapes, count, product
from protofix.net.values import Values


class _Work(NamedTuple):
    """A layer, the phase it works in, and the shapes of all that it handles."""

    layer: Layer
    phase: str
    bottoms: Shapes
    tops: Shapes
    params: Shapes

    def values(self, message: str) -> Values:
        return self.layer.values(message)

    def read(self) -> Dim:
        """Values of the first bottom."""
        return count(self.bottoms[0]) if self.bottoms else None

    def made(self) -> Dim:
        """Values of the first top."""
        return count(self.tops[0]) if self.tops else None

    def param(self, place: int) -> Shape:
        return self.params[place] if place < len(self.params) else None


def multiply_adds(
    layer: Layer, phase: str, bottoms: Shapes, tops: Shapes, params: Shapes | None
) -> int | None:
    """How many multiply-adds a layer takes for one forward pass of a net in a phase.

    None where a shape that matters is not known, or no formula for the type.
    """
    if not layer.bottoms:
        return 0
    cost = _COSTS.get(layer.type)
    work = _Work(layer, phase_of(layer) or phase, bottoms, tops, params or ())
    return None if cost is None else cost(work)


def _sum(numbers: Iterable[Dim]) -> Dim:
    """The sum; None if one of the numbers is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _convolution(it: _Work) -> Dim:
    """Each value made is a weighted sum over the kernel and the channels of its group."""
    weights = it.param(0)
    if weights is None:
        return None
    return product([_sum(map(count, it.tops)), product(weights[1:])])


def _deconvolution(it: _Work) -> Dim:
    """Each value read is spread over the kernel and the outputs of its group."""
    weights = it.param(0)
    if weights is None:
        return None
    return product([_sum(map(count, it.bottoms)), product(weights[1:])])


def _inner_product(it: _Work) -> Dim:
    """Each value read goes into every output."""
    top = it.tops[0] if it.tops else None
    return product([it.read(), top[-1]]) if top else None


def _embed(it: _Work) -> Dim:
    """Rows of the weights are copied; only a bias is added."""
    return it.made() if len(it.params) > 1 else 0


def _batch_norm(it: _Work) -> Dim:
    """Of its own statistics the mean, the difference and the square; the stored ones save two."""
    values = it.values("batch_norm_param")
    stored = values.boolean("use_global_stats", it.phase == "TEST")
    return product([it.read(), 1 if stored else 3])


def _fork_batch_norm(it: _Work) -> Dim:
    """The same, with a factor and a shift for each channel (SegNet's and PSPNet's bn_layer.cpp)."""
    return product([it.read(), 2 if it.phase == "TEST" else 4])


def _lrn(it: _Work) -> Dim:
    """Across channels the square, one more, one less, the product; within them a window's sum."""
    values = it.values("lrn_param")
    if values.enum("norm_region", LRN_REGIONS) == "ACROSS_CHANNELS":
        return product([it.read(), 4])
    size = max(values.integer("local_size", 5), 0)
    return product([it.read(), size * size + 3])


def _pooling(it: _Work) -> Dim:
    """A sum over each window, for AVE; windows that reach over the edge are counted whole."""
    values = it.values("pooling_param")
    method = values.enum("pool", POOL_METHODS)
    if method == "MAX":
        return 0
    each = 1 if method == "AVE" else 2
    if values.boolean("global_pooling", False):
        return product([it.read(), each])
    size = values.integer("kernel_size") or values.integer("kernelsize")
    sides = [values.integer("kernel_h"), values.integer("kernel_w")]
    return product([it.made(), each, *([size, size] if size else sides)])


def _eltwise(it: _Work) -> Dim:
    """A factor for each bottom of a SUM; a PROD multiplies all of them; a MAX compares."""
    values = it.values("eltwise_param")
    operation = values.enum("operation", ELTWISE_OPERATIONS, "SUM")
    times = {"PROD": len(it.bottoms) - 1, "SUM": len(it.bottoms), "MAX": 0}
    return product([it.made(), times[operation]])


def _recurrent(it: _Work) -> Dim:
    """Each step and stream goes once through all weights but those of the static input.

    Beside it, the hidden state is multiplied by the flag, and the weighted sums are added up; an
    LSTM's cell takes 4 more (lstm_layer.cpp, rnn_layer.cpp and lstm_unit_layer.cpp).
    """
    top = it.tops[0] if it.tops else None
    if top is None or len(top) != 3:
        return None
    steps, streams, hidden = top
    lstm = it.layer.type == "LSTM"
    weights = [count(shape) for shape in it.params if shape is None or len(shape) == 2]
    has_static = len(weights) > (2 if lstm else 3)
    static = weights.pop(1) if has_static else 0
    sums = 3 if has_static else 2
    beside = product([hidden, 1 + sums * 4 + 4 if lstm else 1 + sums])
    each_step = product([steps, streams, _sum([*weights, beside])])
    return _sum([each_step, product([streams, static])])


def _relu(it: _Work) -> Dim:
    """A comparison, and a product where negative values are let through."""
    return it.made() if it.values("relu_param").real("negative_slope", 0.0) else 0


def _dropout(it: _Work) -> Dim:
    return it.made() if it.phase == "TRAIN" else 0


def _mvn(it: _Work) -> Dim:
    """The mean and the difference, and the sum of squares for the variance."""
    variance = it.values("mvn_param").boolean("normalize_variance", True)
    return product([it.read(), 3 if variance else 2])


def _spp(it: _Work) -> Dim:
    """A sum over the whole image at each level of the pyramid, unless it takes the MAX."""
    values = it.values("spp_param")
    method = values.enum("pool", POOL_METHODS)
    if method == "MAX":
        return 0
    each = 1 if method == "AVE" else 2
    return product([it.read(), each, max(values.integer("pyramid_height", 0), 0)])


def _per_value(number: int) -> Callable[[_Work], Dim]:
    """So many for each value read."""
    return lambda it: product([it.read(), number])


def _per_result(number: int) -> Callable[[_Work], Dim]:
    """So many for each value made."""
    return lambda it: product([it.made(), number])


def _none(_: _Work) -> Dim:
    return 0


# Types that copy, choose, compare or apply a function.
_FREE = (
    "AbsVal Accuracy ArgMax BatchReindex Clip Concat Crop Filter Flatten Gather HDF5Output "
    "Im2col MultinomialLogisticLoss Permute PriorBox ROIPooling ReLU6 Reorg Reshape Scatter "
    "ShuffleChannel Silence Slice Split TanH Threshold Tile Upsample padding"
)

_PER_VALUE_READ = {
    "BNLL": 2,  # 1 + exp(−x), and x or 0 on top of its logarithm
    "ContrastiveLoss": 2,  # the difference, and its square
    "ELU": 1,
    "EuclideanLoss": 2,  # the difference, and its square
    "Exp": 2,  # scale and shift, and the outer scale
    "HingeLoss": 2,  # the margin, and the sum
    "InfogainLoss": 3,  # softmax, and the row of H
    "Log": 2,  # scale and shift, and the outer scale
    "Normalize": 3,  # SSD's normalize_layer.cpp: the square, the norm, the channel's scale
    "PReLU": 1,
    "Power": 1,  # scale and shift
    "Reduction": 1,
    "Sigmoid": 2,  # 0.5 tanh(0.5 x) + 0.5
    "SigmoidCrossEntropyLoss": 5,  # the sigmoid, and the stable form of the loss
    "SmoothL1Loss": 2,
    "Softmax": 2,  # the largest off, and the sum
    "SoftmaxWithLoss": 2,
    "Swish": 4,  # β x, its sigmoid, and the product
}

_PER_VALUE_MADE = {
    "Axpy": 1,  # SENet's axpy_layer.cpp
    "Bias": 1,
    "Interp": 4,  # DeepLab's interp.cpp: four neighbours
    "LSTMUnit": 4,
    "Scale": 1,
    "SpatialProduct": 1,
}

_COSTS: Mapping[str, Callable[[_Work], Dim]] = MappingProxyType(
    dict.fromkeys(_FREE.split(), _none)
    | {type: _per_value(number) for type, number in _PER_VALUE_READ.items()}
    | {type: _per_result(number) for type, number in _PER_VALUE_MADE.items()}
    | {
        "BN": _fork_batch_norm,
        "BatchNorm": _batch_norm,
        "Convolution": _convolution,
        "ConvolutionDepthwise": _convolution,
        "Deconvolution": _deconvolution,
        "DepthwiseConvolution": _convolution,
        "Dropout": _dropout,
        "Eltwise": _eltwise,
        "Embed": _embed,
        "InnerProduct": _inner_product,
        "LRN": _lrn,
        "LSTM": _recurrent,
        "MVN": _mvn,
        "Pooling": _pooling,
        "RNN": _recurrent,
        "ReLU": _relu,
        "SPP": _spp,
        "SyncBN": _fork_batch_norm,
    }
)
