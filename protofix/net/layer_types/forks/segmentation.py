"""Layers of DeepLab, PSPNet and CRF-RNN for images whose pixels are classified.

Facts from the files of xmyqsh/deeplab-v2, which hszhao/PSPNet has alike: seg_accuracy_layer.cpp,
unique_label_layer.cpp, bias_channel_layer.cpp, adaptive_bias_channel_layer.cpp,
spatial_product_layer.cpp, densecrf_layer.cpp, domain_transform_layer.cpp, mat_write_layer.cpp;
and from multi_stage_meanfield.cpp of torrvision/caffe (branch crfrnn).
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.forks.images import (
    CHANNELS,
    HEIGHT,
    NUMBER,
    WIDTH,
    Image,
    check_alike,
    check_one,
    image_of,
    side_of,
)
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Shape, differ, shape_text
from protofix.net.values import Values, enum_of

_SCORES: Shape = (1, 1, 1, 3)  # of pixels, of classes, and of overlap
_LABELS = ("", "IMAGE", "PIXEL")  # they are counted from 1
_COLOURS = 3


def _images(it: Setup, count: int = 2) -> tuple[Image, ...]:
    return tuple(image_of(it, slot) for slot in range(count))


def _seg_accuracy(it: Setup) -> Made:
    images = _images(it)
    check_alike(it, images, 1, (NUMBER, HEIGHT, WIDTH))
    check_one(it, images, 1, [CHANNELS])
    return Made((_SCORES,))


def _unique_label(it: Setup) -> Made:
    values = it.values("unique_label_param")
    images = _images(it, 1)
    check_one(it, images, 0, [CHANNELS])
    # Without max_labels, which has no default, the file itself cannot be read.
    at, forced = values.field("max_labels"), len({s.value for s in values.scalars("force_label")})
    most = values.integer("max_labels")
    if most is not None and most <= 0:
        it.refuse(f"has max_labels {most}: it must be at least 1", at)
    elif most is not None and most <= forced:
        it.refuse(f"has max_labels {most} and {forced} force_label: it must be one more", at)
    return Made(((images[0][NUMBER], side_of(values, "max_labels") or None, 1, 1),))


def _check_not_negative(it: Setup, values: Values, *names: str) -> None:
    for name in names:
        if values.real(name, 0.0) < 0:
            it.refuse(f"has a negative {name}: it must be 0 or more", values.field(name))


def _check_positive(it: Setup, values: Values, *names: str) -> None:
    for name in names:
        if not values.real(name, 1.0) > 0:
            it.refuse(f"has a {name} that is not more than 0", values.field(name))


def _bias_channel(it: Setup) -> Made:
    """Adds to the scores of the classes that an image has."""
    values = it.values("bias_channel_param")
    _check_not_negative(it, values, "bg_bias", "fg_bias")
    images = _images(it)
    check_alike(it, images, 1, [NUMBER])
    kind = enum_of(values.fields, "label_type", _LABELS) or "IMAGE"
    if kind == "PIXEL":
        check_one(it, images, 1, [CHANNELS])
        check_alike(it, images, 1, (HEIGHT, WIDTH))
    else:
        check_one(it, images, 1, (HEIGHT, WIDTH))
        _check_some_labels(it, images)
    return Made((images[0],))


def _check_some_labels(it: Setup, images: tuple[Image, ...]) -> None:
    if images[1][CHANNELS] == 0:
        it.refuse_shape(
            f"reads {it.called(1)}, which is {shape_text(it.bottom(1))}, without labels", 1
        )


def _adaptive_bias_channel(it: Setup) -> Made:
    values = it.values("adaptive_bias_channel_param")
    _check_positive(it, values, "num_iter")
    _check_not_negative(it, values, "margin_others")
    for name in ("bg_portion", "fg_portion"):
        portion = values.real(name, 0.0)
        if not 0 <= portion <= 1:
            it.refuse(f"has {name} {portion:g}: it must be from 0 to 1", values.field(name))
    images = _images(it)
    if images[0][CHANNELS] in (0, 1):
        it.refuse_shape(
            f"reads {it.called()}, which is {shape_text(it.bottom())}: it needs at least 2 classes",
            0,
        )
    check_alike(it, images, 1, [NUMBER])
    check_one(it, images, 1, (HEIGHT, WIDTH))
    _check_some_labels(it, images)
    return Made((images[0],))


def _spatial_product(it: Setup) -> Made:
    bottom = it.bottom()
    images = _images(it)
    it.refuse_few_axes(2, "number, channels")
    check_one(it, images, 1, [CHANNELS])
    check_alike(it, images, 1, (HEIGHT, WIDTH))
    return Made((bottom,))


def _dense_crf(it: Setup) -> Made:
    """Scores, the sizes of the images and, for what depends on colour, the images."""
    values = it.values("dense_crf_param")
    for first, second in (("pos_w", "pos_xy_std"), ("bi_w", "bi_xy_std"), ("bi_w", "bi_rgb_std")):
        one, other = len(values.scalars(first)), len(values.scalars(second))
        if one != other:
            it.refuse(
                f"has {one} {first} and {other} {second}: write as many of each",
                values.field(second, first),
            )
    coloured = len(it.layer.bottoms) > 2
    images = _images(it, 3 if coloured else 2)
    check_alike(it, images, 1, [NUMBER])
    if coloured:
        if not values.has("bi_w"):
            it.refuse("reads images, but has no bi_w, bi_xy_std and bi_rgb_std to go by")
        if differ(images[2][CHANNELS], _COLOURS):
            it.refuse_shape(
                f"reads {it.called(2)}, which is {shape_text(it.bottom(2))}: it takes images with "
                "3 channels",
                2,
            )
        check_alike(it, images, 2, (NUMBER, HEIGHT, WIDTH))
    return Made((images[0],))


def _domain_transform(it: Setup) -> Made:
    values = it.values("domain_transform_param")
    _check_positive(it, values, "spatial_sigma", "range_sigma", "num_iter")
    _check_not_negative(it, values, "min_weight")
    images = _images(it)
    check_one(it, images, 1, [CHANNELS])
    check_alike(it, images, 1, (NUMBER, HEIGHT, WIDTH))
    return Made((images[0],))


def _mat_write(it: Setup) -> Made:
    values = it.values("mat_write_param")
    if values.integer("period", 1) < 1:
        it.refuse("has a period that is not at least 1", values.field("period"))
    return Made()


def _multi_stage_meanfield(it: Setup) -> Made:
    """CRF-RNN's: weights of two filters and how classes go together, each a matrix of classes."""
    values = it.values("multi_stage_meanfield_param")
    # num_iterations has no default that a file could leave it to.
    if values.integer("num_iterations", 2) < 2:
        at = values.field("num_iterations")
        it.refuse(f"has num_iterations {values.integer('num_iterations')}: at least 2", at)
    image = image_of(it)
    matrix: Shape = (1, 1, image[CHANNELS], image[CHANNELS])
    return Made((image,), (matrix, matrix, matrix))


RULES: Mapping[str, Rule] = {
    "AdaptiveBiasChannel": _adaptive_bias_channel,
    "BiasChannel": _bias_channel,
    "DenseCRF": _dense_crf,
    "DomainTransform": _domain_transform,
    "DomainTransformForwardOnly": _domain_transform,
    "MatWrite": _mat_write,
    "MultiStageMeanfield": _multi_stage_meanfield,
    "SegAccuracy": _seg_accuracy,
    "SpatialProduct": _spatial_product,
    "UniqueLabel": _unique_label,
}
