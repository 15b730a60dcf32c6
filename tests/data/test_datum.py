"""Caffe's Datum read from its bytes, held against protobuf."""

from __future__ import annotations

import struct
import sys
from typing import Any

import numpy as np
import pytest
from data_writers import map_image
from hypothesis import given
from hypothesis import strategies as st

from caffe_proto import base_schema
from protofix.data.bytes import UnreadableError
from protofix.data.datum import Datum, label_map_of, labels_of, read_datum


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def content(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def floats(*values: float) -> bytes:
    return b"".join(b"\x35" + struct.pack("<f", value) for value in values)


def by_protobuf(record: bytes) -> Any:
    message: Any = base_schema().message_class("Datum")()
    message.ParseFromString(record)
    return message


def fields_of(datum: Datum) -> list[object]:
    joined = np.concatenate([*datum.floats, np.zeros(0, np.float32)]).tolist()
    return [datum.channels, datum.height, datum.width, bytes(datum.data), datum.label, joined,
            bool(datum.encoded)]  # fmt: skip


def fields_by_protobuf(record: bytes) -> list[object]:
    datum = by_protobuf(record)
    return [datum.channels, datum.height, datum.width, datum.data, datum.label,
            list(datum.float_data), datum.encoded]  # fmt: skip


RECORDS = {
    "empty": b"",
    "as Caffe writes it": number(1, 3) + number(2, 2) + number(3, 1) + content(4, b"abcdef")
    + number(5, 7) + number(7, 0),
    "the label first": number(5, 300) + content(4, b"abc"),
    "the last label counts": number(5, 1) + content(4, b"ab") + number(5, 2),
    "a negative label": content(4, b"ab") + number(5, -1),
    "a label of more than 32 bits": number(5, 5 + (1 << 40)),
    "a label in more bytes than it needs": b"\x28\x85\x80\x00",
    "pixels in two fields": content(4, b"ab") + content(4, b"cd"),
    "floats behind a tag each": floats(1, 2.5, -3) + number(5, 4),
    "packed floats and others": content(6, struct.pack("<2f", 1, 2)) + floats(3) + number(5, 9),
    "a float whose tag is long": b"\xb5\x00" + struct.pack("<f", 8) + number(5, 1),
    "unknown fields": number(9, 1) + content(10, b"(\x09") + b"\x5d1234" + b"\x6112345678"
    + number(5, 6),
    "an unknown group": b"\x53" + number(5, 1) + b"\x5b" + content(4, b"x") + b"\x5c\x54"
    + number(5, 3),
    "a label that is text": content(5, b"12") + number(5, 8) + content(5, b"1"),
    "many fields": b"".join(number(5, value) for value in range(40)),
}  # fmt: skip


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_is_read_as_protobuf_reads_it(record: bytes) -> None:
    assert fields_of(read_datum(record)) == fields_by_protobuf(record)
    assert fields_of(read_datum(memoryview(record))) == fields_by_protobuf(record)


DAMAGED = {
    "a tag alone": b"\x28",
    "pixels cut short": content(4, b"abcdef")[:-1],
    "a number without end": b"\x28" + b"\xff" * 11,
    "field 0": b"\x00\x01",
    "a float cut short": b"\x35123",
    "packed floats cut short": content(6, b"12345"),
    "a group without end": b"\x53" + number(5, 1),
    "the end of no group": b"\x54",
    "an unknown kind": b"\x2e\x01",
}


@pytest.mark.parametrize("record", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record(record: bytes) -> None:
    with pytest.raises(UnreadableError, match="is no Datum, or damaged"):
        read_datum(record)
    labels, certain = labels_of(memoryview(record + bytes(20)), *spans([record]))
    assert not certain.any(), labels


def spans(records: list[bytes]) -> tuple[Any, Any]:
    sizes = np.array([len(record) for record in records], np.int64)
    return np.cumsum(sizes) - sizes, sizes


FIELDS = st.one_of(
    st.builds(number, st.sampled_from([1, 2, 3, 5, 7, 30]), st.integers(-5, 1 << 33)),
    st.builds(number, st.just(5), st.integers(0, 1000)),
    st.builds(content, st.sampled_from([4, 20]), st.binary(max_size=300)),
    st.builds(floats, st.integers(0, 9), st.integers(0, 9)),
)


@given(st.lists(st.lists(FIELDS, max_size=8).map(b"".join), min_size=1, max_size=9))
def test_many_records_at_once_are_read_as_one_by_one(records: list[bytes]) -> None:
    labels, certain = labels_of(memoryview(b"".join(records) + bytes(20)), *spans(records))
    expected = [by_protobuf(record).label for record in records]
    assert [read_datum(record).label for record in records] == expected
    assert [label for label, sure in zip(expected, certain, strict=True) if sure] == list(
        labels[certain]
    )


def test_ordinary_records_are_certain_except_at_the_very_end() -> None:
    records = [RECORDS["as Caffe writes it"]] * 5
    labels, certain = labels_of(memoryview(b"".join(records)), *spans(records))
    assert list(certain) == [True] * 4 + [False]
    assert list(labels[:4]) == [7] * 4


@given(st.binary(max_size=60))
def test_noise_is_refused_or_read_as_protobuf_reads_it(record: bytes) -> None:
    try:
        label = read_datum(record).label
    except UnreadableError:
        label = None
    try:
        expected = by_protobuf(record).label
    except Exception:
        expected = None
    # protobuf is stricter about some numbers in more bytes than they can need.
    assert label == expected or expected is None


# Maps of labels.

PIXELS = bytes([0, 1, 2, 3, 4, 255])
SIZE = number(1, 1) + number(2, 2) + number(3, 3)
MAPS = {
    "bytes": SIZE + content(4, PIXELS),
    "floats": SIZE + floats(*PIXELS),
    "packed floats": SIZE + content(6, np.array(list(PIXELS), "<f4").tobytes()),
    "a PNG of 8 bits": number(7, 1) + content(4, map_image(PIXELS, 2, 3, "L")),
    "a PNG of 16 bits": number(7, 1) + content(4, map_image(PIXELS, 2, 3, "I;16")),
}


@pytest.mark.parametrize("record", MAPS.values(), ids=MAPS)
def test_a_map_of_labels(record: bytes) -> None:
    labels = label_map_of(read_datum(record))
    assert labels.tolist() == [[0, 1, 2], [3, 4, 255]]


NO_MAPS = {
    "has 3 channels; a map of labels has 1": number(1, 3) + content(4, b"abc"),
    "has 5 pixels, and height 2 times width 3 are 6": SIZE + content(4, b"abcde"),
    "has 0 pixels": SIZE,
    "is an image with a palette": number(7, 1) + content(4, map_image(PIXELS, 2, 3, "P")),
    "is a colour image": number(7, 1) + content(4, map_image(PIXELS, 1, 2, "RGB")),
    "is a grey image of 1 bits": number(7, 1) + content(4, map_image(PIXELS, 2, 3, "1")),
    "is encoded, and no PNG": number(7, 1) + content(4, b"\xff\xd8\xff\xe0"),
    "is a PNG that cannot be decoded": number(7, 1)
    + content(4, map_image(bytes(10000), 100, 100, "L")[:60]),
}


@pytest.mark.parametrize("why", NO_MAPS)
def test_what_is_no_map_of_labels(why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        label_map_of(read_datum(NO_MAPS[why]))


def test_encoded_maps_without_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(UnreadableError, match=r'needs Pillow: pip install "protofix\[data\]"'):
        label_map_of(read_datum(MAPS["a PNG of 8 bits"]))
