"""BatchNorm, LRN and MVN (Caffe 1.0, batch_norm_layer.cpp, lrn_layer.cpp and mvn_layer.cpp)."""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.parameters import BATCH_NORM_STATISTICS, param_specs
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Shape, shape_text

_IMAGE_AXES = 4
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
    statistics: tuple[Shape, ...] = ((channels,), (channels,), (1,))
    if it.values("batch_norm_param").boolean("scale_bias", False):
        # NVIDIA's has the factors and the bias of a Scale in it, and sets the rates itself.
        return Made((bottom,), (*statistics, (channels,), (channels,)))
    _check_rates(it)
    return Made((bottom,), statistics)


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
