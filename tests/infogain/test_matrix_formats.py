"""H from any form to any other: the same bits, or one line that says what would be lost."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_writers import datum, write_hdf5, write_leveldb, write_lmdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from caffe_proto import base_schema
from protofix.files import FileError, NewFile
from protofix.infogain.matrix.names import DType, Format
from protofix.infogain.matrix.reading import read_matrix, read_source
from protofix.infogain.matrix.values import MatrixError
from protofix.infogain.matrix.writing import files_of_matrix, format_named, save

NAMES: dict[str, Format] = {
    "H.binaryproto": "binaryproto",
    "H.npy": "npy",
    "H.csv": "csv",
    "H.h5": "hdf5",
    "H_lmdb": "lmdb",
    "H_leveldb": "leveldb",
}
NEEDS = {"hdf5": "h5py", "lmdb": "lmdb", "leveldb": "plyvel"}
H = np.array([[1.0, -0.5], [0.25, 3.0]])
TENTH = np.array([[0.1, 0.0], [-0.0, 1.0]])
DATUM = base_schema().message_class("Datum")


def needs(*names: str) -> None:
    for name in names:
        if NAMES[name] in NEEDS:
            pytest.importorskip(NEEDS[NAMES[name]])


def bits(values: NDArray[np.float64]) -> bytes:
    return np.ascontiguousarray(values).tobytes()


def refusal(path: Path, *arguments: Any) -> str:
    with pytest.raises(MatrixError) as caught:
        read_matrix(path, *arguments)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


@st.composite
def matrices(draw: st.DrawFn, width: int) -> NDArray[np.float64]:
    classes = draw(st.integers(1, 4))
    number = st.floats(width=width, allow_nan=False, allow_infinity=False)  # type: ignore[arg-type]
    numbers = draw(st.lists(number, min_size=classes**2, max_size=classes**2))
    return np.array(numbers, dtype=np.float64).reshape(classes, classes)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", NAMES)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=matrices(32))
def test_float32_goes_from_any_form_to_any_other(
    name: str, other: str, values: NDArray[np.float64], tmp_path_factory: pytest.TempPathFactory
) -> None:
    needs(name, other)
    folder = tmp_path_factory.mktemp("H")
    save(files_of_matrix(values, folder / name))
    first = read_matrix(folder / name)
    (folder / "to").mkdir()
    save(files_of_matrix(first.values, folder / "to" / other))
    second = read_matrix(folder / "to" / other)
    assert bits(second.values) == bits(values)
    assert (first.format, second.format) == (NAMES[name], NAMES[other])
    assert second.dtype == ("float64" if other == "H.csv" else "float32")


@pytest.mark.parametrize("name", ["H.binaryproto", "H.npy", "H.csv", "H.h5"])
@pytest.mark.parametrize("other", ["H.binaryproto", "H.npy", "H.csv", "H.h5"])
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=matrices(64))
def test_float64_too(
    name: str, other: str, values: NDArray[np.float64], tmp_path_factory: pytest.TempPathFactory
) -> None:
    needs(name, other)
    folder = tmp_path_factory.mktemp("H")
    save(files_of_matrix(values, folder / name))
    (folder / "to").mkdir()
    save(files_of_matrix(read_matrix(folder / name).values, folder / "to" / other))
    assert bits(read_matrix(folder / "to" / other).values) == bits(values)


@pytest.mark.parametrize("number", [-0.0, 5e-324, 2.0**-149, 0.1, 1.7976931348623157e308, 1 / 3])
@pytest.mark.parametrize("name", ["H.binaryproto", "H.npy", "H.csv", "H.h5"])
def test_hard_numbers(name: str, number: float, tmp_path: Path) -> None:
    needs(name)
    save(files_of_matrix([[number]], tmp_path / name))
    assert bits(read_matrix(tmp_path / name).values) == struct.pack("=d", number)


# --- what is written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({}, {"num": 1, "channels": 1, "height": 2, "width": 2, "data": [1, -0.5, 0.25, 3]}),
        (
            {"dtype": "float64"},
            {"num": 1, "channels": 1, "height": 2, "width": 2, "double_data": [1, -0.5, 0.25, 3]},
        ),
        ({"shape": "new"}, {"shape": {"dim": [2, 2]}, "data": [1, -0.5, 0.25, 3]}),
    ],
)
def test_a_blob_is_what_protobuf_makes(options: dict[str, Any], fields: dict[str, Any]) -> None:
    blob: Any = base_schema().message_class("BlobProto")(**fields)
    (file,) = files_of_matrix(H, "H.binaryproto", **options)
    assert file.content == blob.SerializeToString(deterministic=True)


def test_a_database_is_one_datum_that_the_library_reads(tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    save(files_of_matrix(H, tmp_path / "H_lmdb"))
    assert [path.name for path in (tmp_path / "H_lmdb").iterdir()] == ["data.mdb"]
    with lmdb.open(str(tmp_path / "H_lmdb"), readonly=True, lock=False) as environment:
        records = dict(environment.begin().cursor())
    wanted = DATUM(channels=1, height=2, width=2, float_data=[1, -0.5, 0.25, 3])
    assert records == {b"00000000": wanted.SerializeToString(deterministic=True)}


def test_a_leveldb_is_one_datum_that_the_library_reads(tmp_path: Path) -> None:
    plyvel = pytest.importorskip("plyvel")
    save(files_of_matrix(H, tmp_path / "H_leveldb"))
    database = plyvel.DB(str(tmp_path / "H_leveldb"))
    records = dict(database.iterator())
    database.close()
    wanted = DATUM(channels=1, height=2, width=2, float_data=[1, -0.5, 0.25, 3])
    assert records == {b"00000000": wanted.SerializeToString(deterministic=True)}


def test_hdf5_is_what_an_hdf5data_layer_reads(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    save(files_of_matrix(H, tmp_path / "H.h5", dataset="weights"))
    with h5py.File(tmp_path / "H.h5") as file:
        assert list(file) == ["weights"]
        assert file["weights"].shape == (1, 1, 2, 2)
        assert file["weights"].dtype == np.float32
        assert np.array_equal(file["weights"][0, 0], H)
    assert (tmp_path / "H_list.txt").read_text() == f"{(tmp_path / 'H.h5').as_posix()}\n"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_matrix_makes_the_same_bytes(name: str) -> None:
    needs(name)
    assert files_of_matrix(H, name) == files_of_matrix(H, name)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("H_lmdb", {}, "H_lmdb: LMDB holds H in float32 only, and 1 of 4 numbers is no float32: "
         "changed by up to 1e-08 of itself; --dtype float narrows on purpose"),
        ("H_leveldb", {"dtype": "float64"}, "LevelDB holds H in float32 only, it cannot hold"),
        ("H", {}, "H: the name tells no format"),
        ("H.npy", {"shape": "new"}, "is to be npy, and only a binaryproto has two shapes"),
        ("my H.h5", {}, "my H.h5: has a blank"),
        ("H.h5", {"dataset": "a/b"}, "'a/b' is no name of a dataset"),
    ],
)  # fmt: skip
def test_what_is_not_written(name: str, options: dict[str, Any], message: str) -> None:
    pytest.importorskip("h5py")
    with pytest.raises(MatrixError) as caught:
        files_of_matrix(TENTH, name, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("dtype", [None, "float32"])
def test_float32_ends_somewhere(dtype: DType | None, tmp_path: Path) -> None:
    if dtype is None:
        save(files_of_matrix([[1e39]], tmp_path / "H.npy", dtype=dtype))
        assert read_matrix(tmp_path / "H.npy").values.tolist() == [[1e39]]
    else:
        with pytest.raises(MatrixError, match=r"row 0, column 0 .* float32 ends at 3\.4e38"):
            files_of_matrix([[1e39]], tmp_path / "H.npy", dtype=dtype)


@pytest.mark.parametrize("name", NAMES)
def test_narrowing_on_purpose(name: str, tmp_path: Path) -> None:
    needs(name)
    save(files_of_matrix(TENTH, tmp_path / name, dtype="float32"))
    narrow = TENTH.astype(np.float32).astype(np.float64)
    assert bits(read_matrix(tmp_path / name).values) == bits(narrow)


@pytest.mark.parametrize(("library", "name"), [(NEEDS[NAMES[n]], n) for n in list(NAMES)[3:]])
def test_a_library_that_is_missing(
    library: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MatrixError, match=rf'needs {library}, run pip install "protofix\['):
        files_of_matrix(H, name)


@pytest.mark.parametrize(
    ("path", "format"),
    [*NAMES.items(), ("H.HDF5", "hdf5"), ("lmdb/", "lmdb"), ("leveldb", "leveldb")],
)
def test_the_format_by_the_name(path: str, format: Format) -> None:
    assert format_named(path) == format


# --- where it is written ------------------------------------------------------------------------


def test_what_is_there_stays_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "H.npy"
    assert save(files_of_matrix(H, path)) == (path,)
    assert save(files_of_matrix(H, path)) == ()
    with pytest.raises(FileError, match="is there already with another content; --force"):
        save(files_of_matrix(2 * H, path))
    assert np.array_equal(read_matrix(path).values, H)
    assert save(files_of_matrix(2 * H, path), replace=True) == (path,)
    assert np.array_equal(read_matrix(path).values, 2 * H)


@pytest.mark.parametrize("name", ["H_lmdb", "H_leveldb"])
def test_a_folder_with_something_else(name: str, tmp_path: Path) -> None:
    needs(name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.tex").write_text("all of it")
    for replace in (False, True):
        with pytest.raises(FileError, match=r"holds thesis\.tex, which is not of this L"):
            save(files_of_matrix(H, tmp_path / name), replace=replace)
    assert [path.name for path in (tmp_path / name).iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", ["H_lmdb", "H_leveldb"])
def test_a_file_where_the_folder_is_to_be(name: str, tmp_path: Path) -> None:
    needs(name)
    (tmp_path / name).write_text("")
    with pytest.raises(FileError, match="is a file, and L"):
        save(files_of_matrix(H, tmp_path / name))
    assert (tmp_path / name).read_text() == ""


def test_all_files_or_none(tmp_path: Path) -> None:
    one, two = tmp_path / "H_lmdb" / "data.mdb", tmp_path / "H_lmdb" / ("x" * 300)
    with pytest.raises(FileError):
        save([NewFile(one, b"1"), NewFile(two, b"2")])
    assert list(tmp_path.iterdir()) == []


# --- databases and lists that are read ----------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"data": b"1234", "channels": 1, "height": 2, "width": 2}, "holds an image"),
        ({"channels": 3, "height": 1, "width": 1, "float_data": [1, 2, 3]}, "is 3 x 1 x 1 and"),
        ({"channels": 1, "height": 2, "width": 3, "float_data": [1] * 6}, "is 1 x 2 x 3 and"),
        ({"channels": 1, "height": 3, "width": 3, "float_data": [1]}, "holds 1 numbers"),
        ({"channels": 1, "height": 2**31 - 1, "width": 2**31 - 1}, "holds 0 numbers"),
        ({"channels": 1, "height": -1, "width": -1, "float_data": [1]}, "is 1 x -1 x -1"),
        ({"channels": 1, "height": 1, "width": 1, "float_data": [np.nan]}, "must be finite"),
        ({}, "is 0 x 0 x 0"),
    ],
)
@pytest.mark.parametrize("backend", [write_lmdb, write_leveldb])
def test_refuses_a_record(
    backend: Any, fields: dict[str, Any], message: str, tmp_path: Path
) -> None:
    backend(tmp_path / "db", [DATUM(**fields).SerializeToString()])
    assert message in refusal(tmp_path / "db")


def test_refuses_a_database_of_other_things(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "text", [b"\xff\xffno datum"])
    assert "its record is no Datum" in refusal(tmp_path / "text")
    write_lmdb(tmp_path / "images", [datum((3, 8, 8), label=1)])
    assert "holds an image" in refusal(tmp_path / "images")
    record = DATUM(channels=1, height=1, width=1, float_data=[1]).SerializeToString()
    write_lmdb(tmp_path / "two", [record, record])
    assert "holds more than one record" in refusal(tmp_path / "two")
    write_lmdb(tmp_path / "nothing", [])
    assert "is an LMDB without records" in refusal(tmp_path / "nothing")


def test_a_database_cut_short(tmp_path: Path) -> None:
    pytest.importorskip("lmdb")
    (file,) = files_of_matrix(H, tmp_path / "H_lmdb")
    (tmp_path / "H_lmdb").mkdir()
    for length in range(0, len(file.content), 511):
        file.path.write_bytes(file.content[:length])
        refusal(tmp_path / "H_lmdb")


def test_a_leveldb_with_its_record_in_the_log(tmp_path: Path) -> None:
    record = DATUM(channels=1, height=2, width=2, float_data=H.ravel()).SerializeToString()
    write_leveldb(tmp_path / "db", [record], tables=False)
    assert np.array_equal(read_matrix(tmp_path / "db").values, H)


def test_the_list_of_an_hdf5_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_hdf5(tmp_path / "H.h5", a=H.reshape(1, 1, 2, 2), b=2 * H.reshape(1, 1, 2, 2))
    listed = tmp_path / "list.txt"
    listed.write_text("H.h5\n")
    assert "each of a, b could be H" in refusal(listed)
    matrix = read_matrix(listed, dataset="b")
    assert (matrix.format, matrix.dataset, matrix.dtype) == ("hdf5", "b", "float64")
    assert np.array_equal(matrix.values, 2 * H)
    listed.write_text("H.h5\nmore.h5\n")
    assert "neither an HDF5 file nor the list of one" in refusal(listed)
    listed.write_text("gone.h5")
    assert "lists gone.h5, which is neither in this folder nor beside" in refusal(listed)


def test_a_format_that_is_said_goes_before_the_name(tmp_path: Path) -> None:
    path = tmp_path / "numbers.dat"
    path.write_text("1,2\n3,4\n")
    assert "not a serialized BlobProto" in refusal(path)
    assert read_matrix(path, "csv").values.tolist() == [[1, 2], [3, 4]]
    assert "not a .npy file" in refusal(path, "npy")
    assert "neither an HDF5 file nor the list" in refusal(path, "hdf5")
    assert "only HDF5 has datasets" in refusal(path, "csv", "H")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("H.npy", "a .npy file, and Caffe reads a source as a .binaryproto"),
        ("H.csv", "not a serialized BlobProto"),
        ("H.h5", "an HDF5 file, which only an HDF5Data layer reads"),
        ("H_lmdb", "not a regular file"),
    ],
)
def test_caffe_reads_a_source_as_a_blob_only(name: str, message: str, tmp_path: Path) -> None:
    needs(name)
    save(files_of_matrix(H, tmp_path / name))
    with pytest.raises(MatrixError) as caught:
        read_source(tmp_path / name)
    assert message in str(caught.value)


def test_a_source_may_have_any_name(tmp_path: Path) -> None:
    save(files_of_matrix(H, tmp_path / "H.csv", "binaryproto"))
    assert np.array_equal(read_source(tmp_path / "H.csv").values, H)
