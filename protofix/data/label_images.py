"""Maps of labels kept as images (segmentation): their pixels are the labels."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from protofix.data.bytes import UnreadableError
from protofix.data.counts import LabelCounts
from protofix.data.label_arrays import count_npy_map
from protofix.data.label_rules import LabelFault, LabelRules
from protofix.data.tally import count_map
from protofix.files import FileError, open_regular

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".bmp", ".tif", ".tiff", ".pgm", ".npy")
"""Files that can hold a map of labels: those without loss."""

MOST_PIXELS = 1 << 28
"""No image of more pixels is decoded."""

_FORMATS = ("PNG", "BMP", "TIFF", "PPM")
_CHANNELS = {"RGB": 3, "RGBA": 4, "RGBX": 3, "CMYK": 4, "YCbCr": 3, "LAB": 3, "HSV": 3, "LA": 2,
             "La": 2, "PA": 2, "RGBa": 4}  # fmt: skip
_PNG_HEADER = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_DEPTH_AT, _COLOUR_AT = 24, 25  # in a PNG file
_GREY = 0


def label_files(folder: Path) -> list[Path]:
    """The files in a folder and all below it that can hold a map of labels, in order.

    Hidden files and folders (those that begin with a dot) are left out.

    Raises:
        UnreadableError: there are none.
        FileError: a folder cannot be read.

    """
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise FileError(f"{folder}: {what}: name a folder of label images")
    found: list[Path] = []
    lossy = 0
    for above, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = os.path.splitext(name)[1].lower()
            lossy += suffix in (".jpg", ".jpeg")
            if suffix in SUFFIXES and not name.startswith("."):
                found.append(Path(above, name))
    if not found:
        why = "; JPEG does not keep labels exactly" if lossy else ""
        raise UnreadableError(
            f"{folder}: holds no label images ({', '.join(SUFFIXES)}) in it or below{why}"
        )
    return found


def count_image(path: Path, rules: LabelRules) -> LabelCounts:
    """Count the labels of an image or `.npy` file, which is one map.

    Of an image with a palette the indices are the labels, of a grey one the values.

    Raises:
        UnreadableError: it is no map of labels, or damaged; or Pillow is missing.
        FileError: it cannot be read.

    """
    if path.suffix.lower() == ".npy":
        return count_npy_map(path, rules)
    with open_regular(path) as stream:
        try:
            return count_map(_pixels(stream, path), rules)
        except LabelFault as fault:
            raise UnreadableError(f"{path}: {fault}") from None


def _pixels(stream: BinaryIO, path: Path) -> NDArray[Any]:
    try:
        from PIL import Image
    except ImportError:
        raise UnreadableError(
            f'{path}: reading images needs Pillow: pip install "protofix[data]"'
        ) from None
    beginning = stream.read(_COLOUR_AT + 1)
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images; how large they may be is said below.
            warnings.simplefilter("ignore")
            with Image.open(stream, formats=_FORMATS) as image:
                wrong = _wrong_with(image, beginning)
                if not wrong:
                    return np.asarray(image)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Image.DecompressionBombError:
        wrong = f"declares more than {MOST_PIXELS:,} pixels"
    # A damaged image makes a library raise whatever its own errors map to.
    except Exception:
        wrong = "is no image that can be read, or damaged"
    raise UnreadableError(f"{path}: {wrong}")


def _wrong_with(image: Image.Image, beginning: bytes) -> str:
    """Why the pixels of an image are no labels; "" if they are."""
    width, height = image.size
    if width * height > MOST_PIXELS:
        return f"declares {width:,} x {height:,} pixels, more than {MOST_PIXELS:,}"
    channels = _CHANNELS.get(image.mode)
    if channels == 2:
        return "has an alpha channel beside its labels: give maps whose pixels are labels"
    if channels is not None:
        return f"is a colour image, {channels} channels: give maps whose pixels are labels"
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        return f"holds {frames} images: give one map in each file"
    if beginning.startswith(_PNG_HEADER) and beginning[_COLOUR_AT] == _GREY:
        depth = beginning[_DEPTH_AT]
        if depth < 8:
            # Some programs spread the values to 0 to 255, and others do not.
            return f"is grey with {depth} bits, which programs read differently: save it with 8"
    return ""


def _refuse(error: OSError) -> None:
    raise FileError(f"{error.filename}: cannot be read: {error.strerror}")
