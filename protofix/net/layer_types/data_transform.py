"""What `transform_param` does to the images of a data layer (Caffe 1.0, data_transformer.cpp)."""

from __future__ import annotations

from typing import NamedTuple

from protofix.net.names import counted
from protofix.net.setup import Setup
from protofix.net.shapes import Dim, merged, shape_text, shapes_differ
from protofix.net.values import Values
from protofix.textproto.tree import Node

_LARGEST_CROP = 2**32 - 1  # that the field takes; of more, the schema check says so


class Transform(NamedTuple):
    """What a layer does to its images. Its mean is an image in a file, or a number a channel."""

    crop: int  # 0: none
    crop_at: Node | None
    mean_file: str | None
    mean_file_at: Node | None
    mean_values: int
    mean_values_at: Node | None


class Images(NamedTuple):
    """What a layer reads, before it is transformed, and what to call that in a sentence."""

    channels: Dim = None
    height: Dim = None
    width: Dim = None
    called: str = "each image"


def transform_of(it: Setup, home: str) -> Transform:
    """The transformation that a layer asks for, and refuse two means at once.

    In the V1 format the fields may stand in the layer's own parameters, `home`, from where Caffe
    moves them; in V0 they are the layer's own.
    """
    own = it.values("transform_param")
    moved = it.values(home) if it.layer.format == 1 else Values(())
    crop_in = moved if moved.has("crop_size") else own
    crop = crop_in.integer("crop_size") or crop_in.integer("cropsize") or 0
    mean_in = moved if moved.has("mean_file") else own
    mean_at = mean_in.field("mean_file", "meanfile")
    mean = mean_in.string("mean_file" if mean_in.has("mean_file") else "meanfile")
    values, values_at = len(own.scalars("mean_value")), own.field("mean_value")
    if mean_at is not None and values:
        it.refuse("has both mean_file and mean_value: give one or the other", values_at)
        mean, values = None, 0
    elif mean == "":
        it.refuse("has an empty mean_file: name a file, or take it away", mean_at)
    crop_at = crop_in.field("crop_size", "cropsize")
    return Transform(
        min(max(crop, 0), _LARGEST_CROP), crop_at, mean or None, mean_at, values, values_at
    )


def transformed(it: Setup, how: Transform, images: Images) -> tuple[Dim, Dim, Dim]:
    """Channels, height and width of the images after the transformation.

    What is not known of the images is taken from the means, which must be like them.
    """
    size = _with_mean_file(it, how, images)
    channels = with_mean_values(it, how, images._replace(channels=size[0]))
    _, height, width = size
    if not how.crop:
        return channels, height, width
    called = images.called if height == images.height else "the image in its mean_file"
    if any(side is not None and side < how.crop for side in (height, width)):
        it.refuse_shape(
            f"crops to {how.crop} × {how.crop}, but {called} is {shape_text((height, width))}: "
            "crop_size must not be more than that",
            how.crop_at,
        )
        return channels, None, None
    return channels, how.crop, how.crop


def _with_mean_file(it: Setup, how: Transform, images: Images) -> tuple[Dim, Dim, Dim]:
    size = images[:3]
    mean = it.files.mean(how.mean_file) if it.files is not None and how.mean_file else None
    if shapes_differ(size, mean):
        it.refuse_later(
            f"has a mean_file of {shape_text(mean)}, but {images.called} is {shape_text(size)} "
            "before it is cropped: the mean must be as large",
            how.mean_file_at,
        )
        return size
    channels, height, width = merged(size, mean) or size
    return channels, height, width


def with_mean_values(it: Setup, how: Transform, images: Images) -> Dim:
    """The channels of the images, which several mean values tell as well."""
    count = how.mean_values
    if count <= 1:
        return images.channels
    channels = images.channels
    if channels is not None and channels != count:
        it.refuse_later(
            f"has {count} mean_value, but {images.called} has "
            f"{counted(channels, 'channel')}: give one for all channels"
            f"{'' if channels == 1 else ', or one for each'}",
            how.mean_values_at,
        )
        return channels
    return count
