"""Caffe's Datum, read from its wire format without copying what it holds."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protofix.data.bytes import LARGEST_RECORD, UnreadableError
from protofix.data.counts import IntArray

_VARINT, _EIGHT, _LENGTH, _GROUP, _GROUP_END, _FOUR = range(6)  # kinds of a field on the wire
_NUMBERS = {1: "channels", 2: "height", 3: "width", 5: "label", 7: "encoded"}
_DATA, _LABEL, _FLOATS = 4, 5, 6
_LABEL_TAG = _LABEL << 3 | _VARINT
_FLOAT_TAG = _FLOATS << 3 | _FOUR
_PACKED_TAG = _FLOATS << 3 | _LENGTH
_NO_DATUM = "is no Datum, or damaged"

_AHEAD = 9  # bytes that are looked at of a field: its tag, and a number or a length
_MOST_FIELDS = 12  # that are walked over in many records at once
_STOPS = np.uint64(0x8080808080)  # the bits that are 0 where a varint of up to 5 bytes ends

_PNG = b"\x89PNG\r\n\x1a\n"
_GREY, _PALETTE = 0, 3  # kinds of colour of a PNG


@dataclass
class Datum:
    """What a record says, as Caffe reads it; `data` and `floats` look into the record.

    Attributes:
        channels: as written; Caffe asks for it where the pixels are not encoded.
        height: likewise.
        width: likewise.
        label: the one label of the whole record.
        encoded: whether `data` is the file of an image.
        data: pixels, a byte each, channel by channel.
        floats: the same as numbers, where `data` is empty; joined they are all of them.

    """

    channels: int = 0
    height: int = 0
    width: int = 0
    label: int = 0
    encoded: int = 0
    data: bytes | memoryview = b""
    floats: list[NDArray[np.float32]] = field(default_factory=list)


def read_datum(record: bytes | memoryview) -> Datum:
    """Read a record: fields in any order, the last of a kind counting, unknown ones left out.

    Raises:
        UnreadableError: it is no message, or one cut short.

    """
    datum = Datum()
    try:
        _read_into(datum, record)
    except (IndexError, struct.error):
        raise UnreadableError(_NO_DATUM) from None
    return datum


def labels_of(
    content: memoryview, starts: IntArray, sizes: IntArray
) -> tuple[IntArray, NDArray[np.bool_]]:
    """The labels of N records at once, and which of those are certain.

    The records are at offsets of `content`, all inside it. The walk goes over all of them field by
    field, past their pixels. A record that is out of the ordinary is left to `read_datum`:
    negative labels, many fields, damage, and what stands at the end of the content.
    """
    labels = np.zeros(len(starts), np.int64)
    certain = np.zeros(len(starts), np.bool_)
    if len(content) < _AHEAD:
        return labels, certain
    # A tag and the bytes behind it, at each offset of the content.
    kind = np.dtype([("tag", "u1"), ("rest", "<u8")])
    everywhere: NDArray[Any] = np.ndarray((len(content) - _AHEAD + 1,), kind, content, strides=(1,))
    ends = starts + sizes
    live = np.flatnonzero(ends + _AHEAD <= len(content))
    at = starts[live]
    for _ in range(_MOST_FIELDS):
        done = at == ends[live]
        if done.any():
            certain[live[done]] = True
            live, at = live[~done], at[~done]
        if not len(live):
            break
        fields = everywhere[at]
        tag, (value, length) = fields["tag"], _varints(fields["rest"].astype(np.uint64))
        here = tag == _LABEL_TAG
        labels[live[here]] = value[here]
        at = at + 1 + length + np.where(tag & 7 == _LENGTH, value, 0)
        known = ((tag & 7 == _VARINT) | (tag & 7 == _LENGTH)) & (tag >= 8) & (tag < 0x80)
        known &= (length > 0) & (value < 1 << 31) & (at <= ends[live])
        known &= (tag != _PACKED_TAG) | (value & 3 == 0)
        if not known.all():
            live, at = live[known], at[known]
    return labels, certain


def label_map_of(datum: Datum) -> NDArray[Any]:
    """The pixels of a record as labels, H x W: bytes, whole numbers of 16 bits or floats.

    Those of an image are its own. Caffe would give an image with a palette as its colours.

    Raises:
        UnreadableError: they are no map of labels.

    """
    if datum.encoded:
        return _decoded(datum.data)
    height, width = datum.height, datum.width
    if datum.channels != 1:
        raise UnreadableError(
            f"has {datum.channels} channels; a map of labels has 1, a number for each pixel"
        )
    pixels: NDArray[Any]
    if len(datum.data):
        pixels = np.frombuffer(datum.data, np.uint8)
    else:
        pixels = np.concatenate([*datum.floats, np.zeros(0, np.float32)])
    if height < 1 or width < 1 or len(pixels) != height * width:
        raise UnreadableError(
            f"has {len(pixels):,} pixels, and height {height} times width {width} "
            f"are {height * width:,}: they are cut short, or no map of labels"
        )
    return pixels.reshape(height, width)


def _read_into(datum: Datum, record: bytes | memoryview) -> None:
    at, end = 0, len(record)
    groups: list[int] = []  # those that the walk is inside of, none of which Caffe knows
    while at < end:
        tag, at = _varint(record, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise UnreadableError(_NO_DATUM)
        if kind == _VARINT:
            value, at = _varint(record, at)
            if number in _NUMBERS and not groups:
                # Numbers of 32 bits, whatever was written.
                whole = (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
                setattr(datum, _NUMBERS[number], int(value != 0) if number == 7 else whole)
        elif kind == _LENGTH:
            size, at = _varint(record, at)
            if size > end - at:
                raise UnreadableError(_NO_DATUM)
            if number == _DATA and not groups:
                datum.data = record[at : at + size]
            elif number == _FLOATS and not groups:
                datum.floats.append(_packed(record[at : at + size]))
            at += size
        elif kind in (_EIGHT, _FOUR):
            if tag == _FLOAT_TAG and not groups:
                at = _read_floats(datum, record, at - 1)
            else:
                at += 8 if kind == _EIGHT else 4
        elif kind == _GROUP:
            groups.append(number)
        elif kind != _GROUP_END or not groups or groups.pop() != number:
            raise UnreadableError(_NO_DATUM)
    if at > end or groups:
        raise UnreadableError(_NO_DATUM)


def _varint(content: bytes | memoryview, at: int) -> tuple[int, int]:
    """A whole number of up to 64 bits, and where it ends."""
    value = content[at]
    at += 1
    if value < 0x80:
        return value, at
    value &= 0x7F
    for shift in range(7, 70, 7):
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
    raise UnreadableError(_NO_DATUM)


def _packed(content: bytes | memoryview) -> NDArray[np.float32]:
    if len(content) % 4:
        raise UnreadableError(_NO_DATUM)
    return np.frombuffer(content, "<f4")


def _read_floats(datum: Datum, record: bytes | memoryview, at: int) -> int:
    """Read floats that follow one another, each behind its tag; gives where they end."""
    most = (len(record) - at) // 5
    if not most:
        raise UnreadableError(_NO_DATUM)
    tags = np.ndarray((most,), np.uint8, record, at, (5,))
    others = tags != _FLOAT_TAG
    count = int(others.argmax()) if others.any() else most
    if not count:
        # The tag was written in more bytes than it needs.
        datum.floats.append(_packed(record[at + 1 : at + 5]))
        return at + 5
    datum.floats.append(np.ndarray((count,), "<f4", record, at + 1, (5,)))
    return at + 5 * count


def _varints(words: NDArray[np.uint64]) -> tuple[IntArray, IntArray]:
    """The varints that N words begin with, and their lengths; 0 if one is longer than 5 bytes."""
    stops = ~words & _STOPS
    lowest = stops & (~stops + np.uint64(1))
    # Where there is no stop this takes 1 from 0, and the value means nothing.
    words = words & (lowest - np.uint64(1))
    value = words & np.uint64(0x7F)
    length = (lowest > 0).astype(np.int64)
    for place in range(1, 5):
        value |= words >> np.uint64(place) & np.uint64(0x7F << 7 * place)
        length += lowest >= np.uint64(0x80 << 8 * place)
    return value.astype(np.int64), length


def _decoded(data: bytes | memoryview) -> NDArray[Any]:
    """The pixels of a PNG of one channel, each what the file has for it."""
    from io import BytesIO

    head = bytes(data[:26])
    if not head.startswith(_PNG) or len(head) < 26:
        raise UnreadableError(
            "is encoded, and no PNG: JPEG and the like do not keep labels; encode maps as PNG"
        )
    width, height, bits, colour = struct.unpack_from(">IIBB", head, 16)
    if colour == _PALETTE:
        raise UnreadableError(
            "is an image with a palette, which Caffe decodes to three channels of colour: store "
            "its indices as a grey image, or raw"
        )
    if colour != _GREY:
        raise UnreadableError("is a colour image; a map of labels is grey")
    if colour == _GREY and bits < 8:
        raise UnreadableError(f"is a grey image of {bits} bits; a map of labels has 8 or 16")
    if width * height > LARGEST_RECORD:
        raise UnreadableError(f"is an image of {width:,} x {height:,}, more than is read")
    try:
        from PIL import Image
    except ImportError:
        raise UnreadableError(
            'is encoded, and decoding needs Pillow: pip install "protofix[data]"'
        ) from None
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images; how large they may be is said above.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=("PNG",)) as image:
                pixels = np.asarray(image)
    # What a damaged image makes Pillow raise is of many kinds.
    except Exception as error:
        why = " ".join(str(error).split())
        raise UnreadableError(f"is a PNG that cannot be decoded: {why}") from None
    return pixels.astype(np.uint16) if pixels.dtype.itemsize > 1 else pixels
