"""The shapes of what data layers read, from small real files, and from broken ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from data_writers import (
    Size,
    datum,
    encoded,
    image_bytes,
    write_hdf5,
    write_leveldb,
    write_lmdb,
    write_mean,
)

from protofix.data import leveldb
from protofix.data.bytes import UnreadableError
from protofix.net.build import Built, build
from protofix.net.data_files import DataFiles, Listed, Record
from protofix.net.graph import build_graph
from protofix.net.layers import bind
from protofix.net.shapes import Shapes
from protofix.net.states import NetState
from protofix.net.which_caffe import CAFFE_1_0
from protofix.textproto.reader import read
from protofix.textproto.source import Source


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a net lies and Caffe is started."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def outcome(layer: str, files: DataFiles | None = None) -> tuple[Shapes, list[str]]:
    """What a layer with the tops `data` and `label` makes, and what is said of it."""
    text = layer.replace("{", '{ name: "x" top: "data" top: "label"', 1)
    it: Built = build(
        build_graph(bind(read(Source(text))), NetState("TRAIN")),
        CAFFE_1_0,
        files=files or DataFiles("net.prototxt"),
    )
    [only] = it.graph.layers
    return it.tops_of(only), [refusal.message for refusal in it.refusals]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# Databases.

DATABASES = [("LMDB", 1), ("LMDB", 300), ("LEVELDB", 1), ("LEVELDB", 300)]


@pytest.mark.parametrize("backend, count", DATABASES)
@pytest.mark.parametrize("size", [(1, 4, 5), (3, 40, 50)])
def test_a_database(backend: str, count: int, size: Size, folder: Path) -> None:
    records = [datum(size, label=index % 7 + 1) for index in range(count)]
    (write_lmdb if backend == "LMDB" else write_leveldb)(folder / "db", records)
    files = DataFiles("net.prototxt")
    assert files.record("db", "LMDB" if backend == "LMDB" else "LEVELDB") == Record(*size, False, 1)
    layer = (
        f'layer {{ type: "Data" data_param {{ source: "db" batch_size: 9 backend: {backend} }} }}'
    )
    assert outcome(layer) == (((9, *size), (9,)), [])


def test_a_leveldb_all_of_whose_records_are_in_its_log(folder: Path) -> None:
    write_leveldb(folder / "db", [datum((3, 200, 200))] * 3, tables=False)
    assert not list((folder / "db").glob("*.ldb"))
    assert DataFiles("n").record("db", "LEVELDB") == Record(3, 200, 200, False, 0)


@pytest.mark.parametrize("backend", ["LMDB", "LEVELDB"])
def test_nothing_is_written(backend: str, folder: Path) -> None:
    (write_lmdb if backend == "LMDB" else write_leveldb)(folder / "db", [datum((1, 2, 3))])
    (folder / "db" / "lock.mdb").unlink(missing_ok=True)
    before = contents(folder / "db")
    assert DataFiles("n").record("db", "LMDB" if backend == "LMDB" else "LEVELDB") is not None
    assert contents(folder / "db") == before


def test_snappy() -> None:
    # "abcd", then 10 bytes copied from 4 back (which repeats), from the documented format.
    assert leveldb.unsnap(b"\x0e\x0cabcd\x19\x04") == b"abcdabcdabcdab"[:14]
    assert leveldb.unsnap(b"\x41\xf0\x40" + b"x" * 65) == b"x" * 65
    assert leveldb.unsnap(b"\x06\x04xy\x0e\x02\x00") == b"xyxyxy"
    for damaged in (b"", b"\x05\x00a", b"\x05\x04a", b"\x04\x0d\x01", b"\xff\xff\xff\xff\x7f"):
        with pytest.raises(UnreadableError):
            leveldb.unsnap(damaged)


PNG = {"RGB": 3, "L": 1, "RGBA": 4}


@pytest.mark.parametrize("how", ["", "force_color: true", "force_gray: true"])
@pytest.mark.parametrize("mode", PNG)
def test_a_database_of_encoded_images(mode: str, how: str, folder: Path) -> None:
    write_lmdb(folder / "db", [encoded(image_bytes(30, 20, mode))])
    channels = 3 if "color" in how else 1 if "gray" in how else PNG[mode]
    layer = (
        'layer { type: "Data" data_param { source: "db" batch_size: 9 backend: LMDB } '
        f"transform_param {{ {how} crop_size: 16 }} }}"
    )
    assert outcome(layer) == (((9, channels, 16, 16), (9,)), [])


def test_encoded_images_without_pillow(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lmdb(folder / "db", [encoded(image_bytes(30, 20))])
    monkeypatch.setitem(sys.modules, "PIL", None)
    files = DataFiles("n")
    layer = (
        'layer { type: "Data" data_param { source: "db" batch_size: 9 backend: LMDB } '
        "transform_param { force_color: true } }"
    )
    assert outcome(layer, files) == (((9, 3, None, None), (9,)), [])
    assert files.notes == ["db (its first image): there, but not read: needs protofix[data]"]


DATA = 'layer { type: "Data" data_param { source: "db" batch_size: 9 backend: LMDB } '
# What the transformation of a database of 1 × 28 × 28 makes Caffe refuse.
TRANSFORMS = {
    "transform_param { crop_size: 28 } }": "",
    "transform_param { crop_size: 29 } }": "x` crops to 29 × 29, but the first record of `db` is "
    "28 × 28: crop_size must not be more than that",
    "transform_param { mean_value: [1, 2, 3] } }": "has 3 mean_value, but the first record of `db` "
    "has 1 channel: give one for all channels",
    'transform_param { mean_file: "same" crop_size: 9 } }': "",
    'transform_param { mean_file: "wide" } }': "has a mean_file of 3 × 256 × 256, but the first "
    "record of `db` is 1 × 28 × 28 before it is cropped: the mean must be as large",
    # Caffe takes a blob's first axis for the number of images.
    'transform_param { mean_file: "three axes" } }': "has a mean_file of 28 × 28 × 1, but",
    'transform_param { mean_file: "absent" } }': "",
}  # fmt: skip


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_what_does_not_go_with_the_data(transform: str, folder: Path) -> None:
    write_lmdb(folder / "db", [datum((1, 28, 28))])
    write_mean(folder / "same", 1, 28, 28)
    write_mean(folder / "wide", 3, 256, 256)
    write_mean(folder / "three axes", 1, 28, 28, legacy=False)
    _, said = outcome(DATA + transform)
    expected = TRANSFORMS[transform]
    assert len(said) == bool(expected) and expected in "".join(said)


def test_a_mean_tells_the_size_of_images_that_are_not_there(folder: Path) -> None:
    write_mean(folder / "mean", 3, 256, 250)
    shapes, said = outcome(DATA + 'transform_param { mean_file: "mean" } }')
    assert (shapes, said) == (((9, 3, 256, 250), (9,)), [])
    _, [said_of_crop] = outcome(DATA + 'transform_param { mean_file: "mean" crop_size: 251 } }')
    assert "but the image in its mean_file is 256 × 250" in said_of_crop


WRONG_BACKENDS = {
    "backend: LEVELDB": "reads `db`, which is an LMDB, as LEVELDB: write backend: LMDB",
    "": "reads `db`, which is an LMDB, as LEVELDB, the default: write backend: LMDB",
    "backend: LMDB": "",
    "backend: 1": "",
}


@pytest.mark.parametrize("backend", WRONG_BACKENDS)
def test_the_wrong_backend(backend: str, folder: Path) -> None:
    write_lmdb(folder / "db", [datum((1, 28, 28))])
    layer = f'layer {{ type: "Data" data_param {{ source: "db" batch_size: 9 {backend} }} }}'
    _, said = outcome(layer)
    expected = WRONG_BACKENDS[backend]
    assert len(said) == bool(expected) and expected in "".join(said)


def test_a_record_that_is_no_image(folder: Path) -> None:
    write_lmdb(folder / "db", [b""])
    _, [said] = outcome(DATA + "}")
    assert "reads `db`, whose first record is 0 × 0 × 0, no image" in said


# Lists of images.


def write_images(folder: Path, *names: str) -> None:
    (folder / "pictures").mkdir()
    for name in names:
        format = "JPEG" if name.endswith("jpg") else "PNG"
        mode = "L" if "gray" in name else "RGB"
        (folder / "pictures" / name).write_bytes(image_bytes(30, 20, mode, format))


IMAGES = {
    'source: "list.txt"': (9, 3, 30, 20),
    'source: "list.txt" is_color: false': (9, 1, 30, 20),
    'source: "list.txt" new_height: 8 new_width: 7': (9, 3, 8, 7),
    'source: "list.txt" shuffle: true': (9, 3, 30, 20),
    'source: "rooted.txt" root_folder: "pictures/"': (9, 3, 30, 20),
    'source: "absent.txt"': (9, 3, None, None),
    'source: "no image.txt"': (9, 3, None, None),
}


@pytest.mark.parametrize("fields", IMAGES)
@pytest.mark.parametrize("name", ["a cat.jpg", "gray.png"])
def test_a_list_of_images(fields: str, name: str, folder: Path) -> None:
    write_images(folder, name)
    (folder / "list.txt").write_text(f"pictures/{name} 3\nb.png 12\n")
    (folder / "rooted.txt").write_text(f"{name} 3\n")
    (folder / "no image.txt").write_text("list.txt 3\n")
    layer = f'layer {{ type: "ImageData" image_data_param {{ {fields} batch_size: 9 }} }}'
    assert outcome(layer) == ((IMAGES[fields], (9,)), [])


def test_images_of_any_size(folder: Path) -> None:
    write_images(folder, "a.png")
    (folder / "list.txt").write_text("pictures/a.png 3\n")
    layer = 'layer { type: "ImageData" image_data_param { source: "list.txt" shuffle: true } }'
    assert outcome(layer) == (((1, 3, None, None), (1,)), [])


def test_an_image_that_may_be_turned(folder: Path) -> None:
    image = pytest.importorskip("PIL.Image").new("RGB", (20, 30))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(folder / "a.jpg", exif=exif)
    (folder / "list.txt").write_text("a.jpg 3\n")
    layer = 'layer { type: "ImageData" image_data_param { source: "list.txt" } }'
    assert outcome(layer) == (((1, 3, None, None), (1,)), [])


def test_what_does_not_go_with_a_list_of_images(folder: Path) -> None:
    write_images(folder, "a.png")
    (folder / "list.txt").write_text("pictures/a.png 3\n")
    (folder / "empty.txt").write_text("")
    image_data = 'layer { type: "ImageData" image_data_param { source: "'
    _, [said] = outcome(image_data + 'list.txt" } transform_param { crop_size: 21 } }')
    assert "crops to 21 × 21, but `pictures/a.png` is 30 × 20" in said
    _, [said] = outcome(image_data + 'empty.txt" } }')
    assert "reads `empty.txt`, which is empty: write an image and its label on each line" in said


def test_a_window_file(folder: Path) -> None:
    (folder / "windows.txt").write_text("# 0\n/images/a.jpg\n1\n30\n20\n1\n3 0.9 1 2 3 4\n")
    layer = (
        'layer { type: "WindowData" window_data_param { source: "windows.txt" batch_size: 9 } '
        "transform_param { crop_size: 27 mean_value: 1 % } }"
    )
    assert outcome(layer.replace("%", "")) == (((9, 1, 27, 27), (9,)), [])
    _, [said] = outcome(layer.replace("%", "mean_value: 2"))
    assert "has 2 mean_value, but the first image of `windows.txt` has 1 channel" in said


# HDF5.

HDF5 = 'layer { type: "HDF5Data" hdf5_data_param { source: "list.txt" batch_size: 9 } }'


def test_hdf5(folder: Path) -> None:
    import numpy as np

    write_hdf5(folder / "a.h5", data=np.zeros((50, 3, 4), "f4"), label=np.zeros(50, "i8"))
    (folder / "list.txt").write_text("\n  a.h5\nb.h5\n")
    assert outcome(HDF5) == (((9, 3, 4), (9,)), [])


def labels_of(kind: str) -> dict[str, Any]:
    import numpy as np

    data = np.zeros((50, 3, 4), "f4")
    kinds: dict[str, dict[str, Any]] = {
        "none": {"data": data},
        "truth": {"data": data, "label": np.zeros(50, bool)},
        "text": {"data": data, "label": [b"a"] * 50},
        "single": {"data": data, "label": 5.0},
        "fewer": {"data": data, "label": np.zeros(49)},
    }
    return kinds[kind]


WRONG_LABELS = {
    "none": "makes `label`, but `a.h5` has no such dataset: it has `data`",
    "truth": "makes `label`, but in `a.h5` it holds truth values or an enum: write it as float32",
    "text": "makes `label`, but in `a.h5` it holds text or objects",
    "single": "makes `label`, but in `a.h5` it is a single value: its first axis must count rows",
    "fewer": "makes `label`, which in `a.h5` has 49 rows, but `data` has 50",
}


@pytest.mark.parametrize("kind", WRONG_LABELS)
def test_datasets_that_caffe_does_not_take(kind: str, folder: Path) -> None:
    write_hdf5(folder / "a.h5", **labels_of(kind))
    (folder / "list.txt").write_text("a.h5")
    (data, _), [said] = outcome(HDF5)
    assert data == (9, 3, 4)
    assert WRONG_LABELS[kind] in said


def test_an_empty_list_of_hdf5_files(folder: Path) -> None:
    (folder / "list.txt").write_text(" \n")
    _, [said] = outcome(HDF5)
    assert "reads `list.txt`, which is empty: write the path of an HDF5 file" in said


def test_a_link_into_another_file_is_not_followed(folder: Path) -> None:
    h5py = pytest.importorskip("h5py")
    os.mkfifo(folder / "pipe")
    with h5py.File(folder / "a.h5", "w") as file:
        file["data"] = h5py.ExternalLink("pipe", "/data")
        file["label"] = h5py.SoftLink("/nowhere")
    (folder / "list.txt").write_text("a.h5")
    assert outcome(HDF5) == ((None, None), [])


# The largest label.


def largest(layer: str, slot: int = 1) -> int | None:
    text = layer.replace("{", '{ top: "data" top: "label"', 1)
    [only] = bind(read(Source(text))).layers
    return DataFiles("net.prototxt").largest_label(only, slot)


LISTS = {
    "a.png 3\nb.png 12\nc.png 7\n": 12,
    "my cat.png 3": 3,
    "a.png -1\nb.png -2\n": -1,
    "a.png\nb.png\n": 0,  # C's atoi
    "a.png 7x\n": 7,
    "a.png 99\n" + "b.png 1\n" * 200_000 + "c.png 100\n": 99,
    "": None,
}


@pytest.mark.parametrize("text", LISTS, ids=lambda text: repr(text[:20]))
def test_the_largest_label_of_a_list(text: str, folder: Path) -> None:
    (folder / "list.txt").write_text(text)
    v2 = 'layer { type: "ImageData" image_data_param { source: "list.txt" } }'
    v0 = 'layers { layer { type: "images" source: "list.txt" } }'
    assert largest(v2) == largest(v0) == LISTS[text]
    assert largest(v2, 0) is None
    assert largest(v2, 2) is None


def test_the_largest_label_of_a_dataset(folder: Path) -> None:
    import numpy as np

    labels = np.arange(1_000_001, dtype="f4")
    write_hdf5(folder / "a.h5", label=labels, data=[[2.5, np.nan]])
    (folder / "list.txt").write_text("a.h5")
    assert largest(HDF5) == 999_999
    assert largest(HDF5, 0) is None


def test_of_a_database_the_first_label_is_known(folder: Path) -> None:
    write_lmdb(folder / "db", [datum((1, 28, 28), label=3), datum((1, 28, 28), label=7)])
    assert largest(DATA + "}") == 3


# Files that are not what they should be.


def spoil(path: Path, how: str) -> None:
    """Make of a file or a folder something that no data layer reads."""
    if how == "absent":
        return
    if how == "folder":
        path.mkdir()
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "pipes":
        path.mkdir()
        for name in ("data.mdb", "CURRENT"):
            os.mkfifo(path / name)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "noise":
        path.write_bytes(bytes(range(256)) * 300)
    else:  # No disk is needed for the zeros that were not written.
        with path.open("wb") as stream:
            stream.truncate(20 << 30)


SPOILT = ["absent", "folder", "pipe", "pipes", "empty", "noise", "20 GiB of zeros"]
NOTES = {
    "absent": "x: not found",
    "pipe": "x: there, but not read: is no regular file",
    "folder": "x: there, but not read: is a folder; give a file in it",
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_cannot_be_read_is_unknown(how: str, folder: Path) -> None:
    spoil(folder / "x", how)
    files = DataFiles("net.prototxt")
    assert files.backend("x") == ("LMDB" if how == "pipes" else None)
    assert files.record("x", "LMDB") is None
    assert files.record("x", "LEVELDB") is None
    assert files.mean("x") is None
    assert files.image("x") is None
    assert files.window_channels("x") is None
    assert files.hdf5("x", ("data",)) is None
    assert files.image_list("x") in (None, Listed(None)) or how == "noise"
    assert files.hdf5_list("x") in (None, Listed(None)) or how == "noise"
    assert NOTES.get(how, "x: there, but not read: ") in "\n".join(files.notes)
    assert all("\n" not in note for note in files.notes)
    assert len(set(files.notes)) == len(files.notes)


@pytest.mark.parametrize("backend", ["LMDB", "LEVELDB"])
def test_damaged_databases_are_unknown(backend: str, folder: Path) -> None:
    """Each byte of the part that leads to the first record, and each length."""
    write = write_lmdb if backend == "LMDB" else write_leveldb
    write(folder / "db", [datum((3, 9, 9), label=index) for index in range(100)])
    tried = 0
    for path in sorted((folder / "db").iterdir()):
        whole = path.read_bytes()
        spots = [
            *range(0, min(len(whole), 300), 7),
            *range(max(0, len(whole) - 300), len(whole), 7),
        ]
        for spot in spots:
            for spoilt in (whole[:spot], whole[:spot] + b"\xff\x80" + whole[spot + 2 :]):
                path.write_bytes(spoilt)
                files = DataFiles("n")
                record = files.record("db", "LMDB" if backend == "LMDB" else "LEVELDB")
                assert isinstance(record, Record) or files.notes
                tried += 1
        path.write_bytes(whole)
    assert tried > 100


def test_a_database_cut_short(folder: Path) -> None:
    """LMDB's own library would end the program with a bus error."""
    write_lmdb(folder / "db", [datum((3, 90, 90)) for _ in range(100)])
    with (folder / "db" / "data.mdb").open("r+b") as stream:
        stream.truncate(8192)
    files = DataFiles("n")
    assert outcome(DATA + "}", files) == (((9, None, None, None), (9,)), [])
    assert files.notes == ["db: there, but not read: is cut short or damaged"]


BROKEN_MEANS = {
    "holds no mean image (a BlobProto), or one cut short": (3, 4, 5, 59),
    "holds no mean image": (0, 4, 5, 0),
}


@pytest.mark.parametrize("why", BROKEN_MEANS)
def test_a_mean_that_is_none(why: str, folder: Path) -> None:
    *shape, numbers = BROKEN_MEANS[why]
    write_mean(folder / "mean", *shape, numbers=numbers)
    files = DataFiles("n")
    assert files.mean("mean") is None
    assert why in files.notes[0]


@pytest.mark.parametrize("library", ["h5py", "PIL"])
def test_a_library_that_is_missing(
    library: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (folder / "x").write_text("x")
    files = DataFiles("n")
    assert (files.hdf5("x", ("data",)) if library == "h5py" else files.image("x")) is None
    assert files.notes == ["x: there, but not read: needs protofix[data]"]


def test_a_file_is_read_once(folder: Path) -> None:
    write_mean(folder / "mean", 3, 4, 5)
    files = DataFiles("n")
    first = files.mean("mean")
    (folder / "mean").unlink()
    assert first == (3, 4, 5) == files.mean("mean")
    assert files.notes == []
