"""How many bottoms and tops the layer types of forks take, as `layers` has it for Caffe 1.0's.

The facts are those that the forks' layer classes report of themselves: in SSD (weiliu89/caffe),
Fast and Faster R-CNN (rbgirshick/caffe-fast-rcnn), R-FCN (daijifeng001/caffe-rfcn), SegNet
(alexgkendall/caffe-segnet), DeepLab (xmyqsh/deeplab-v2), PSPNet (hszhao/PSPNet), yjxiong/caffe,
CRF-RNN (torrvision/caffe), intel/caffe, NVIDIA/caffe, SENet (hujie-frank/SENet), ShuffleNet
(farmingyard/ShuffleNet), yonghenglh6/DepthwiseConvolution and RefineDet (sfzhang15/RefineDet).
Where forks differ on a type, its counts are as wide as those of all of them together. A count that
a class forgot to report, but without which it reads blobs that are not there, is given.
SmoothL1Loss has no loss weight until one is written: only SSD and NVIDIA give it one by default.
SmoothL1Loss and L1Loss let force_backward through to all their bottoms, as EuclideanLoss does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from caffe_proto.layers import LayerFacts

# A count in the table: exact, or (least, most) where None is no bound.
_Count = int | tuple[int | None, int | None]
_SOME = (1, None)  # one or more


def _layer(
    type: str,
    bottoms: _Count,
    tops: _Count,
    *,
    bottom_equals_top: bool = False,
    auto_top: bool = False,
    loss: bool = False,
    neuron: bool = False,
    never_forced: int | None = None,
) -> LayerFacts:
    return LayerFacts(
        type,
        *_bounds(bottoms),
        *_bounds(tops),
        bottom_equals_top=bottom_equals_top,
        auto_top=auto_top,
        loss=loss,
        neuron=neuron,
        never_forced=never_forced,
    )


def _loss(type: str, bottoms: _Count, tops: _Count, *, never_forced: int | None = 1) -> LayerFacts:
    return _layer(type, bottoms, tops, auto_top=True, loss=True, never_forced=never_forced)


def _neuron(type: str) -> LayerFacts:
    return _layer(type, 1, 1, neuron=True)


def _bounds(count: _Count) -> tuple[int | None, int | None, int | None]:
    return (count, None, None) if isinstance(count, int) else (None, *count)


# What each line gives: type, bottoms, tops.
_FACTS = (
    _layer("AdaptiveBiasChannel", 2, 1),
    _layer("AnnotatedData", 0, _SOME),
    _layer("Axpy", 3, 1),
    _layer("BN", 1, (1, 3)),
    _layer("BatchReduction", 1, 1),
    _layer("BiasChannel", 2, 1),
    _layer("BoxAnnotatorOHEM", 4, 2),
    _layer("BoxData", 0, (1, 100)),
    _layer("ConvolutionDepthwise", _SOME, _SOME, bottom_equals_top=True),
    _layer("DenseCRF", (2, 3), 1),
    _layer("DenseImageData", 0, 2),
    _layer("DepthwiseConvolution", _SOME, _SOME, bottom_equals_top=True),
    _layer("DetectNetTransformation", 2, 2),
    _layer("DetectionEvaluate", (2, None), 1),
    _layer("DetectionOutput", (3, 5), 1),
    _layer("DomainTransform", (3, None), 1),
    _layer("DomainTransformForwardOnly", (3, None), 1),
    _layer("EvalDetection", (2, None), _SOME),
    _layer("Gather", _SOME, _SOME, bottom_equals_top=True),
    _layer("ImageSegData", 0, 3, auto_top=True),
    _layer("Interp", (1, 2), 1),
    _loss("L1Loss", 2, 1, never_forced=None),
    _layer("MatRead", 0, 1),
    _layer("MatWrite", (None, None), 0),
    _neuron("Mish"),
    _layer("MnActivation", _SOME, 1),
    _loss("MultiBoxLoss", (4, None), 1),
    _layer("MultiStageMeanfield", 3, 1),
    _layer("Normalize", 1, 1),
    _layer("PSROIPooling", 2, 1),
    _layer("Permute", 1, 1),
    _layer("PriorBox", _SOME, 1),
    _layer("Proposal", _SOME, _SOME),
    _layer("ROIPooling", 2, 1),
    _neuron("ReLU6"),
    _loss("RegionLoss", 2, 1),
    _layer("Reorg", 1, 1),
    _layer("Scatter", _SOME, _SOME, bottom_equals_top=True),
    _layer("SegAccuracy", 2, 1),
    _layer("SegData", 0, 2),
    _layer("ShuffleChannel", _SOME, _SOME),
    _layer("SmoothL1Loss", (2, 4), (1, 2), auto_top=True),
    _layer("SmoothL1LossOHEM", (2, 3), (1, 2), auto_top=True),
    _loss("SoftmaxWithLossOHEM", 2, (1, 3)),
    _neuron("SpatialDropout"),
    _layer("SpatialProduct", 2, 1),
    _layer("SyncBN", 1, 1),
    _layer("TRT", 2, 1),
    _layer("UniqueLabel", 1, 1),
    _layer("Upsample", (1, 3), 1),
    _layer("VideoData", 0, _SOME),
)

FORK_LAYERS: Mapping[str, LayerFacts] = MappingProxyType({facts.type: facts for facts in _FACTS})
"""The facts of layer types that only forks of Caffe have, by type string."""

CHANGED_LAYERS: Mapping[tuple[str, str], LayerFacts] = MappingProxyType(
    {
        ("intel", "SoftmaxWithLoss"): _loss("SoftmaxWithLoss", (2, 3), (1, 2)),
        ("rfcn", "SoftmaxWithLoss"): _loss("SoftmaxWithLoss", (2, 2), (1, 3)),
    }
)
"""The facts of layer types of Caffe 1.0 that a dialect changed, by its name and the type string.

Intel's SoftmaxWithLoss reads a weight for each position as its third bottom; that of R-FCN gives
out the loss of each region as its third top.
"""
