"""The rule and the facts of each type of layer.

A family of types is imported when the first layer of it is set up: most nets need few of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from caffe_proto import BVLC, CHANGED_LAYERS, FORK_LAYERS, LAYERS, LayerFacts
from protofix.net.enums import POOL_METHODS
from protofix.net.layers import PADDING, Layer
from protofix.net.setup import Rule

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "combining": (
        "Concat",
        "Eltwise",
        "Filter",
    ),
    "convolution": (
        "Convolution",
        "Deconvolution",
    ),
    "data": (
        "Data",
        "DummyData",
        "HDF5Data",
        "HDF5Output",
        "ImageData",
        "Input",
        "MemoryData",
        "Parameter",
        "Python",
        "Silence",
        "WindowData",
    ),
    "elementwise": (
        "AbsVal",
        "BNLL",
        "Bias",
        "Clip",
        "Dropout",
        "ELU",
        "Exp",
        "Log",
        "PReLU",
        "Power",
        "ReLU",
        "Scale",
        "Sigmoid",
        "Swish",
        "TanH",
        "Threshold",
    ),
    "inner_product": (
        "Embed",
        "InnerProduct",
    ),
    "losses": (
        "Accuracy",
        "ContrastiveLoss",
        "EuclideanLoss",
        "HingeLoss",
        "InfogainLoss",
        "MultinomialLogisticLoss",
        "SigmoidCrossEntropyLoss",
        "Softmax",
        "SoftmaxWithLoss",
    ),
    "normalising": (
        "BatchNorm",
        "LRN",
        "MVN",
    ),
    "pooling": (
        "Pooling",
        "padding",
    ),
    "recurrent": (
        "LSTM",
        "LSTMUnit",
        "RNN",
    ),
    "reducing": (
        "ArgMax",
        "Reduction",
    ),
    "reshaping": (
        "Flatten",
        "Reshape",
        "Split",
    ),
    "selecting": (
        "BatchReindex",
        "Crop",
        "Slice",
        "Tile",
    ),
    "windows": (
        "Im2col",
        "SPP",
    ),
    "forks.channels": (
        "Axpy",
        "BatchReduction",
        "ConvolutionDepthwise",
        "DepthwiseConvolution",
        "Gather",
        "Mish",
        "MnActivation",
        "Permute",
        "ReLU6",
        "Scatter",
        "ShuffleChannel",
        "SpatialDropout",
    ),
    "forks.detection": (
        "DetectionEvaluate",
        "DetectionOutput",
        "MultiBoxLoss",
        "PriorBox",
    ),
    "forks.grids": (
        "DetectNetTransformation",
        "EvalDetection",
        "L1Loss",
        "RegionLoss",
        "TRT",
    ),
    "forks.normalising": (
        "BN",
        "Normalize",
        "SyncBN",
    ),
    "forks.regions": (
        "BoxAnnotatorOHEM",
        "PSROIPooling",
        "Proposal",
        "ROIPooling",
        "SmoothL1Loss",
        "SmoothL1LossOHEM",
        "SoftmaxWithLossOHEM",
    ),
    "forks.resizing": (
        "Interp",
        "Reorg",
        "Upsample",
    ),
    "forks.segmentation": (
        "AdaptiveBiasChannel",
        "BiasChannel",
        "DenseCRF",
        "DomainTransform",
        "DomainTransformForwardOnly",
        "MatWrite",
        "MultiStageMeanfield",
        "SegAccuracy",
        "SpatialProduct",
        "UniqueLabel",
    ),
    "forks.sources": (
        "AnnotatedData",
        "BoxData",
        "DenseImageData",
        "ImageSegData",
        "MatRead",
        "SegData",
        "VideoData",
    ),
}
"""The types whose rules each file of this folder has."""

_FILES = {type: file for file, types in FAMILIES.items() for type in types}
_PADDING = LayerFacts(PADDING, 1, None, None, 1, None, None)


class _Family(Protocol):
    RULES: Mapping[str, Rule]


@cache
def rule_of(type: str) -> Rule | None:
    """The rule of a type; None for one that is not known here."""
    file = _FILES.get(type)
    if file is None:
        return None
    family = cast(_Family, import_module(f"protofix.net.layer_types.{file}"))
    return family.RULES[type]


def facts_of(layer: Layer, dialect: str = BVLC) -> LayerFacts | None:
    """How many bottoms and tops a layer takes, by its type and its own parameters."""
    if layer.type == PADDING:
        return _PADDING
    changed = CHANGED_LAYERS.get((dialect, layer.type))
    if changed is not None:
        return changed
    facts = LAYERS.get(layer.type) or FORK_LAYERS.get(layer.type)
    if facts is None:
        return None
    if facts.mask_top and layer.values("pooling_param").enum("pool", POOL_METHODS) != "MAX":
        return replace(facts, top_max=1)
    if facts.exposed_states and layer.values("recurrent_param").boolean("expose_hidden", False):
        return _exposing(facts)
    return facts


def is_loss_type(layer: Layer) -> bool:
    """Whether a layer's type makes a loss by itself; of one not known here, its name tells."""
    facts = facts_of(layer)
    return "Loss" in layer.type if facts is None else facts.loss


def weighs_by_default(layer: Layer) -> bool:
    """Whether the first top of a layer has a loss weight of 1 where none is written."""
    facts = facts_of(layer)
    return facts is not None and facts.loss


def tops_built(layer: Layer, facts: LayerFacts | None) -> int:
    """How many tops a layer has once Caffe has added those that are missing, without a name."""
    written = len(layer.tops)
    if facts is None or not facts.auto_top:
        return written
    return max(written, facts.top_exact or 0, facts.top_min or 0)


def _exposing(facts: LayerFacts) -> LayerFacts:
    more = facts.exposed_states
    counts = {
        name: count + more
        for name in ("bottom_exact", "bottom_min", "bottom_max", "top_exact", "top_min", "top_max")
        if (count := getattr(facts, name)) is not None
    }
    return replace(facts, **counts)
