"""Files that are no whole binary net, and bytes that no net can have: each refused, and where."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from weights_reference import Net

from caffe_proto import base_schema
from protofix.files import FileError
from protofix.upgrade.weights.mapped import WeightsError
from protofix.upgrade.weights.recognise import HEAD, looks_binary
from protofix.upgrade.weights.splice import upgrade_weights


def refusal(tmp_path: Path, binary: bytes) -> str:
    """Why a file is refused, without its path; nothing must have been written."""
    source, target = tmp_path / "old.caffemodel", tmp_path / "new.caffemodel"
    source.write_bytes(binary)
    with pytest.raises(WeightsError) as caught:
        upgrade_weights(source, target)
    assert os.listdir(tmp_path) == [source.name]
    path, said = str(caught.value).split(": ", 1)
    assert path == str(source)
    assert "\n" not in said
    return said


CUT = "it is cut short or no net: fetch it anew"
DAMAGED = "the file is damaged or no net"

MALFORMED: list[tuple[str, bytes, str]] = [
    ("a length past the end", b"\x12\x05\x22\x01", f"offset 0: field 2 needs the bytes up to 7, "
     f"but the file ends at 4; {CUT}"),
    ("a length past its message", b"\x12\x03\x22\x05ab", "offset 2: field 4 needs the bytes up to "
     f"9, but its message ends at 5; {DAMAGED}: fetch it anew"),
    ("a tag alone", b"\x12\x00\x12", f"offset 3: a number is cut off: the file ends at 3; {CUT}"),
    ("half a number", b"\x12\x02\x28\x80", "offset 3: a number is cut off: the file ends at 4; "
     f"{CUT}"),
    ("half a length", b"\x12\xff", f"offset 1: a number is cut off: the file ends at 2; {CUT}"),
    ("a number of eleven bytes", b"\x12\x0d\x28" + b"\x80" * 11 + b"\1",
     "offset 3: a number is longer than 64 bits"),
    ("a number of 70 bits", b"\x12\x0b\x28" + b"\xff" * 9 + b"\x7f",
     "offset 3: a number is longer than 64 bits"),
    ("field 0", b"\x12\x02\x02\x00", "offset 2: a field has the number 0; protobuf's begin with 1"),
    ("a field past all numbers", b"\x12\x07\xf8\xff\xff\xff\x7f\x00\x00",
     "offset 2: a field has the number 4294967295; protobuf's begin with 1"),
    ("a group", b"\x12\x02\x0b\x0c",
     "offset 2: field 1 is a group, which no version of Caffe uses"),
    ("wire type 7", b"\x12\x01\x0f",
     "offset 2: field 1 has wire type 7; there are only 0, 1, 2 and 5"),
    ("three bytes of packed floats", b"\x12\x07\x32\x05\x2a\x03abc", "offset 4: BlobProto.data has "
     "3 bytes of numbers; each number takes 4: the file is damaged"),
    ("half a packed number", b"\x12\x00\x12\x07\x32\x05\x3a\x03\x0a\x01\x80\x12\x00",
     "offset 10: a number is cut off: its message ends at 11; the file is damaged or no net: "
     "fetch it anew"),
    ("half a float among floats", b"\x12\x0a\x32\x08\x2d\0\0\0\0\x2d\0\0", "offset 9: field 5 "
     f"needs the bytes up to 14, but the file ends at 12; {CUT}"),
    ("no layer", b"\x0a\x03net", "offset 5: no layer was found up to the end; a binary net has "
     "some"),
    ("a stranger first", b"\xa8\x07\x05" * 3, "offset 0: begins with a field 117; a net begins "
     "with its name or a layer"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("binary", "said"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED]
)
def test_malformed_bytes_are_refused_where_they_are(
    binary: bytes, said: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, binary) == said


def message(kind: str, /, **fields: Any) -> bytes:
    return base_schema().message_class(kind)(**fields).SerializeToString()


NET = message(
    "NetParameter",
    name="net",
    layers=[{"name": "a", "type": 18, "blobs_lr": [1, 2], "blobs": [{"num": 1, "data": [1, 2]}]}],
)
NEW = message("NetParameter", name="n" * 40, layer=[{"name": "a", "type": "ReLU"}])
NAMELESS = message("NetParameter", layer=[{"name": "a", "type": "ReLU"}])

FOREIGN: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the file is empty"),
    ("prototxt", b'# a net\nname: "x"\nlayer { type: "ReLU" }\n', "is text; "),
    ("text with accents", "name: 'caffè'\n".encode() * 400, "is text; "),
    ("text in Latin-1", "# caff\xe8\nname: 'x'\n".encode("latin-1") * 400, "is text; "),
    ("text in UTF-16", "name: 'x'\n".encode("utf-16"), "is text; "),
    ("text with a stray byte", b"name: 'x'\0\nlayer {\x07}\n", "is text; "),
    ("a page", b"\n\n<!DOCTYPE html><html><body>404 Not Found</body></html>\n", "is text; "),
    ("HDF5", b"\x89HDF\r\n\x1a\n" + bytes(100), "is HDF5 (.caffemodel.h5)"),
    ("Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is the pointer"),
    ("gzip", b"\x1f\x8b\x08" + bytes(50), "is a compressed file; "),
    ("mean image of old", message("BlobProto", num=1, channels=3, height=2, width=1, data=[1] * 6),
     "is a BlobProto"),
    ("mean image", message("BlobProto", shape={"dim": [2]}, data=[1, 2]), "is a BlobProto"),
    ("solver state", message("SolverState", iter=500, learned_net="a.caffemodel",
     history=[{"data": [1]}]), "begins with a number, as a .solverstate does"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("binary", "said"), [case[1:] for case in FOREIGN], ids=[case[0] for case in FOREIGN]
)
def test_foreign_files_are_refused_by_name(binary: bytes, said: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, binary).startswith(f"offset 0: {said}")


@pytest.mark.parametrize("binary", [NET, NEW, NAMELESS], ids=["V1", "a long name", "no name"])
def test_nets_look_binary(binary: bytes, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(binary)
    assert looks_binary(binary)
    assert upgrade_weights(tmp_path / "net", None).layers == 1


TEXTS = [
    case for case in FOREIGN if case[2] in ("is text; ", "is the pointer", "the file is empty")
]


@pytest.mark.parametrize("text", [case[1] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_texts_do_not(text: bytes) -> None:
    assert not looks_binary(text[:HEAD])


@pytest.mark.parametrize(
    "binary",
    [
        b"\x0a\x03net\x12\x20" + b"\x22\x1e" + b"x" * 30,
        b"\xa2\x06\x50" + b"\x0a\x4e" + b"x" * 0x4E,
        b"\x12\x32" + b"\x22\x30" + b"x" * 48,
    ],
    ids=["a name", "today's", "V1"],
)
def test_nets_of_hardly_more_than_names_look_binary(binary: bytes, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(binary)
    assert looks_binary(binary)
    assert upgrade_weights(tmp_path / "net", None).layers == 1


# Numbers of Caffe's fields that forks give to fields of another kind, as protobuf writes them.
REUSED: list[tuple[str, bytes]] = [
    ("SegNet's pad_out_h", bytes.fromhex("0a016ea206140a01751208557073616d706c65ca08040802203c")),
    ("NVIDIA's forward_type", b"\x0a\x01n\xa2\x06\x06\x0a\x01a\x88\x09\x01"),
    ("NVIDIA's, before all", b"\x58\x01\xa2\x06\x0b\x0a\x01a\x12\x06Python"),
    ("a text for a message", b"\x0a\x01n\xa2\x06\x0c\x0a\x01a\xd2\x06\x06\xff\xff\xff\xff\xff\xff"),
    ("a name that is a number", b"\xa2\x06\x02\x08\x05"),
    ("a layer that is a number", b"\xa2\x06\x00\xa0\x06\x05"),
    ("eight bytes for four", b"\xa2\x06\x0b\x3a\x09\x29" + bytes(8)),
]


@pytest.mark.parametrize("binary", [case[1] for case in REUSED], ids=[case[0] for case in REUSED])
def test_a_field_of_another_wire_type_is_a_strange_one(binary: bytes, tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(binary)
    upgrade = upgrade_weights(tmp_path / "net", tmp_path / "new")
    assert (upgrade.steps, upgrade.notes, upgrade.layers) == ((), (), 1)
    assert (tmp_path / "new").read_bytes() == binary


def test_strange_fields_of_an_old_layer_go_along(tmp_path: Path) -> None:
    """A name, a type and a blob that are numbers, beside those that count."""
    strange = b"\x20\x05" + b"\x2d\0\0\0\0" + b"\x30\x07"
    layer = strange + b"\x22\x01a" + b"\x28\x12"
    (tmp_path / "old").write_bytes(b"\x12" + bytes([len(layer)]) + layer)
    upgrade = upgrade_weights(tmp_path / "old", tmp_path / "new")
    result: Any = Net.FromString((tmp_path / "new").read_bytes())
    [after] = result.layer
    assert (after.name, after.type, after.blobs) == ("a", "ReLU", [])
    assert [note.message.split(": ")[1:] for note in upgrade.notes] == [
        ["has a field 4, which Caffe's V1LayerParameter has not", "kept as it is"],
        [
            "has a field 5, which Caffe's V1LayerParameter has not",
            "dropped, since in LayerParameter that is loss_weight",
        ],
        ["has a field 6, which Caffe's V1LayerParameter has not", "kept as it is"],
    ]


def test_a_folder_and_nothing_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder"):
        upgrade_weights(tmp_path, tmp_path / "new")
    with pytest.raises(FileError, match="cannot be read: No such file"):
        upgrade_weights(tmp_path / "gone", tmp_path / "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="pipe: is no regular file"):
        upgrade_weights(tmp_path / "pipe", None)


@pytest.mark.parametrize("end", range(1, len(NET)))
def test_every_truncation_is_refused(end: int, tmp_path: Path) -> None:
    offset = int(refusal(tmp_path, NET[:end]).split()[1].rstrip(":"))
    assert 0 <= offset <= end


mutations = st.lists(
    st.tuples(st.integers(0, len(NET) - 1), st.sampled_from(["set", "cut", "add"]), st.binary()),
    min_size=1,
    max_size=4,
)


@given(mutations)
def test_mutated_nets_are_upgraded_or_refused(changes: list[tuple[int, str, bytes]]) -> None:
    binary = bytearray(NET)
    for at, how, with_bytes in changes:
        stop = at + {"set": len(with_bytes), "cut": 1 + len(with_bytes), "add": 0}[how]
        binary[at:stop] = b"" if how == "cut" else with_bytes
    check(bytes(binary))


@given(st.binary())
def test_any_bytes_are_upgraded_or_refused(binary: bytes) -> None:
    check(binary)
    check(b"\x12" + bytes([len(binary) % 128]) + binary)


def check(binary: bytes) -> None:
    """Upgrade: what protobuf can read it can read afterwards, and what is refused is not there."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "old"), Path(folder, "new")
        source.write_bytes(binary)
        try:
            upgrade_weights(source, target, unsafe=True)
        except WeightsError as error:
            assert f"{source}: offset " in str(error)
            assert os.listdir(folder) == [source.name]
            return
        assert sorted(os.listdir(folder)) == ["new", "old"]
        assert not upgrade_weights(target, target).changed
        if parses(binary):
            assert parses(target.read_bytes())


def parses(binary: bytes) -> bool:
    try:
        Net.FromString(binary)
    except DecodeError:
        return False
    return True
