"""Which types of layers can work in place, and what comes out wrong of those that cannot."""

from __future__ import annotations

from typing import Literal

from protofix.net.enums import ELTWISE_OPERATIONS, LRN_REGIONS
from protofix.net.layer_types.registry import weighs_by_default
from protofix.net.layers import Layer

Harm = Literal["values", "gradient"]
"""What comes out wrong: the values, or the gradient that is made from them."""

# After the Forward and Backward of each type in Caffe 1.0 and the forks' own.
_NEVER = {
    "ArgMax", "BatchReindex", "Convolution", "ConvolutionDepthwise", "Crop", "Deconvolution",
    "DepthwiseConvolution", "Embed", "Im2col", "InnerProduct", "Interp", "LSTM", "LSTMUnit",
    "PSROIPooling", "Permute", "Pooling", "PriorBox", "RNN", "ROIPooling", "Reduction", "Reorg",
    "SPP", "ShuffleChannel", "Tile", "Upsample",
}  # fmt: skip
_NOT_BACKWARD = {"BNLL", "Clip", "Filter", "Log"}


def harm_in_place(layer: Layer) -> Harm | None:
    """What comes out wrong of a layer that works in place; None if nothing does."""
    kind = layer.type
    if kind in _NEVER or kind == "Accuracy" or weighs_by_default(layer):
        return "values"
    if kind == "Concat":
        return "values" if len(layer.bottoms) > 1 else None
    if kind in _NOT_BACKWARD:
        return "gradient"
    if kind == "Eltwise":
        operation = layer.values("eltwise_param").enum("operation", ELTWISE_OPERATIONS, "SUM")
        return "gradient" if operation == "PROD" else "values"
    if kind == "LRN":
        region = layer.values("lrn_param").enum("norm_region", LRN_REGIONS)
        return "gradient" if region == "WITHIN_CHANNEL" else "values"
    if kind == "MVN":
        divides = layer.values("mvn_param").boolean("normalize_variance", True)
        return "gradient" if divides else None
    if kind == "Power":
        values = layer.values("power_param")
        power = values.real("power", 1.0)
        return "gradient" if power not in (0, 1) and values.real("scale", 1.0) != 0 else None
    return None
