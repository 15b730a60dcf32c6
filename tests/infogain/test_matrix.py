"""H from files and to files: what fits, and one line about what does not."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from protofix.infogain.matrix.reading import read_h5_matrix, read_matrix
from protofix.infogain.matrix.values import InfogainMatrix, MatrixError, check_matrix
from protofix.infogain.matrix.writing import binaryproto_bytes

H = np.array([[1.0, -0.5], [0.25, 3.0]])

# A temporary folder may be shared by the examples of one property: each writes the file anew.
many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def refusal(function: Any, path: Path, *arguments: Any) -> str:
    """Return the one line that a file is refused with; it names the file."""
    with pytest.raises(MatrixError) as caught:
        function(path, *arguments)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# --- the wire format, written out by hand, so that what is read is not what was just written -----


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, wire: int, payload: bytes) -> bytes:
    length = varint(len(payload)) if wire == 2 else b""
    return varint(number << 3 | wire) + length + payload


def legacy_shape(*dims: int) -> bytes:
    return b"".join(field(i, 0, varint(dim)) for i, dim in enumerate(dims, start=1))


def blob_shape(*dims: int) -> bytes:
    return field(7, 2, field(1, 2, b"".join(varint(dim) for dim in dims)))


def floats(*values: float, packed: bool = True) -> bytes:
    if packed:
        return field(5, 2, struct.pack(f"<{len(values)}f", *values))
    return b"".join(field(5, 5, struct.pack("<f", value)) for value in values)


def doubles(*values: float, packed: bool = True) -> bytes:
    if packed:
        return field(8, 2, struct.pack(f"<{len(values)}d", *values))
    return b"".join(field(8, 1, struct.pack("<d", value)) for value in values)


NUMBERS = (1.0, -0.5, 0.25, 3.0)


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (legacy_shape(1, 1, 2, 2) + floats(*NUMBERS), (1, 1, 2, 2)),
        (legacy_shape(1, 1, 2, 2) + floats(*NUMBERS, packed=False), (1, 1, 2, 2)),
        (legacy_shape(1, 1, 2, 2) + doubles(*NUMBERS), (1, 1, 2, 2)),
        (floats(*NUMBERS) + blob_shape(2, 2), (2, 2)),
        (floats(*NUMBERS) + blob_shape(4), (4,)),
        (blob_shape(1, 4) + doubles(*NUMBERS, packed=False), (1, 4)),
        # Caffe takes double_data if there is any.
        (floats(9, 9, 9, 9) + blob_shape(2, 2) + doubles(*NUMBERS), (2, 2)),
    ],
)
def test_reads_a_blob(content: bytes, shape: tuple[int, ...], tmp_path: Path) -> None:
    path = write(tmp_path / "H.binaryproto", content)
    matrix = read_matrix(path)
    assert np.array_equal(matrix.values, H)
    assert (matrix.shape, matrix.classes, matrix.format) == (shape, 2, "binaryproto")
    assert matrix.path == path
    assert matrix.values.dtype == np.float64
    assert not matrix.values.flags.writeable


def test_a_blob_is_read_whatever_its_name_is(tmp_path: Path) -> None:
    path = write(tmp_path / "infogain", binaryproto_bytes(H))
    assert np.array_equal(read_matrix(str(path)).values, H)


def test_what_is_written_is_the_form_every_caffe_reads() -> None:
    assert binaryproto_bytes(H) == legacy_shape(1, 1, 2, 2) + floats(*NUMBERS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x00", "not a serialized BlobProto"),
        (b"# not a blob at all, but text", "not a serialized BlobProto"),
        (legacy_shape(1, 1, 2, 2), "without numbers"),
        (legacy_shape(1, 1, 2**31 - 1, 2**31 - 1), "without numbers"),
        (blob_shape(2**62, 2**62), "without numbers"),
        (legacy_shape(1, 1, 2**31 - 1, 2**31 - 1) + floats(1), "holds 1 numbers"),
        (blob_shape(2**62, 2**62) + floats(1), "holds 1 numbers"),
        (blob_shape(*[1] * 33) + floats(1), "33 axes, a blob has at most 32"),
        (legacy_shape(1, 1, 3, 3) + floats(*NUMBERS), "1 x 1 x 3 x 3 and holds 4 numbers"),
        (legacy_shape(1, 1, -2, -2) + floats(*NUMBERS), "the shape 1 x 1 x -2 x -2, H must be"),
        (floats(*NUMBERS), "no shape and holds 4 numbers"),
        (blob_shape(6) + floats(1, 2, 3, 4, 5, 6), "6 numbers, which are not L x L"),
        (legacy_shape(1, 1, 1, 1) + floats(float("nan")), "row 0, column 0 (from 0) is nan"),
        (legacy_shape(1, 1, 1, 1) + floats(float("inf")), "must be finite"),
        (legacy_shape(1, 1, 2, 2) + floats(*NUMBERS)[:-1], "cut short"),
        # A packed field that declares 2 GB and holds 4 bytes.
        (legacy_shape(1, 1, 1, 1) + b"\x2a\xff\xff\xff\xff\x07" + bytes(4), "cut short"),
        # A net: name "LeNet" and a layer; a V1 layer; a layer.
        (b"\x0a\x05LeNet\xa2\x06\x06\x0a\x04data", "as a net's weights do (.caffemodel)"),
        (b"\x12\x06\x22\x04conv", ".caffemodel"),
        (b"\xa2\x06\x06\x0a\x04data", ".caffemodel"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5Data"),
    ],
)
def test_refuses_a_blob(content: bytes, message: str, tmp_path: Path) -> None:
    assert message in refusal(read_matrix, write(tmp_path / "H.binaryproto", content))


# --- .npy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (H, (2, 2)),
        (H.astype(np.float32), (2, 2)),
        (H.astype(">f8"), (2, 2)),
        (np.asfortranarray(H), (2, 2)),
        (H.reshape(1, 1, 2, 2), (1, 1, 2, 2)),
        (H.ravel(), (4,)),
    ],
)
def test_reads_npy(array: NDArray[Any], shape: tuple[int, ...], tmp_path: Path) -> None:
    np.save(tmp_path / "H.npy", array)
    matrix = read_matrix(tmp_path / "H.npy")
    assert np.array_equal(matrix.values, H)
    assert (matrix.shape, matrix.format) == (shape, "npy")
    assert not matrix.values.flags.writeable


def npy(header: str, data: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def test_reads_what_python_2_wrote(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 2L), }\n"
    path = write(tmp_path / "H.npy", npy(header, H.tobytes()))
    assert np.array_equal(read_matrix(path).values, H)
    assert not recwarn.list


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000)}\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no numpy here", "not a .npy file"),
        (b"\x93NUMPY", "header is broken"),
        (npy("{"), "header is broken"),
        (npy("(" * 5000), "header is broken"),
        (
            npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -2)}\n", bytes(32)),
            "-2 x -2",
        ),
        (npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9)}\n"), "0 x 9"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1)}\n", b"N."), "object"),
        (npy("{'descr': '<c16', 'fortran_order': False, 'shape': (1, 1)}\n", bytes(16)), "complex"),
        (npy(HUGE), "holds 0 bytes"),
        (npy(HUGE, bytes(64)), "holds 64 bytes"),
    ],
)
def test_refuses_npy(content: bytes, message: str, tmp_path: Path) -> None:
    assert message in refusal(read_matrix, write(tmp_path / "H.npy", content))


def test_npy_must_be_square(tmp_path: Path) -> None:
    for shape in ((2, 8), (2, 2, 2, 2), (4, 4, 1)):
        np.save(tmp_path / "H.npy", np.zeros(shape))
        assert "is not square" in refusal(read_matrix, tmp_path / "H.npy")


# --- text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1,-0.5\n0.25,3\n",
        "1;-.5\r\n2.5e-1;3.\r\n",
        "1 -0.5\n0.25\t+3",
        "\ufeff 1 , -0.5 \n\n0.25, 3e0\n\n",
        "1\t-0.5\r0.25\t3\r",
        "\n1 -0.5\n0.25 3\n",
    ],
)
def test_reads_text(text: str, tmp_path: Path) -> None:
    matrix = read_matrix(write(tmp_path / "H.csv", text.encode()))
    assert np.array_equal(matrix.values, H)
    assert (matrix.shape, matrix.format) == ((2, 2), "csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cat,dog\n1,0\n0,1\n", ":1: 'cat' is not a number, a header row must go"),
        ("# cat dog\n1 0\n0 1\n", ":1: '#' is not a number, a header row must go"),
        ("1,inf\n0,1\n", ":1: inf is not finite"),
        ("0x1,0\n0,1\n", ":1: '0x1' is not a number, write"),
        ("1,0\n0,x\n", ":2: 'x' is not a number, write"),
        ("1,0,\n0,1,\n", ":1: a cell is empty, write"),
        ("1,5;0\n0;1\n", ":1: commas and semicolons"),
        ("1,0\n0\n", ":2: 1 numbers, the first row has 2"),
        ("1,0\n", "1 rows of 2 numbers are not square"),
        ("1,0\n0,nan\n", ":2: nan is not finite"),
        ("1,0\n0,1e999\n", "row 1, column 1 (from 0) is inf"),
        ("1_0\n", "'1_0' is not a number"),
        ("\u0661\n", r"'\u0661' is not a number"),
        ("\n \n", "no numbers"),
        ("\x00" * 50, r"'\x00"),
    ],
)
def test_refuses_text(text: str, message: str, tmp_path: Path) -> None:
    assert message in refusal(read_matrix, write(tmp_path / "H.csv", text.encode()))


def test_refuses_bytes_that_are_no_text(tmp_path: Path) -> None:
    assert "not text" in refusal(read_matrix, write(tmp_path / "H.csv", b"\xff\xfe1,2"))


# --- files that are none ------------------------------------------------------------------------


def every_reader(path: Path) -> list[str]:
    return [refusal(read_matrix, path), refusal(read_h5_matrix, path)]


def test_refuses_a_missing_file(tmp_path: Path) -> None:
    assert all("No such file" in line for line in every_reader(tmp_path / "H.binaryproto"))


def test_refuses_a_folder(tmp_path: Path) -> None:
    assert all("not a regular file" in line for line in every_reader(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_refuses_a_pipe_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert all("not a regular file" in line for line in every_reader(tmp_path / "pipe"))


def test_refuses_an_unreadable_file(tmp_path: Path) -> None:
    path = write(tmp_path / "H.binaryproto", binaryproto_bytes(H))
    path.chmod(0)
    tmp_path.chmod(0o755)
    me = os.geteuid()
    here = Path.cwd()
    os.chdir(tmp_path)  # Root's folders above need not be open to others.
    if me == 0:
        os.seteuid(65534)  # Root may read everything.
    try:
        assert "Permission denied" in refusal(read_matrix, Path(path.name))
    finally:
        os.seteuid(me)
        os.chdir(here)


def test_refuses_an_empty_file(tmp_path: Path) -> None:
    for name in ("H.binaryproto", "H.npy", "H.csv", "H.h5"):
        assert all("is empty" in line for line in every_reader(write(tmp_path / name, b"")))


def test_refuses_a_file_too_large_for_any_matrix(tmp_path: Path) -> None:
    path = tmp_path / "H.binaryproto"
    with path.open("wb") as stream:
        stream.truncate((1 << 30) + 1)
    assert "larger than 1 GiB" in refusal(read_matrix, path)


def test_a_path_with_a_newline_stays_one_line(tmp_path: Path) -> None:
    with pytest.raises(MatrixError) as caught:
        read_matrix(tmp_path / "H\n.binaryproto")
    assert "\n" not in str(caught.value)
    with pytest.raises(MatrixError, match="not a path"):
        read_matrix("H\0.binaryproto")


# --- properties ---------------------------------------------------------------------------------


@st.composite
def float32_matrices(draw: st.DrawFn) -> NDArray[np.float64]:
    classes = draw(st.integers(1, 6))
    number = st.floats(width=32, allow_nan=False, allow_infinity=False)
    numbers = draw(st.lists(number, min_size=classes**2, max_size=classes**2))
    return np.array(numbers).reshape(classes, classes)


def same_bits(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Equal, and a negative zero is still one."""
    return one.tobytes() == other.tobytes()


@many
@given(values=float32_matrices())
def test_float32_goes_through_a_blob_unchanged(values: NDArray[np.float64], tmp_path: Path) -> None:
    path = write(tmp_path / "H.binaryproto", binaryproto_bytes(values))
    matrix = read_matrix(path)
    assert same_bits(matrix.values, values)
    assert matrix.shape == (1, 1, *values.shape)


@many
@given(values=float32_matrices())
def test_numbers_go_through_npy_and_text_unchanged(
    values: NDArray[np.float64], tmp_path: Path
) -> None:
    np.save(tmp_path / "H.npy", values)
    assert same_bits(read_matrix(tmp_path / "H.npy").values, values)
    text = "\n".join(",".join(map(repr, row)) for row in values.tolist())
    assert same_bits(read_matrix(write(tmp_path / "H.csv", text.encode())).values, values)


def is_read_or_refused(path: Path) -> InfogainMatrix | None:
    """Whatever the bytes: a finite square matrix or a MatrixError, and nothing else."""
    try:
        matrix = read_matrix(path)
    except MatrixError as error:
        assert "\n" not in str(error)
        return None
    assert matrix.values.shape == (matrix.classes, matrix.classes)
    assert np.isfinite(matrix.values).all()
    return matrix


@many
@given(
    suffix=st.sampled_from([".binaryproto", ".npy", ".csv"]),
    start=st.sampled_from([b"", b"\x93NUMPY\x01\x00", npy(HUGE)[:-30], legacy_shape(1, 1, 2, 2)]),
    content=st.binary(max_size=200),
)
def test_any_bytes(suffix: str, start: bytes, content: bytes, tmp_path: Path) -> None:
    is_read_or_refused(write(tmp_path / f"H{suffix}", start + content))


@many
@given(values=float32_matrices(), share=st.floats(0, 1, exclude_max=True))
def test_a_blob_cut_short_is_refused(
    values: NDArray[np.float64], share: float, tmp_path: Path
) -> None:
    content = binaryproto_bytes(values)
    path = write(tmp_path / "H.binaryproto", content[: int(len(content) * share)])
    assert is_read_or_refused(path) is None


@many
@given(values=float32_matrices(), share=st.floats(0, 1, exclude_max=True))
def test_npy_cut_short_is_refused(
    values: NDArray[np.float64], share: float, tmp_path: Path
) -> None:
    np.save(tmp_path / "H.npy", values)
    content = (tmp_path / "H.npy").read_bytes()
    path = write(tmp_path / "H.npy", content[: int(len(content) * share)])
    assert is_read_or_refused(path) is None


@many
@given(values=float32_matrices(), at=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_flipped_byte(values: NDArray[np.float64], at: int, byte: int, tmp_path: Path) -> None:
    content = bytearray(binaryproto_bytes(values))
    content[at % len(content)] = byte
    is_read_or_refused(write(tmp_path / "H.binaryproto", bytes(content)))


# --- checks and writing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "classes", "message"),
    [
        ([], None, "infogain matrix H: no numbers, it must be L x L"),
        (np.zeros((0, 0)), 3, "no numbers, it must be 3 x 3"),
        (np.zeros((2, 3)), None, "2 x 3 is not square, it must be L x L"),
        (np.zeros(4), 2, "4 is not square, it must be 2 x 2"),
        (5.0, None, "a single number is not square"),
        (np.zeros((2, 2)), 3, "2 x 2 for a net of 3 classes, it must be 3 x 3"),
        ([[0, np.nan], [0, 0]], None, "row 0, column 1 (from 0) is nan"),
        ([[0, 0], [-np.inf, 0]], None, "row 1, column 0 (from 0) is -inf"),
        ([[1, 2], [3]], None, "not numbers in equal rows"),
        ([["a"]], None, "not numbers in equal rows"),
    ],
)
def test_check_matrix(values: Any, classes: int | None, message: str) -> None:
    with pytest.raises(MatrixError) as caught:
        check_matrix(values, classes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^H\.csv: "):
        check_matrix(values, classes, "H.csv")


def test_check_matrix_is_content() -> None:
    check_matrix(H)
    check_matrix(H.astype(np.float32), 2)
    check_matrix([[1]], 1)


@pytest.mark.parametrize("number", [3.5e38, -1e300])
def test_float32_must_hold_what_is_written(number: float) -> None:
    with pytest.raises(MatrixError, match=r"row 1, column 0 \(from 0\) is .*float32 ends at"):
        binaryproto_bytes(np.array([[0, 0], [number, 0]]))


def test_writing_rounds_to_the_nearest_float32(tmp_path: Path) -> None:
    path = write(tmp_path / "H.binaryproto", binaryproto_bytes([[0.1, 1e-60], [-1e-60, 2**25 + 1]]))
    expected = [float(np.float32(0.1)), 0.0, -0.0, 2.0**25]
    assert same_bits(read_matrix(path).values.ravel(), np.array(expected))


@pytest.mark.parametrize("values", [[], np.zeros((2, 3)), [[np.nan]]])
def test_only_a_matrix_is_written(values: Any) -> None:
    with pytest.raises(MatrixError):
        binaryproto_bytes(values)


# --- HDF5 ---------------------------------------------------------------------------------------


def h5(path: Path, **datasets: Any) -> Path:
    """Write an HDF5 file with these datasets."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file.create_dataset(name, data=values)
    return path


H4 = H.reshape(1, 1, 2, 2)


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f4"])
def test_reads_h5(dtype: str, tmp_path: Path) -> None:
    path = h5(tmp_path / "H.h5", infogain=H4.astype(dtype), label=np.zeros((5, 1)))
    name, values = read_h5_matrix(path)
    assert name == "infogain"
    assert values.dtype == np.float64
    assert np.array_equal(values, H)
    assert not values.flags.writeable


def test_reads_compressed_h5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "H.h5", "w") as file:
        file.create_dataset("H", data=np.eye(300).reshape(1, 1, 300, 300), compression="gzip")
    assert np.array_equal(read_h5_matrix(tmp_path / "H.h5")[1], np.eye(300))


def test_picks_a_dataset_by_name(tmp_path: Path) -> None:
    path = h5(tmp_path / "H.h5", a=H4, b=2 * H4)
    assert "each of a, b could be H" in refusal(read_h5_matrix, path)
    assert np.array_equal(read_h5_matrix(path, "b")[1], 2 * H)
    assert "lacks the dataset 'c'" in refusal(read_h5_matrix, path, "c")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (H, "is 2 x 2, and HDF5Data takes the first axis as the batch: store it as 1 x 1 x 2 x 2"),
        (np.zeros((2, 3)), "is 2 x 3, it must be 1 x 1 x L x L"),
        (np.zeros((2, 1, 3, 3)), "is 2 x 1 x 3 x 3, it must be"),
        (np.zeros((1, 1, 2, 3)), "is 1 x 1 x 2 x 3, it must be"),
        (np.zeros((1, 1, 0, 0)), "is 1 x 1 x 0 x 0, it must be"),
        (H4.astype(np.int32), "holds int32, it must be float32 or float64"),
        (H4.astype(np.float16), "holds float16"),
        (H4 * np.nan, "row 0, column 0 (from 0) is nan"),
        (1.0, "is a single number"),
    ],
)
def test_refuses_h5(values: Any, message: str, tmp_path: Path) -> None:
    path = h5(tmp_path / "H.h5", infogain=values)
    line = refusal(read_h5_matrix, path)
    assert "dataset infogain" in line
    assert message in line


def test_names_the_dataset_that_was_meant(tmp_path: Path) -> None:
    path = h5(tmp_path / "H.h5", data=np.zeros((4, 3)), infogain=H, label=np.zeros(4))
    assert "dataset infogain is 2 x 2" in refusal(read_h5_matrix, path)


def test_h5_without_a_dataset_at_its_root(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "H.h5", "w") as file:
        file.create_dataset("group/H", data=H4)
        file["dangling"] = h5py.SoftLink("/nothing")
        file["again"] = h5py.SoftLink("/group/H")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/H")
    assert "lacks a dataset" in refusal(read_h5_matrix, tmp_path / "H.h5")


@pytest.mark.parametrize("options", [{}, {"chunks": (1, 1, 64, 64)}, {"compression": "gzip"}])
def test_h5_that_declares_more_than_it_holds(options: dict[str, Any], tmp_path: Path) -> None:
    """A terabyte declared, nothing stored: nothing may be allocated for it."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "H.h5", "w") as file:
        file.create_dataset("H", (1, 1, 500_000, 500_000), "f4", **options)
    assert "more than it holds" in refusal(read_h5_matrix, tmp_path / "H.h5")


def test_h5_cut_short_or_broken(tmp_path: Path) -> None:
    content = h5(tmp_path / "whole.h5", H=np.eye(40).reshape(1, 1, 40, 40)).read_bytes()
    for length in range(1, len(content), 97):
        refusal(read_h5_matrix, write(tmp_path / "cut.h5", content[:length]))
    refusal(read_h5_matrix, write(tmp_path / "H.h5", b"random bytes" * 100))


def test_h5_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    line = refusal(read_h5_matrix, tmp_path / "H.h5")
    assert 'pip install "protofix[hdf5]"' in line


def test_whole_numbers_that_no_float_holds_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "H.npy", np.array([[2**53 + 1, 0], [0, 1]]))
    assert "has whole numbers beyond 2^53" in refusal(read_matrix, tmp_path / "H.npy")
    np.save(tmp_path / "H.npy", np.array([[2**53, 0], [0, 1]]))
    assert read_matrix(tmp_path / "H.npy").values[0, 0] == 2**53


def test_a_plain_square_dataset_is_read_to_be_converted(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "H.h5", "w") as file:
        file["W"] = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert read_matrix(tmp_path / "H.h5").values.tolist() == [[1, 2], [3, 4]]
    assert "which protofix matrix convert does" in refusal(read_h5_matrix, tmp_path / "H.h5")
