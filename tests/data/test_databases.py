"""Labels counted in databases, and their records held against the libraries that write them."""

from __future__ import annotations

import random
import shutil
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from data_writers import datum, map_image, write_leveldb, write_lmdb

from caffe_proto import base_schema
from protofix.data import leveldb, lmdb
from protofix.data.bytes import UnreadableError
from protofix.data.counts import LabelCounts
from protofix.data.databases import count_leveldb, count_lmdb

KINDS = ["LMDB", "LevelDB"]
MODULES = {"LMDB": lmdb, "LevelDB": leveldb}
WRITERS = {"LMDB": write_lmdb, "LevelDB": write_leveldb}
COUNTERS = {"LMDB": count_lmdb, "LevelDB": count_leveldb}
ANY_KIND = pytest.mark.parametrize("kind", KINDS)


def counted(counts: LabelCounts) -> dict[int, int]:
    return {label: int(count) for label, count in enumerate(counts.counts) if count}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def encoded_map(pixels: bytes, height: int, width: int, mode: str = "P") -> bytes:
    image = map_image(pixels, height, width, mode)
    message: Any = base_schema().message_class("Datum")(data=image, encoded=True)
    serialized: bytes = message.SerializeToString()
    return serialized


def float_map(*values: float) -> bytes:
    message: Any = base_schema().message_class("Datum")(channels=1, height=1, width=len(values))
    message.float_data.extend(values)
    serialized: bytes = message.SerializeToString()
    return serialized


# One label a record.


@ANY_KIND
@pytest.mark.parametrize("count", [1, 7, 3000])
@pytest.mark.parametrize("size", [(1, 4, 5), (3, 30, 40)])
def test_labels_are_counted(
    kind: str, count: int, size: tuple[int, int, int], tmp_path: Path
) -> None:
    WRITERS[kind](tmp_path / "db", [datum(size, label=index % 300) for index in range(count)])
    found = COUNTERS[kind](tmp_path / "db")
    assert counted(found) == Counter(index % 300 for index in range(count))
    assert (found.items, found.ignored, found.maps) == (count, 0, False)
    assert found.among.tolist() == found.counts.tolist()


@ANY_KIND
def test_labels_to_ignore_are_left_out(kind: str, tmp_path: Path) -> None:
    records = [datum((1, 2, 2), label=label) for label in (0, 2, 2, -1, 2, -1)]
    WRITERS[kind](tmp_path / "db", records)
    found = COUNTERS[kind](tmp_path / "db", ignore_label=-1)
    assert (found.counts.tolist(), found.items, found.ignored) == ([1, 0, 3], 6, 2)


@ANY_KIND
def test_nothing_is_written(kind: str, tmp_path: Path) -> None:
    WRITERS[kind](tmp_path / "db", [datum((1, 2, 3))] * 5)
    (tmp_path / "db" / "lock.mdb").unlink(missing_ok=True)
    before = contents(tmp_path / "db")
    assert COUNTERS[kind](tmp_path / "db").items == 5
    assert contents(tmp_path / "db") == before


@ANY_KIND
@pytest.mark.parametrize("maps", [False, True])
def test_progress_is_told(kind: str, maps: bool, tmp_path: Path) -> None:
    WRITERS[kind](tmp_path / "db", [datum((1, 2, 3), label=1) for _ in range(10_000)])
    told: list[tuple[int, int | None]] = []
    COUNTERS[kind](tmp_path / "db", maps=maps, advanced=lambda *state: told.append(state))
    assert told[-1] == (10_000, 10_000 if kind == "LMDB" else None)
    assert told == sorted(told)


# Label maps.


@ANY_KIND
def test_maps_are_counted(kind: str, tmp_path: Path) -> None:
    records = [
        datum((1, 2, 3), data=bytes([0, 0, 2, 2, 2, 255])),
        encoded_map(bytes([2, 2, 2, 255]), 2, 2, "L"),
        encoded_map(bytes([0, 2, 0, 255]), 2, 2, "I;16"),
        float_map(2, 5, 255),
    ]
    WRITERS[kind](tmp_path / "db", records)
    found = COUNTERS[kind](tmp_path / "db", maps=True, ignore_label=255)
    assert found.counts.tolist() == [4, 0, 8, 0, 0, 1]
    # Class 0 is in two maps, of 5 and of 3 labels that are not ignored.
    assert found.among.tolist() == [5 + 3, 0, 5 + 3 + 3 + 2, 0, 0, 2]
    assert (found.items, found.ignored, found.maps) == (4, 4, True)


# What is no label.

REFUSED: dict[str, tuple[bytes, bool]] = {
    "has the label -3, and classes count from 0: give it as the label to ignore if it marks what "
    "has no class": (
        datum((1, 2, 2), label=-3),
        False,
    ),
    "has the label 1,048,576, which is beyond 1,048,576 classes": (
        datum((1, 2, 2), label=1 << 20),
        False,
    ),
    "is no Datum, or damaged": (datum((1, 2, 2), label=3)[:-1], False),
    "has 3 channels; a map of labels has 1, a number for each pixel": (datum((3, 2, 2)), True),
    "has the label -1, and classes count from 0: give it as the label to ignore if it marks what "
    "has no class": (
        float_map(0, -1),
        True,
    ),
    "has the label 0.5, which is no class: classes are whole numbers from 0": (
        float_map(0, 0.5),
        True,
    ),
    "is an image with a palette, which Caffe decodes to three channels of colour: store its "
    "indices as a grey image, or raw": (encoded_map(bytes(4), 2, 2, "P"), True),
    "is a colour image; a map of labels is grey": (
        encoded_map(bytes(12), 2, 2, "RGB"),
        True,
    ),
}


@ANY_KIND
@pytest.mark.parametrize("why", REFUSED)
def test_a_record_that_is_refused_is_named(kind: str, why: str, tmp_path: Path) -> None:
    record, maps = REFUSED[why]
    good = datum((1, 2, 2), label=1)
    WRITERS[kind](tmp_path / "db", [good] * 9 + [record] + [good] * 9)
    with pytest.raises(UnreadableError) as error:
        COUNTERS[kind](tmp_path / "db", maps=maps)
    assert str(error.value) == f"{tmp_path / 'db'}: record 00000009: {why}"


def test_what_is_no_database(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "lmdb", [datum((1, 2, 2))])
    (tmp_path / "empty").mkdir()
    said = {
        tmp_path / "lmdb": "is an LMDB, not a LevelDB: read it as that",
        tmp_path / "empty": "is not a LevelDB: it has no file CURRENT",
        tmp_path / "none": "is not there: name the folder of a LevelDB",
        tmp_path / "lmdb" / "data.mdb": "is no folder: name the folder of a LevelDB",
    }
    for folder, why in said.items():
        with pytest.raises(UnreadableError) as error:
            count_leveldb(folder)
        assert str(error.value) == f"{folder}: {why}"


def spoil_meta(path: Path, offset: int, value: bytes) -> None:
    """Write into both pages of meta data."""
    content = bytearray(path.read_bytes())
    for start in (0, 4096):
        content[start + offset : start + offset + len(value)] = value
    path.write_bytes(content)


OTHER_LMDBS = {
    "highest byte first": (16, bytes.fromhex("beefc0de")),
    "of format 2": (20, b"\x02"),
    "no LMDB of 64 bits, or damaged": (16, b"\x00"),
    "keys have many values": (16 + 24 + 48 + 4, b"\x04"),
}


@pytest.mark.parametrize("why", OTHER_LMDBS)
def test_an_lmdb_of_another_kind(why: str, tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", [datum((1, 2, 2))])
    spoil_meta(tmp_path / "db" / "data.mdb", *OTHER_LMDBS[why])
    with pytest.raises(UnreadableError, match=why):
        count_lmdb(tmp_path / "db")


def test_an_lmdb_of_32_bits(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(bytes(12) + struct.pack("<II", 0xBEEFC0DE, 1) + bytes(8192))
    with pytest.raises(UnreadableError, match="of a machine with 32 bits"):
        count_lmdb(tmp_path)


def test_an_lmdb_of_databases_with_names(tmp_path: Path) -> None:
    library = pytest.importorskip("lmdb")
    with library.open(str(tmp_path / "db"), max_dbs=2) as environment:
        environment.open_db(b"labels")
    with pytest.raises(UnreadableError, match="holds databases with names"):
        count_lmdb(tmp_path / "db")


def test_a_leveldb_of_another_order(tmp_path: Path) -> None:
    plyvel = pytest.importorskip("plyvel")
    order = {"comparator": lambda a, b: (a > b) - (a < b), "comparator_name": b"mine"}
    plyvel.DB(str(tmp_path / "db"), create_if_missing=True, **order).close()
    with pytest.raises(UnreadableError, match="ordered by mine; Caffe's are by leveldb"):
        count_leveldb(tmp_path / "db")


# Any database.

SIZES = [0, 3, 40, 700, 2000, 2040, 2100, 5000, 40_000]


def some_value(some: random.Random) -> bytes:
    """A Datum whose pixels Snappy compresses, or not; of more than a page, or less."""
    size = some.choice(SIZES)
    pixels = some.choice([some.randbytes(size), b"ab" * (size // 2)])
    return datum((1, 2, 3), data=pixels, label=some.randrange(300))


def some_keys(some: random.Random) -> list[bytes]:
    count, most = some.choice([1, 5, 60, 400, 1500]), 10 ** some.choice([1, 3, 7])
    return [b"%08d" % some.randrange(most) + b"x" * some.choice([0, 5, 300]) for _ in range(count)]


def make_lmdb(folder: Path, some: random.Random) -> dict[bytes, bytes]:
    """Write a database in some transactions that put, replace and delete; gives its records."""
    library = pytest.importorskip("lmdb")
    truth: dict[bytes, bytes] = {}
    keys = some_keys(some)
    with library.open(str(folder), map_size=1 << 29) as environment:
        for _ in range(some.choice([1, 3])):
            with environment.begin(write=True) as transaction:
                for key in keys:
                    if key in truth and some.random() < 0.3:
                        transaction.delete(key)
                        del truth[key]
                    else:
                        truth[key] = some_value(some)
                        transaction.put(key, truth[key])
    return truth


def make_leveldb(folder: Path, some: random.Random) -> dict[bytes, bytes]:
    """The same, now and then compacted or opened anew, with tables and logs of many sizes."""
    plyvel = pytest.importorskip("plyvel", reason="plyvel has no wheels for Python 3.13")
    options = {
        "write_buffer_size": some.choice([1 << 16, 1 << 20, 1 << 26]),
        "compression": some.choice([None, "snappy"]),
        "block_size": some.choice([1024, 4096, 65536]),
    }
    truth: dict[bytes, bytes] = {}
    keys = some_keys(some)
    database = plyvel.DB(str(folder), create_if_missing=True, **options)
    for _ in range(some.choice([1, 3, 6])):
        with database.write_batch() as batch:
            for key in some.sample(keys, len(keys) // 2 or 1):
                if some.random() < 0.3:
                    batch.delete(key)
                    truth.pop(key, None)
                else:
                    truth[key] = some_value(some)
                    batch.put(key, truth[key])
        if some.random() < 0.3:
            database.compact_range()
        if some.random() < 0.3:
            database.close()
            database = plyvel.DB(str(folder), **options)
        for key in some.sample(keys, min(50, len(keys))):
            truth[key] = some_value(some)
            database.put(key, truth[key])
    database.close()
    return truth


MAKERS = {"LMDB": make_lmdb, "LevelDB": make_leveldb}


@ANY_KIND
@pytest.mark.parametrize("seed", range(12))
def test_any_database_is_read_as_its_library_means_it(kind: str, seed: int, tmp_path: Path) -> None:
    truth = MAKERS[kind](tmp_path / "db", random.Random(seed))
    found = [(key, bytes(value)) for key, value in MODULES[kind].values(tmp_path / "db")]
    assert found == sorted(truth.items())
    parse = base_schema().message_class("Datum").FromString
    labels = Counter(getattr(parse(value), "label") for value in truth.values())  # noqa: B009
    assert counted(COUNTERS[kind](tmp_path / "db")) == labels


def spoilt(whole: bytes, some: random.Random) -> bytes:
    """A file cut short, or with some of its bytes changed, most of them where it matters."""
    if some.random() < 0.4:
        return whole[: some.randrange(len(whole))]
    content = bytearray(whole)
    for _ in range(some.choice([1, 4, 40])):
        near = some.choice([len(whole), min(len(whole), 9000), min(len(whole), 200)])
        at = some.randrange(near) if some.random() < 0.5 else len(whole) - 1 - some.randrange(near)
        content[at] = some.choice([0, 255, 128, content[at] ^ 1, some.randrange(256)])
    return bytes(content)


@ANY_KIND
@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_database_is_refused_or_read(kind: str, seed: int, tmp_path: Path) -> None:
    """No other error, no hang, and no bus error as of LMDB's own library."""
    some = random.Random(seed)
    folder = tmp_path / "db"
    MAKERS[kind](folder, some)
    whole = {path: path.read_bytes() for path in folder.iterdir() if path.stat().st_size}
    refusals = []
    for _ in range(40):
        path = some.choice(sorted(whole))
        path.write_bytes(spoilt(whole[path], some))
        for maps in (False, True):
            try:
                COUNTERS[kind](folder, maps=maps)
            # A manifest may name files that are not there.
            except (UnreadableError, OSError) as error:
                refusals.append(str(error))
        path.write_bytes(whole[path])
    assert refusals
    assert all(line.startswith(str(folder)) and "\n" not in line for line in refusals)


def test_a_record_that_reaches_over_many_blocks_of_a_log(tmp_path: Path) -> None:
    records = [datum((3, 200, 200), label=index) for index in range(30)]
    write_leveldb(tmp_path / "db", records, tables=False)
    assert not list((tmp_path / "db").glob("*.ldb"))
    assert [bytes(value) for _, value in leveldb.values(tmp_path / "db")] == records
    # What was not written to the end is left out, as LevelDB leaves it out.
    log = max((tmp_path / "db").glob("*.log"))
    with log.open("r+b") as stream:
        stream.truncate(log.stat().st_size - 5)
    assert count_leveldb(tmp_path / "db").items == 29


def test_an_lmdb_without_records(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", [])
    assert count_lmdb(tmp_path / "db").items == 0
    shutil.rmtree(tmp_path / "db")
    with pytest.raises(UnreadableError, match="is not there"):
        count_lmdb(tmp_path / "db")
