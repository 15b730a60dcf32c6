"""Normalising layers of forks: BN, SyncBN, Normalize.

Facts from bn_layer.cpp of alexgkendall/caffe-segnet, hszhao/PSPNet and yjxiong/caffe, which has
sync_bn_layer.cpp as well; normalize_layer.cpp of weiliu89/caffe (branch ssd) and yjxiong/caffe.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.fillers import check_filler
from protofix.net.layer_types.forks.images import CHANNELS, Image, image_of
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape
from protofix.net.values import Values

_IMAGE_AXES = 4
_SEGNET_FIELDS = ("scale_filler", "shift_filler", "bn_mode")
_PSPNET_FIELDS = ("slope_filler", "bias_filler", "momentum", "eps", "frozen", "engine")
_SEGNET_MODES = ("LEARN", "INFERENCE")
_MOVING = 4  # PSPNet's parameters: slope, bias, and the moving mean and variance


def _bn(it: Setup) -> Made:
    """SegNet's has a scale and a shift, PSPNet's and yjxiong's moving averages besides.

    The latter two have parameters 1 × C × 1 × 1 and 1 × C, and nothing else to tell them apart.
    """
    values = it.values("bn_param")
    image = image_of(it)
    channels = image[CHANNELS]
    segnet, pspnet = values.has(*_SEGNET_FIELDS), values.has(*_PSPNET_FIELDS)
    statistics: Shape = (1, channels, 1, 1)
    if segnet and not pspnet:
        _check_tops(it, values)
        for name in ("scale_filler", "shift_filler"):
            check_filler(it, values, name, statistics)
        tops: tuple[Shape, ...] = (_as_image(it, image), statistics, statistics)
        return Made(tops, (statistics, statistics))
    if pspnet and not segnet:
        if len(it.layer.tops) > 1:
            said = f"is a BN with {values.fields[0].name} and makes 1 top"
            it.refuse(f"{said}; it has {len(it.layer.tops)}", it.layer.tops[1], "blob-count")
        for name in ("slope_filler", "bias_filler"):
            check_filler(it, values, name, statistics)
        return Made((it.bottom(),), (None,) * _MOVING)
    return Made((_either(it), statistics, statistics), None)


def _check_tops(it: Setup, values: Values) -> None:
    if values.enum("bn_mode", _SEGNET_MODES) == "INFERENCE" and len(it.layer.tops) > 1:
        it.refuse(
            f"has bn_mode INFERENCE and makes 1 top; it has {len(it.layer.tops)}",
            it.layer.tops[1],
            "blob-count",
        )


def _as_image(it: Setup, image: Image) -> Shape:
    """A top that is always made with four axes; that of an unknown bottom has them too."""
    bottom = it.bottom()
    return None if bottom is not None and len(bottom) > _IMAGE_AXES else image


def _either(it: Setup) -> Shape:
    """A top that is as the bottom, or as the bottom with four axes: known where that is one."""
    bottom = it.bottom()
    return bottom if bottom is not None and len(bottom) == _IMAGE_AXES else None


def _sync_bn(it: Setup) -> Made:
    values = it.values("bn_param")
    statistics: Shape = (1, image_of(it)[CHANNELS])
    for name in ("slope_filler", "bias_filler"):
        check_filler(it, values, name, statistics)
    return Made((it.bottom(),), (statistics,) * _MOVING)


def _normalize(it: Setup) -> Made:
    """SSD's, where it has a `norm_param`; others have no parameters to learn."""
    values = it.values("norm_param")
    bottom = it.bottom()
    channels: Dim = image_of(it)[CHANNELS]
    if it.layer.param("norm_param") is None:
        return Made((_either(it),), None)
    it.refuse_few_axes(2, "number, channels")
    scale: Shape = () if values.boolean("channel_shared", True) else (channels,)
    check_filler(it, values, "scale_filler", scale)
    return Made((bottom,), (scale,))


RULES: Mapping[str, Rule] = {"BN": _bn, "Normalize": _normalize, "SyncBN": _sync_bn}
