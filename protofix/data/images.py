"""The size of an image file, as OpenCV would decode it for Caffe. Only its beginning is read."""

from __future__ import annotations

import warnings
from typing import BinaryIO, NamedTuple

# What OpenCV reads as well, in any of its releases.
_FORMATS = ("BMP", "JPEG", "PNG", "PPM", "TIFF")

_ORIENTATION = 0x0112  # the tag of EXIF
_ON_ITS_SIDE = (5, 6, 7, 8)

_PNG_CHANNELS = {"1": 1, "L": 1, "I": 1, "I;16": 1, "RGB": 3, "P": 3, "LA": 4, "RGBA": 4}


class Picture(NamedTuple):
    """Height and width of an image, and its channels where none are asked for.

    Height and width are unknown where it depends on the release of OpenCV whether the image is
    turned (by its EXIF orientation).
    """

    channels: int | None
    height: int | None
    width: int | None


def picture_of(stream: BinaryIO) -> Picture:
    """The size of an image. Raises what Pillow raises for one that it cannot read."""
    from PIL import Image

    with warnings.catch_warnings():
        # Pillow warns of huge images and of damaged EXIF; no pixel is decoded here.
        warnings.simplefilter("ignore")
        with Image.open(stream, formats=_FORMATS) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
            channels = _channels(image.format or "", image.mode, "transparency" in image.info)
    if turned and width != height:
        return Picture(channels, None, None)
    return Picture(channels, height, width)


def _channels(format: str, mode: str, transparent: bool) -> int | None:
    """Channels that OpenCV decodes by itself (IMREAD_UNCHANGED), where its releases agree."""
    if format in ("JPEG", "MPO"):
        return 1 if mode == "L" else 3
    if format == "PNG" and not transparent:
        return _PNG_CHANNELS.get(mode)
    return None
