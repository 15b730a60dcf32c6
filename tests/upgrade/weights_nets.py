"""Binary nets for the tests: from text, and field by field; and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import text_format
from weights_reference import Net

from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.splice import WeightsUpgrade, upgrade_weights


def net_of(text: str) -> Any:
    """The message that a text stands for."""
    return text_format.Parse(text, Net())


def field(number: int, wire: int, value: bytes) -> bytes:
    """A field of the wire format, written by hand; numbers up to 2047."""
    tag = length(number << 3 | wire)
    return tag + (length(len(value)) if wire == 2 else b"") + value


def length(value: int) -> bytes:
    """A variable-length integer."""
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def v1(*fields: bytes) -> bytes:
    """A V1 layer of a net."""
    return field(2, 2, b"".join(fields))


def v0(*fields: bytes) -> bytes:
    """A V0 layer without bottom and top, inside a V1 layer."""
    return field(1, 2, b"".join(fields))


NAME = field(4, 2, b"a")
BLOB = field(6, 2, field(5, 2, b"\0\0\0\x3f"))


def lost(message: str) -> Note:
    """A note that makes an upgrade incomplete."""
    return Note(message, True)


def remark(message: str) -> Note:
    """A note that does not."""
    return Note(message, False)


def both(tmp_path: Path, binary: bytes, **options: Any) -> tuple[bytes, WeightsUpgrade]:
    """The upgraded bytes, and what is said of them; a second upgrade must change nothing."""
    source, target = tmp_path / "old.caffemodel", tmp_path / "new.caffemodel"
    source.write_bytes(binary)
    upgrade = upgrade_weights(source, target, **options)
    after = target.read_bytes()
    assert upgrade.size == len(after)
    assert source.read_bytes() == binary
    again = upgrade_weights(target, tmp_path / "again.caffemodel", **options)
    assert not again.changed
    assert (tmp_path / "again.caffemodel").read_bytes() == after
    return after, upgrade
