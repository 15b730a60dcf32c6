"""What a drawing says of a layer beside its name: its family, and its type with what sizes it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from protofix.net.enums import ELTWISE_OPERATIONS, POOL_METHODS
from protofix.net.layers import Layer
from protofix.net.values import Values


class Family(NamedTuple):
    """Layers that are drawn alike: what they are called, and the colours of box and border."""

    title: str
    fill: str
    border: str


DATA = Family("data", "#e6e8eb", "#6b7280")
WEIGHTS = Family("convolution", "#d3e5fb", "#3b76b8")
FULL = Family("fully connected, recurrent", "#e0dbf8", "#7157b8")
POOLING = Family("pooling", "#d4f0da", "#3f8f55")
VALUES = Family("activation, normalisation", "#fcf3c9", "#a58a1c")
COMBINING = Family("combining, reshaping", "#f1e5d8", "#93714a")
LOSS = Family("loss", "#fbd7d7", "#c23b3b")
MEASURE = Family("measuring", "#fde2c4", "#c0772a")
OTHER = Family("other", "#ffffff", "#57606a")
MISSING = Family("made by no layer", "#ffffff", "#d1242f")
FAMILIES = (DATA, WEIGHTS, FULL, POOLING, VALUES, COMBINING, LOSS, MEASURE, OTHER, MISSING)

_TYPES: Mapping[str, Family] = MappingProxyType(
    {
        type: family
        for family, types in {
            WEIGHTS: "Convolution ConvolutionDepthwise Deconvolution DepthwiseConvolution Im2col",
            FULL: "InnerProduct Embed LSTM LSTMUnit RNN",
            POOLING: "Pooling SPP ROIPooling PSROIPooling Upsample Interp",
            VALUES: (
                "AbsVal BN BNLL BatchNorm Bias Clip Dropout ELU Exp LRN Log MVN Mish Normalize "
                "PReLU Power ReLU ReLU6 Scale Sigmoid Softmax SpatialDropout Swish SyncBN TanH "
                "Threshold"
            ),
            COMBINING: (
                "Axpy BatchReindex Concat Crop Eltwise Filter Flatten Permute Reduction Reorg "
                "Reshape ShuffleChannel Slice Split Tile padding"
            ),
            MEASURE: "Accuracy ArgMax DetectionEvaluate HDF5Output SegAccuracy Silence",
        }.items()
        for type in types.split()
    }
)


def family_of(layer: Layer, makes_loss: bool) -> Family:
    """The family of a layer; one that makes a loss is a loss, whatever its type."""
    if makes_loss:
        return LOSS
    if not layer.bottoms:
        return DATA
    return _TYPES.get(layer.type, OTHER)


def described(layer: Layer) -> str:
    """A layer's type, with what sizes it: "Convolution 3×3 /2", "Pooling MAX 2×2"."""
    values = layer.values
    if _TYPES.get(layer.type) is WEIGHTS:
        return _joined(layer.type, *_window(values("convolution_param")))
    if layer.type == "Pooling":
        pooling = values("pooling_param")
        whole = pooling.boolean("global_pooling", False)
        window = ["global"] if whole else _window(pooling)
        return _joined(layer.type, pooling.enum("pool", POOL_METHODS), *window)
    if layer.type in ("InnerProduct", "Embed"):
        message = "inner_product_param" if layer.type == "InnerProduct" else "embed_param"
        return _joined(layer.type, str(values(message).integer("num_output") or ""))
    if layer.type in ("LSTM", "RNN"):
        return _joined(layer.type, str(values("recurrent_param").integer("num_output") or ""))
    if layer.type == "Dropout":
        return _joined(layer.type, f"{values('dropout_param').real('dropout_ratio', 0.5):g}")
    if layer.type == "Eltwise":
        operation = values("eltwise_param").enum("operation", ELTWISE_OPERATIONS, "SUM")
        return _joined(layer.type, operation)
    return layer.type or "?"


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)


def _window(values: Values) -> list[str]:
    """Kernel, stride, dilation and groups where they are not 1: ["3×3", "/2", "dilation 2"]."""
    kernel = _sides(values, "kernel_size", "kernel_h", "kernel_w", "kernelsize")
    stride = _sides(values, "stride", "stride_h", "stride_w")
    dilation = _sides(values, "dilation")
    group = values.integer("group", 1)
    words = ["×".join(map(str, kernel if len(kernel) != 1 else kernel * 2))] if kernel else []
    if any(side != 1 for side in stride):
        words.append("/" + "×".join(map(str, dict.fromkeys(stride))))
    if any(side != 1 for side in dilation):
        words.append("dilation " + "×".join(map(str, dict.fromkeys(dilation))))
    if group != 1:
        words.append(f"group {group}")
    return words


def _sides(values: Values, name: str, *others: str) -> tuple[int, ...]:
    listed = values.integers(name)
    if listed:
        return listed
    return tuple(side for other in others if (side := values.integer(other)) is not None)
