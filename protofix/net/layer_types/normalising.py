"""BatchNorm, LRN and MVN (Caffe 1.0, batch_norm_layer.cpp, lrn_layer.cpp and mvn_layer.cpp).

What forks do otherwise is as in batch_norm_layer.cpp of NVIDIA/caffe (caffe-0.15 and caffe-0.17),
daijifeng001/caffe-rfcn, hszhao/PSPNet and intel/caffe, whose mkldnn_batch_norm_layer.cpp has the
engine MKLDNN.
"""

from __future__ import annotations

from collections.abc import Mapping

from caffe_proto import named_dialects
from protofix.net.parameters import BATCH_NORM_STATISTICS, SCALE_BEFORE_STATISTICS, param_specs
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import shape_text
from protofix.net.values import string_of

_IMAGE_AXES = 4
_SCALE_BY_ENGINE = named_dialects("intel")
_ENGINES = ("DEFAULT", "CAFFE")  # of Intel's, the others are its own

# NVIDIA's sets the rates itself. The others were made of Caffe before its check of September 2016,
# though not before it had a BatchNorm.
_TAKE_ANY_RATES = named_dialects("nvidia", "rfcn", "pspnet")
_IMAGE = "(number, channels, height, width)"


def _batch_norm(it: Setup) -> Made:
    bottom = it.bottom()
    channels = None
    it.refuse_few_axes(2, "number, channels")
    if bottom is not None and len(bottom) >= 2:
        channels = bottom[1]
        if 0 in bottom:
            it.refuse_shape(
                f"reads {it.called()}, which is {shape_text(bottom)}, without values", 0
            )
    each = (channels,)
    scale = _scale_params(it)
    if it.dialect in SCALE_BEFORE_STATISTICS:
        # The factors and the bias of a Scale stand before the statistics.
        return Made((bottom,), (*(each,) * scale, each, each, (1,)))
    if not _takes_any_rates(it):
        _check_rates(it)
    return Made((bottom,), (each, each, (1,), *(each,) * scale))


def _scale_params(it: Setup) -> int:
    """How many parameters of a Scale a fork's BatchNorm has in it: its factors, and its bias."""
    values = it.values("batch_norm_param")
    if it.dialect in _SCALE_BY_ENGINE:
        # Its engines have them but for one, and mostly no file says which it is.
        return max(0, min(2, len(param_specs(it.layer)) - BATCH_NORM_STATISTICS))
    told = values.boolean("scale_bias", False) or values.has("scale_filler", "bias_filler")
    return 2 if told or it.dialect in SCALE_BEFORE_STATISTICS else 0


def _takes_any_rates(it: Setup) -> bool:
    """Whether nothing refuses to learn the statistics: a fork sets the rates itself, or is old."""
    if it.dialect in _SCALE_BY_ENGINE:
        told = it.values("batch_norm_param").enum("engine", _ENGINES)
        return "CAFFE" in (told, string_of(it.layer.fields, "engine"))
    return it.dialect in _TAKE_ANY_RATES


def _check_rates(it: Setup) -> None:
    """Refuse to learn the statistics.

    Where all three `param` are written, Caffe itself sets their rates to 0 on loading.
    """
    specs = param_specs(it.layer)
    if it.layer.format != 2 or len(specs) >= BATCH_NORM_STATISTICS:
        return
    for number, spec in enumerate(specs, 1):
        if spec.lr_mult != 0:
            said = "no lr_mult" if spec.lr_mult is None else f"lr_mult {spec.lr_mult:g}"
            it.refuse(
                f"has {said} in its param number {number}: a BatchNorm's parameters are "
                "statistics, which are not learned, so write `lr_mult: 0` or no param at all",
                spec.node,
            )
            return


def _lrn(it: Setup) -> Made:
    values = it.values("lrn_param")
    size = values.integer("local_size", 5)
    if size % 2 == 0:
        right = f": {size - 1} or {size + 1}" if size > 0 else ", and at least 1"
        it.refuse(f"has local_size {size}: it must be odd{right}", values.field("local_size"))
    bottom = it.bottom()
    if bottom is not None and len(bottom) != _IMAGE_AXES:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}: LRN is for images, with "
            f"{_IMAGE_AXES} axes {_IMAGE}",
            0,
        )
        bottom = None
    return Made(((None,) * _IMAGE_AXES if bottom is None else bottom,))


def _mvn(it: Setup) -> Made:
    bottom = it.bottom()
    if bottom is None:
        return Made(((None,) * _IMAGE_AXES,))
    if len(bottom) > _IMAGE_AXES:
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(bottom)}: MVN takes at most "
            f"{_IMAGE_AXES} axes {_IMAGE}",
            0,
        )
        return it.unknown()
    # What is missing of the axes of an image is added.
    top = (*bottom, *[1] * (_IMAGE_AXES - len(bottom)))
    across = it.values("mvn_param").boolean("across_channels", False)
    if 0 in top[1 if across else 2 :]:
        it.refuse_shape(f"reads {it.called()}, which is {shape_text(bottom)}, without values", 0)
    return Made((top,))


RULES: Mapping[str, Rule] = {"BatchNorm": _batch_norm, "LRN": _lrn, "MVN": _mvn}
