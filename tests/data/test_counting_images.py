"""Labels counted in folders of label images: which images are maps of labels, and which not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from protofix.data.counting import ImageFolderLabels, count_labels

LABELS = np.array([[0, 1, 1], [2, 2, 255]], np.uint8)
COUNTS = [1, 2, 2]


def image(array: np.ndarray[Any, Any], mode: str | None = None) -> Any:
    Image = pytest.importorskip("PIL.Image")
    made = Image.fromarray(array)
    if mode == "P":
        made = made.convert("L")
        made = Image.frombytes("P", made.size, made.tobytes())
        # A palette that would make other numbers of the indices.
        made.putpalette([(7 * index + 3) % 256 for index in range(768)])
        return made
    return made.convert(mode) if mode else made


IMAGES = {
    "grey.png": ("L", {}),
    "palette.png": ("P", {}),
    "transparent palette.png": ("P", {"transparency": 1}),
    "grey.bmp": ("L", {}),
    "palette.bmp": ("P", {}),
    "grey.tif": ("L", {}),
    "grey.pgm": ("L", {}),
    "GREY.PNG": ("L", {}),
}


@pytest.mark.parametrize("name", IMAGES)
def test_maps(name: str, tmp_path: Path) -> None:
    mode, options = IMAGES[name]
    image(LABELS, mode).save(tmp_path / name, **options)
    found = count_labels(ImageFolderLabels(tmp_path), ignore_label=255)
    assert found.counts.tolist() == COUNTS
    assert (found.items, found.ignored, found.maps) == (1, 1, True)


def test_grey_with_16_bits(tmp_path: Path) -> None:
    image(np.array([[0, 300], [300, 65535]], np.uint16)).save(tmp_path / "a.png")
    found = count_labels(ImageFolderLabels(tmp_path), ignore_label=65535)
    assert (found.counts[0], found.counts[300], found.total, found.ignored) == (1, 2, 3, 1)


def test_a_palette_of_few_bits(tmp_path: Path) -> None:
    image(np.array([[0, 1], [1, 3]], np.uint8), "P").save(tmp_path / "a.png", bits=2)
    assert count_labels(ImageFolderLabels(tmp_path)).counts.tolist() == [1, 2, 0, 1]


def test_a_folder_with_folders(tmp_path: Path) -> None:
    for name in ("b/c/x.png", "a/y.png", ".hidden/z.png", "a/.z.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        image(LABELS, "L").save(tmp_path / name)
    np.save(tmp_path / "n.npy", LABELS.astype(np.int64))
    image(LABELS, "RGB").save(tmp_path / "a" / "photo.jpg")
    (tmp_path / "readme.txt").write_text("not an image")
    found = count_labels(ImageFolderLabels(tmp_path), ignore_label=255)
    assert (found.counts.tolist(), found.items) == ([3 * it for it in COUNTS], 3)


def png(width: int, height: int, depth: int, colour: int, pixels: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


WRONG = {
    "RGB": "is a colour image, 3 channels: give maps whose pixels are labels",
    "RGBA": "is a colour image, 4 channels: give maps whose pixels are labels",
    "LA": "has an alpha channel beside its labels: give maps whose pixels are labels",
    "1": "is grey with 1 bits, which programs read differently: save it with 8",
}


@pytest.mark.parametrize("mode", WRONG)
def test_images_that_are_no_maps(mode: str, tmp_path: Path) -> None:
    image(LABELS, mode).save(tmp_path / "a.png")
    with pytest.raises(ValueError) as error:
        count_labels(ImageFolderLabels(tmp_path))
    assert str(error.value) == f"{tmp_path / 'a.png'}: {WRONG[mode]}"


DAMAGED = {
    "empty": (b"", "is no image that can be read, or damaged"),
    "text": (b"not a png", "is no image that can be read, or damaged"),
    "no pixels": (png(30, 30, 8, 0, b""), "is no image that can be read, or damaged"),
    "cut short": (
        png(9, 9, 8, 0, bytes(range(90)))[:80],
        "is no image that can be read, or damaged",
    ),
    "huge": (png(30000, 30000, 8, 0, b""), "declares more than 268,435,456 pixels"),
    "large": (png(16000, 17000, 8, 0, b""), "declares "),
    "4 bits": (png(2, 1, 4, 0, b"\0\x12"), "is grey with 4 bits, which programs read differently"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_images(case: str, tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    content, expected = DAMAGED[case]
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError) as error:
        count_labels(ImageFolderLabels(tmp_path))
    said = str(error.value)
    assert said.startswith(f"{tmp_path / 'a.png'}: {expected}") and "\n" not in said


def test_jpegs_alone(tmp_path: Path) -> None:
    image(LABELS, "L").save(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="JPEG does not keep labels exactly"):
        count_labels(ImageFolderLabels(tmp_path))
