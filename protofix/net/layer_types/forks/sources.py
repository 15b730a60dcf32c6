"""Data layers of forks: AnnotatedData, VideoData, DenseImageData, ImageSegData, and the like.

Facts from annotated_data_layer.cpp, video_data_layer.cpp and data_transformer.cpp of weiliu89/caffe
(branch ssd); dense_image_data_layer.cpp of alexgkendall/caffe-segnet; image_seg_data_layer.cpp and
mat_read_layer.cpp of xmyqsh/deeplab-v2; video_data_layer.cpp and seg_data_layer.cpp of
yjxiong/caffe; box_data_layer.cpp of intel/caffe.
"""

from __future__ import annotations

from collections.abc import Mapping

from protofix.net.layer_types.forks.images import check_batch_size, has_only, side_of
from protofix.net.setup import Made, Rule, Setup
from protofix.net.shapes import Dim, Shape, product
from protofix.net.values import Values, enum_of

_RESIZES = ("", "WARP", "FIT_SMALL_SIZE", "FIT_LARGE_SIZE_AND_PAD")  # they are counted from 1
_VIDEOS = ("WEBCAM", "VIDEO")
_MODALITIES = ("RGB", "FLOW")
_TRUTH = 8  # numbers of an annotated box: image, label, instance, corners, difficult
_MOST_BOXES = 30  # of an image, in YOLO's labels
_BOX = 5  # numbers of such a box: label and corners
# What changes the size of an image in other forks.
_FURTHER = (
    "pad", "random_resize_param", "random_aspect_ratio_param", "img_rand_resize_lower",
    "img_rand_resize_upper", "use_gpu_transform",
)  # fmt: skip


def _transformed(it: Setup, batch: Dim) -> tuple[Dim, Dim]:
    """The sides of the images that SSD's data transformer gives, where they are told."""
    values = it.values("transform_param")
    _check_means(it, values)
    sides: tuple[Dim, Dim] = (None, None)
    for resize in values.messages("resize_param")[-1:]:
        at = values.field("resize_param")
        if not (resize.integer("height") and resize.integer("width")):
            it.refuse("needs both height and width in resize_param, at least 1", at)
        mode = enum_of(resize.fields, "resize_mode", _RESIZES)
        if mode != "FIT_SMALL_SIZE":
            sides = side_of(resize, "height") or None, side_of(resize, "width") or None
        elif batch is not None and batch != 1:
            it.refuse(
                f"has batch_size {batch} and resize_mode FIT_SMALL_SIZE, which makes each image of "
                "another size: give them one at a time (batch_size: 1)",
                at,
            )
    if values.has(*_FURTHER):
        return None, None
    if values.integer("crop_size"):
        return side_of(values, "crop_size"), side_of(values, "crop_size")
    return side_of(values, "crop_h") or sides[0], side_of(values, "crop_w") or sides[1]


def _check_means(it: Setup, values: Values) -> None:
    if values.has("mean_file") and values.has("mean_value"):
        it.refuse(
            "has both mean_file and mean_value: give one or the other", values.field("mean_value")
        )


def _annotated_data(it: Setup) -> Made:
    """Labels are rows of one plane, one for each box of the batch."""
    batch = check_batch_size(it, it.values("data_param"), "data_param")
    told = it.values("annotated_data_param").has("anno_type")
    label: Shape = (1, 1, None, _TRUTH) if told else (None, 1, None, None)
    return Made(((batch, None, *_transformed(it, batch)), label))


def _video_data(it: Setup) -> Made:
    """SSD's, which films; yjxiong's, which has films in single frames, names their `source`."""
    values = it.values("video_data_param")
    if not has_only(values, "video_type", "device_id", "video_file", "skip_frames"):
        return _video_frames(it, values)
    batch = check_batch_size(it, it.values("data_param"), "data_param")
    if values.enum("video_type", _VIDEOS) == "VIDEO" and not values.has("video_file"):
        it.refuse("needs video_file in video_data_param", values.field("video_type"))
    return Made(((batch, None, *_transformed(it, batch)), (batch,)))


def _video_frames(it: Setup, values: Values) -> Made:
    """Some frames of a film: three channels each, or the flow along both axes."""
    batch = check_batch_size(it, values, "video_data_param")
    frames = product((side_of(values, "new_length", 1), side_of(values, "num_segments", 1)))
    modality = enum_of(values.fields, "modality", _MODALITIES) or "FLOW"
    each = 2 if modality == "FLOW" else 1 if values.boolean("grayscale", False) else 3
    transform = it.values("transform_param")
    _check_means(it, transform)
    crop = side_of(transform, "crop_size") or None
    sides = (crop, crop) if crop else _resized(values)
    return Made(((batch, product((frames, each)), *sides), (batch, 1, 1, 1)))


def _resized(values: Values) -> tuple[Dim, Dim]:
    sides = side_of(values, "new_height") or None, side_of(values, "new_width") or None
    return sides if None not in sides else (None, None)


def _check_both(it: Setup, values: Values, height: str, width: str) -> None:
    """A side comes with the other, or not at all."""
    given, other = bool(values.integer(height)), bool(values.integer(width))
    if given != other:
        missing = width if given else height
        it.refuse(
            f"needs {missing} beside {height if given else width}", values.field(height, width)
        )


def _dense_image_data(it: Setup) -> Made:
    """Images and the labels of their pixels."""
    values, transform = it.values("dense_image_data_param"), it.values("transform_param")
    _check_both(it, values, "new_height", "new_width")
    _check_both(it, values, "crop_height", "crop_width")
    _check_means(it, transform)
    batch = check_batch_size(it, values, "dense_image_data_param")
    if transform.boolean("mirror", False) or transform.integer("crop_size"):
        it.refuse(
            "cannot mirror or crop in transform_param, which would not treat the labels alike: "
            "give mirror, crop_height and crop_width in dense_image_data_param",
            transform.field("mirror", "crop_size"),
        )
        return Made(((batch, None, None, None), (batch, 1, None, None)))
    sides = side_of(values, "crop_height") or None, side_of(values, "crop_width") or None
    if None in sides:
        sides = _resized(values)
    channels = 3 if values.boolean("is_color", True) else 1
    return Made(((batch, channels, *sides), (batch, 1, *sides)))


def _image_seg_data(it: Setup) -> Made:
    """Images, the labels of their pixels, and what size they had."""
    values, transform = it.values("image_data_param"), it.values("transform_param")
    if transform.has("mean_file"):
        it.refuse("takes no mean_file: give mean_value", transform.field("mean_file"))
    _check_both(it, values, "new_height", "new_width")
    sides = _resized(values)
    at = transform.field("crop_height", "crop_width")
    if at is not None:
        both = transform.has("crop_height") and transform.has("crop_width")
        if not both or transform.has("crop_size"):
            it.refuse("must have either crop_size, or both crop_height and crop_width", at)
        sides = side_of(transform, "crop_height") or None, side_of(transform, "crop_width") or None
    elif transform.integer("crop_size"):
        sides = (side_of(transform, "crop_size"),) * 2
    batch = check_batch_size(it, values, "image_data_param")
    channels = 3 if values.boolean("is_color", True) else 1
    label: Shape = (batch, 1, *sides)
    return Made(((batch, channels, *sides), label, (batch, 1, 1, 2)))


def _seg_data(it: Setup) -> Made:
    _check_means(it, it.values("transform_param"))
    return Made(((1, None, None, None), (1, None, None, None)))


def _box_data(it: Setup) -> Made:
    """YOLO's images and labels, one top of labels for each `side`."""
    values = it.values("data_param")
    _check_means(it, it.values("transform_param"))
    batch = check_batch_size(it, values, "data_param")
    labels, sides = len(it.layer.tops) - 1, len(values.integers("side")) or 1
    if labels and labels != sides:
        it.refuse(
            f"has {sides} side and {labels} tops of labels: it makes one for each",
            values.field("side"),
            "blob-count",
        )
    return Made(((batch, None, None, None), *[(batch, _MOST_BOXES * _BOX)] * labels))


def _mat_read(it: Setup) -> Made:
    values = it.values("mat_read_param")
    if values.integer("batch_size", 1) < 1:
        it.refuse("has a batch_size that is not at least 1", values.field("batch_size"))
    return Made(((side_of(values, "batch_size", 1) or None, None, None, None),))


RULES: Mapping[str, Rule] = {
    "AnnotatedData": _annotated_data,
    "BoxData": _box_data,
    "DenseImageData": _dense_image_data,
    "ImageSegData": _image_seg_data,
    "MatRead": _mat_read,
    "SegData": _seg_data,
    "VideoData": _video_data,
}
