"""The shapes of what data layers read, where the files that they name are there.

Databases, HDF5 files, lists of images and mean files are only read, and only as much of them as
tells a shape. Whatever cannot be read is unknown, and `DataFiles.notes` says why.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

from caffe_proto import base_schema
from protofix.data.bytes import LARGEST_RECORD, UnreadableError
from protofix.data.hdf5 import Hdf5File, datasets_of, largest_of
from protofix.data.images import Picture, picture_of
from protofix.files import open_regular
from protofix.looking import exists
from protofix.net.layers import Layer
from protofix.net.paths import find_file
from protofix.net.shapes import Dim

if TYPE_CHECKING:
    from google.protobuf.message import Message

Backend = Literal["LEVELDB", "LMDB"]

_MOST_LINES = 200_000
_LONGEST_LINE = 1 << 16
_MOST_AXES_OF_A_MEAN = 4
# C's atoi: what does not begin with a number is 0.
_NUMBER = re.compile(rb"[ \t\r\f\v]*([+-]?\d{1,10})")

_Read = TypeVar("_Read")


class Record(NamedTuple):
    """The first record of a database (a Datum).

    `channels`, `height` and `width` are the numbers that it gives, or, if it is `encoded`, those
    of the image in it, as far as they are known.
    """

    channels: Dim
    height: Dim
    width: Dim
    encoded: bool
    label: int


class Listed(NamedTuple):
    """The first file that a list of files names; None if it names none."""

    first: str | None


@dataclass(frozen=True, eq=False)
class DataFiles:
    """Reads the files that a net names, from `origin`, the net's own (see `find_file`).

    Each file is read once. A method gives None for what is not there or cannot be read, and never
    raises; `notes` then has a line about it, and `spoiled` says of what is there and is not what it
    should be why not, by the name that the net has for it.
    """

    origin: str | os.PathLike[str]
    notes: list[str] = field(default_factory=list, init=False)
    spoiled: dict[str, str] = field(default_factory=dict, init=False)
    _known: dict[tuple[str, str], object] = field(default_factory=dict, init=False, repr=False)

    def backend(self, source: str) -> Backend | None:
        """What kind of database a folder holds."""
        return self._once("backend", source, _backend)

    def record(self, source: str, backend: Backend) -> Record | None:
        """The first record of a database."""
        return self._once(
            backend, source, lambda path: self._record(source, path, _first_value(path, backend))
        )

    def image_list(self, source: str) -> Listed | None:
        """The first image of a list, a line each: its path, a blank and its label."""
        return self._once("image list", source, _first_image)

    def image(self, path: str) -> Picture | None:
        """The size of an image file."""
        return self._once("image", path, _picture)

    def window_channels(self, source: str) -> int | None:
        """Channels of the images of a window file (R-CNN), by the first of them."""
        return self._once("windows", source, _window_channels)

    def mean(self, source: str) -> tuple[int, int, int] | None:
        """Channels, height and width of a mean image as Caffe reads them from a BlobProto."""
        return self._once("mean", source, _mean)

    def hdf5_list(self, source: str) -> Listed | None:
        """The first HDF5 file of a list, whose paths stand between blanks or line ends."""
        return self._once("HDF5 list", source, _first_word)

    def hdf5(self, path: str, names: tuple[str, ...]) -> Hdf5File | None:
        """The datasets of those names in an HDF5 file."""
        return self._once(f"datasets {names}", path, lambda at: datasets_of(at, path, names))

    def largest_label(self, layer: Layer, slot: int) -> int | None:
        """The largest number that a data layer's source has for a top, where it is cheap to know.

        Those of ImageData's labels (of the first 200,000) and of a dataset of HDF5Data's first
        file (of its first 1,000,000 numbers) are; of a database it is the first record's label.
        """
        if slot >= len(layer.tops):
            return None
        if layer.type == "ImageData" and slot == 1:
            source = _source(layer, "image_data_param")
            return self._once("labels", source, _largest_label)
        if layer.type == "Data" and slot == 1:
            source = _source(layer, "data_param")
            backend = self.backend(source) if source else None
            first = self.record(source, backend) if backend else None
            return None if first is None else first.label
        if layer.type == "HDF5Data":
            listed = self.hdf5_list(_source(layer, "hdf5_data_param"))
            if listed is not None and listed.first is not None:
                name = layer.tops[slot].name
                found = self._once(
                    f"labels {name}", listed.first, lambda path: (largest_of(path, name),)
                )
                return None if found is None else found[0]
        return None

    def _once(self, what: str, name: str, read: Callable[[Path], _Read]) -> _Read | None:
        """What is read of a file; the second time it is known already."""
        key = (what, name)
        if key not in self._known:
            self._known[key] = self._tried(name, read)
        return cast("_Read | None", self._known[key])

    def _tried(self, name: str, read: Callable[[Path], _Read]) -> _Read | None:
        path = find_file(name, self.origin)
        if path is not None:
            return self._guarded(name, path, read)
        if name:
            self._note(name, "not found")
        return None

    def _guarded(self, name: str, path: Path, read: Callable[[Path], _Read]) -> _Read | None:
        try:
            return read(path)
        except ImportError:
            self._note(name, "there, but not read: needs protofix[data]")
        # A damaged file makes a library raise whatever its own errors map to.
        except Exception as error:
            why = _reason(error, path)
            self.spoiled.setdefault(name, why)
            self._note(name, f"there, but not read: {why}")
        return None

    def _note(self, name: str, why: str) -> None:
        note = f"{shown(name)}: {why}"
        if note not in self.notes:
            self.notes.append(note)

    def _record(self, source: str, path: Path, content: bytes) -> Record:
        datum: Any = base_schema().message_class("Datum")()
        _parse(datum, content)
        if not datum.encoded:
            return Record(datum.channels, datum.height, datum.width, False, datum.label)
        unknown = Picture(None, None, None)
        image = self._guarded(
            f"{source} (its first image)", path, lambda _: picture_of(BytesIO(datum.data))
        )
        return Record(*(image or unknown), True, datum.label)


def shown(name: str) -> str:
    """A path so that it stays on one line."""
    return name if name.isprintable() else ascii(name)


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).removeprefix(f"{path}: ").split())
    return text if text.isprintable() and text else type(error).__name__


def _source(layer: Layer, message: str) -> str:
    """The `source` of a data layer; of a V0 layer its own."""
    return layer.values(message).string("source") or ""


# The readers of databases are imported where there is one: they need numpy, which takes longer to
# import than a net to be checked.


def _backend(folder: Path) -> Backend:
    from protofix.data import leveldb, lmdb

    if exists(folder / lmdb.DATA):
        return "LMDB"
    if exists(folder / leveldb.CURRENT):
        return "LEVELDB"
    raise UnreadableError("is no LMDB and no LevelDB")


def _first_value(folder: Path, backend: Backend) -> bytes:
    if backend == "LMDB":
        from protofix.data import lmdb

        return lmdb.first_value(folder)
    from protofix.data import leveldb

    return leveldb.first_value(folder)


def _parse(message: Message, content: bytes) -> None:
    from google.protobuf.message import DecodeError

    try:
        message.ParseFromString(content)
    except DecodeError:
        name = message.DESCRIPTOR.name
        raise UnreadableError(f"holds no {name}, or one cut short") from None


def _picture(path: Path) -> Picture:
    with open_regular(path) as stream:
        return picture_of(stream)


def _lines(path: Path, most: int) -> Iterator[bytes]:
    """The first lines of a text file."""
    with open_regular(path) as stream:
        for _ in range(most):
            line = stream.readline(_LONGEST_LINE)
            if not line:
                return
            if len(line) == _LONGEST_LINE:
                raise UnreadableError("is no list: it has a line of 64 KiB or more")
            yield line.removesuffix(b"\n")


def _first_image(path: Path) -> Listed:
    for line in _lines(path, 1):
        # A path may have blanks in it; the last one stands before the label.
        name, blank, label = line.rpartition(b" ")
        return Listed(os.fsdecode(name if blank else label))
    return Listed(None)


def _largest_label(path: Path) -> int | None:
    labels = (_NUMBER.match(line.rpartition(b" ")[2]) for line in _lines(path, _MOST_LINES))
    return max((int(label[1]) if label else 0 for label in labels), default=None)


def _words(path: Path) -> Iterator[str]:
    for line in _lines(path, _MOST_LINES):
        yield from map(os.fsdecode, line.split())


def _first_word(path: Path) -> Listed:
    return Listed(next(_words(path), None))


def _window_channels(path: Path) -> int:
    """A window file begins: `# 0`, the image's path, its channels, height and width."""
    words = _words(path)
    hash_sign, _index, _image, channels = (next(words, "") for _ in range(4))
    if hash_sign != "#" or not re.fullmatch(r"[1-9]\d{0,8}", channels, re.ASCII):
        raise UnreadableError("is no window file: # 0, a path, channels, height, width")
    return int(channels)


def _mean(path: Path) -> tuple[int, int, int]:
    with open_regular(path) as stream:
        content = stream.read(LARGEST_RECORD + 1)
    if len(content) > LARGEST_RECORD:
        raise UnreadableError("is larger than 256 MiB, which is no mean image")
    blob: Any = base_schema().message_class("BlobProto")()
    _parse(blob, content)
    legacy = ("num", "channels", "height", "width")
    if any(blob.HasField(name) for name in legacy):
        shape = tuple(int(getattr(blob, name)) for name in legacy)
    else:
        shape = tuple(int(dim) for dim in blob.shape.dim)
    numbers = len(blob.data) or len(blob.double_data)
    if not numbers or math.prod(shape) != numbers or len(shape) > _MOST_AXES_OF_A_MEAN:
        raise UnreadableError("holds no mean image (a BlobProto), or one cut short")
    # Caffe asks for the second to fourth axis, whatever the number of axes; one missing is 1.
    _, channels, height, width = (*shape, 1, 1, 1, 1)[:_MOST_AXES_OF_A_MEAN]
    return channels, height, width
