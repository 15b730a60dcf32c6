"""The infogain matrix H, from files and to them.

A file is nobody's promise: it may be cut short, be something else, or declare a shape it has no
numbers for. Whatever is wrong with one becomes a `MatrixError` of one line; nothing is allocated
for a declared size before the file was seen to hold it.
"""

from __future__ import annotations

import io
import math
import os
import re
import stat
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from caffe_proto import base_schema

if TYPE_CHECKING:
    import h5py

Array = NDArray[np.float64]
PathLike = str | os.PathLike[str]

LARGEST_FILE = 1 << 30
"""No file above this many bytes is read: 1 GiB holds H for 16,384 classes in float32."""

_NPY_MAGIC = b"\x93NUMPY"
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
# How a serialized NetParameter begins: its name, a V1 layer or a layer, each with its length.
# BlobProto's own fields 1 and 2 are plain numbers, and it has no field 100.
_NET_BEGINNINGS = (b"\x0a", b"\x12", b"\xa2\x06")
_TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Caffe 1.0, kMaxBlobAxes.
_MOST_AXES = 32
# The strongest compression of HDF5's own filters is deflate's, 1032 to 1.
_HDF5_COMPRESSION = 1032


class MatrixError(ValueError):
    """One line about a matrix: where, what is wrong, what would be right."""


@dataclass(frozen=True, eq=False)
class InfogainMatrix:
    """H as a file gives it.

    Attributes:
        values: L x L, float64, read-only; row = the label, column = the predicted class.
        shape: as the file declares it. Old Caffe wants exactly 1 x 1 x L x L, today's any.
        format: "binaryproto", "npy" or "csv"; a layer's `source` can only be the first.
        path: the file.

    """

    values: Array
    shape: tuple[int, ...]
    format: str
    path: Path

    @property
    def classes(self) -> int:
        """L, the number of classes."""
        return len(self.values)


def read_matrix(path: PathLike) -> InfogainMatrix:
    """Read H from a `.binaryproto`, `.npy` or `.csv` file.

    A file that begins as `.npy` files do is one; `.csv`, `.txt` and `.tsv` are text with L lines of
    L numbers between commas, semicolons or blanks; anything else must be a serialized BlobProto,
    which is how Caffe reads a `source` whatever its name is. A blob may have any shape of L * L
    numbers (legacy num, channels, height, width, or `shape`), in float or double, packed or not.

    Raises:
        MatrixError: the file cannot be read, is none of these, or holds no finite square matrix.

    """
    where = _where(path)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    is_text = suffix in _TEXT_SUFFIXES
    content = _read_file(path, where, may_be_blob=not is_text)
    if content.startswith(_NPY_MAGIC):
        return _finish(_read_npy(content, where), "npy", path, where)
    if suffix == ".npy":
        raise MatrixError(f"{where}: not a .npy file, write it with numpy.save")
    if is_text:
        return _finish(_read_csv(content, where), "csv", path, where)
    return _finish(_read_binaryproto(content, where), "binaryproto", path, where)


def check_matrix(
    values: ArrayLike, classes: int | None = None, where: str = "infogain matrix H"
) -> None:
    """Check that `values` is L x L, finite, and of the net's number of classes.

    Args:
        values: the matrix.
        classes: the number of classes of the net; None where it is not known.
        where: what the error names as the place, for instance a path.

    Raises:
        MatrixError: it is not; one line.

    """
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise MatrixError(f"{where}: not numbers in equal rows, give L rows of L numbers") from None
    size = "L x L" if classes is None else f"{classes} x {classes}"
    if matrix.size == 0:
        raise MatrixError(f"{where}: no numbers, it must be {size}")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise MatrixError(f"{where}: {_shape_text(matrix.shape)} is not square, it must be {size}")
    if classes is not None and matrix.shape[0] != classes:
        raise MatrixError(
            f"{where}: {_shape_text(matrix.shape)} for a net of {classes} classes,"
            f" it must be {size}"
        )
    finite = np.isfinite(matrix)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise MatrixError(
            f"{where}: row {row}, column {column} (from 0) is {matrix[row, column]},"
            f" every number must be finite"
        )


def binaryproto_bytes(values: ArrayLike) -> bytes:
    """Return H as a serialized BlobProto, for a layer's `infogain_loss_param.source`.

    Float data with the legacy dimensions num 1, channels 1, height L, width L: the one form that
    Caffe reads before and after InfogainLoss took the softmax in. Each number becomes the nearest
    float32 (ties to even), which is what Caffe computes with; numbers that are float32 already are
    kept exactly, and ones nearer to 0 than float32's smallest (1.4e-45) may become 0.

    Args:
        values: L x L.

    Raises:
        MatrixError: not square, not finite, or a number is beyond float32's largest (3.4e38).

    """
    check_matrix(values)
    matrix = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        narrow = matrix.astype(np.float32)
    beyond = np.argwhere(~np.isfinite(narrow))
    if beyond.size:
        row, column = (int(i) for i in beyond[0])
        raise MatrixError(
            f"infogain matrix H: row {row}, column {column} (from 0) is {matrix[row, column]:g},"
            f" Caffe's float32 ends at 3.4e38"
        )
    blob: Any = base_schema().message_class("BlobProto")()
    blob.num = blob.channels = 1
    blob.height = blob.width = len(narrow)
    blob.data.extend(narrow.ravel().tolist())
    serialized: bytes = blob.SerializeToString(deterministic=True)
    return serialized


def read_h5_matrix(path: PathLike, dataset: str | None = None) -> tuple[str, Array]:
    """Read H as an HDF5Data layer would: a 1 x 1 x L x L dataset at the file's root.

    Args:
        path: the HDF5 file (not the list of files that the layer's `source` names).
        dataset: the dataset's name, which is the layer's top; None if the file holds one only
            that can be H.

    Returns:
        The dataset's name, and H, L x L, float64, read-only.

    Raises:
        MatrixError: h5py is missing, the file cannot be read, or no dataset, or more than one, is
            a 1 x 1 x L x L matrix of float32 or float64.

    """
    where = _where(path)
    try:
        import h5py
    except ImportError:
        raise MatrixError(
            f'{where}: reading HDF5 needs h5py, run pip install "protofix[hdf5]"'
        ) from None
    if _regular_size(path, where) == 0:
        raise MatrixError(f"{where}: the file is empty, H needs L x L numbers")
    try:
        with h5py.File(os.fspath(path), "r") as file:
            name, values = _pick_dataset(file, dataset, where)
    except MatrixError:
        raise
    # A broken file makes h5py raise whatever its C library's errors map to.
    except Exception as error:
        raise MatrixError(
            f"{where}: cannot be read as HDF5 ({_one_line(error)}), write it anew with h5py"
        ) from None
    check_matrix(values, None, f"{where}, dataset {_where(name)}")
    values.setflags(write=False)
    return name, values


def _where(path: PathLike) -> str:
    """Write a path so that it stays on one line."""
    text = os.fspath(path)
    return text if text.isprintable() else ascii(text)


def _one_line(error: BaseException) -> str:
    """An exception's message on one line."""
    text = " ".join(str(error).split())
    return text if text.isprintable() and text else type(error).__name__


def _shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape as the field does: 1 x 1 x 3 x 3."""
    return " x ".join(map(str, shape)) if shape else "a single number"


def _regular_size(path: PathLike, where: str) -> int:
    """Return the size in bytes of a regular file; a pipe or a device would never end."""
    try:
        status = os.stat(path)
        if stat.S_ISREG(status.st_mode):
            with open(path, "rb"):  # whether it may be read
                return status.st_size
    except OSError as error:
        raise MatrixError(f"{where}: cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL in it
        raise MatrixError(f"{where}: not a path, name the file that holds H") from None
    raise MatrixError(f"{where}: not a regular file, name the file that holds H")


def _read_file(path: PathLike, where: str, *, may_be_blob: bool) -> bytes:
    """Return a file's bytes, unless its size or beginning shows that it is something else."""
    size = _regular_size(path, where)
    if size == 0:
        raise MatrixError(f"{where}: the file is empty, H needs L x L numbers")
    if size > LARGEST_FILE:
        raise MatrixError(f"{where}: larger than 1 GiB, more than H of 16,384 classes takes")
    try:
        with open(path, "rb") as stream:
            beginning = stream.read(8)
            if beginning == _HDF5_MAGIC:
                raise MatrixError(f"{where}: an HDF5 file, which only an HDF5Data layer reads")
            # A net of hundreds of megabytes is not worth reading to the end. Text may begin with
            # an empty line, which is the same byte.
            if may_be_blob and beginning.startswith(_NET_BEGINNINGS):
                raise MatrixError(
                    f"{where}: begins as a net's weights do (.caffemodel),"
                    f" H is a BlobProto (.binaryproto)"
                )
            return beginning + stream.read(size)
    except OSError as error:
        raise MatrixError(f"{where}: cannot be read: {error.strerror}") from None


def _finish(numbers: Array, format: str, path: PathLike, where: str) -> InfogainMatrix:
    """Make the L x L matrix of a file's numbers in their declared shape."""
    classes = math.isqrt(numbers.size)
    if classes * classes != numbers.size:
        raise MatrixError(
            f"{where}: {_shape_text(numbers.shape)} are {numbers.size} numbers,"
            f" which are not L x L for any L"
        )
    values = numbers.reshape(classes, classes)
    check_matrix(values, None, where)
    values.setflags(write=False)
    return InfogainMatrix(values, numbers.shape, format, Path(path))


def _check_shape(shape: tuple[int, ...], where: str) -> None:
    """Refuse a declared shape that no blob can have, before any arithmetic on it."""
    if len(shape) > _MOST_AXES:
        raise MatrixError(f"{where}: declares {len(shape)} axes, a blob has at most {_MOST_AXES}")
    if any(dim < 1 for dim in shape):
        raise MatrixError(f"{where}: declares the shape {_shape_text(shape)}, H must be L x L")


def _read_binaryproto(content: bytes, where: str) -> Array:
    """Return the numbers of a BlobProto in its shape (Caffe 1.0, Blob::FromProto)."""
    from google.protobuf.message import DecodeError

    try:
        blob: Any = base_schema().message_class("BlobProto").FromString(content)
    except DecodeError:
        raise MatrixError(
            f"{where}: not a serialized BlobProto, or cut short; write H as a .binaryproto"
        ) from None
    data = blob.double_data or blob.data
    legacy = ("num", "channels", "height", "width")
    if any(blob.HasField(name) for name in legacy):
        shape = tuple(int(getattr(blob, name)) for name in legacy)
    else:
        shape = tuple(int(dim) for dim in blob.shape.dim)
    if not data:
        raise MatrixError(f"{where}: a BlobProto without numbers, H needs L x L of them")
    _check_shape(shape, where)
    if math.prod(shape) != len(data):
        declared = f"the shape {_shape_text(shape)}" if shape else "no shape"
        raise MatrixError(
            f"{where}: declares {declared} and holds {len(data)} numbers, they must agree"
        )
    return np.fromiter(data, dtype=np.float64, count=len(data)).reshape(shape)


def _read_npy(content: bytes, where: str) -> Array:
    """Return the array of a .npy file, seen to be there before it is made."""
    stream = io.BytesIO(content)
    try:
        with warnings.catch_warnings():
            # Python 2 wrote 3L into headers; numpy reads that, and warns.
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(stream)
            read = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran_order, dtype = read(stream)
    # The header is a Python literal, and numpy lets through what evaluating a broken one raises.
    except Exception:
        raise MatrixError(
            f"{where}: the .npy header is broken, write the file anew with numpy.save"
        ) from None
    if dtype.kind not in "fiu":
        raise MatrixError(f"{where}: holds {_one_line_dtype(dtype)}, save H as float32 or float64")
    _check_shape(shape, where)
    held = len(content) - stream.tell()
    count = math.prod(shape)
    if count * dtype.itemsize != held:
        raise MatrixError(
            f"{where}: declares {_shape_text(shape)} of {dtype} and holds {held} bytes of them,"
            f" they must agree: write the file anew"
        )
    array = np.frombuffer(content, dtype, count, stream.tell())
    array = array.reshape(shape, order="F" if fortran_order else "C")
    if len(shape) > 1 and not (math.prod(shape[:-2]) == 1 and _is_square(shape)):
        raise MatrixError(
            f"{where}: {_shape_text(shape)} is not square, save H as L x L or 1 x 1 x L x L"
        )
    with np.errstate(over="ignore"):  # a long double may be beyond float64: inf, and refused so
        return array.astype(np.float64)


def _one_line_dtype(dtype: np.dtype[Any]) -> str:
    """A dtype in a word: a structured one may be pages long."""
    return "records" if dtype.names is not None else str(dtype)


def _read_csv(content: bytes, where: str) -> Array:
    """Return the numbers of a text file of L lines with L numbers each."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MatrixError(f"{where}: not text, write L lines of L numbers") from None
    rows: list[list[float]] = []
    for number, cells in _csv_lines(text, where):
        if rows and len(cells) != len(rows[0]):
            raise MatrixError(
                f"{where}:{number}: {len(cells)} numbers, the first row has {len(rows[0])};"
                f" write L lines of L numbers"
            )
        rows.append([_csv_number(cell, not rows, f"{where}:{number}") for cell in cells])
    if not rows:
        raise MatrixError(f"{where}: no numbers, write L lines of L numbers")
    if len(rows) != len(rows[0]):
        raise MatrixError(
            f"{where}: {len(rows)} rows of {len(rows[0])} numbers are not square,"
            f" write L lines of L numbers"
        )
    return np.array(rows, dtype=np.float64)


def _csv_lines(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number, from 1, and its cells; empty lines are left out."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        line = line.strip()
        if not line:
            continue
        if "," in line and ";" in line:
            # 1,5;2,5 is two numbers to some and three to others.
            raise MatrixError(
                f"{where}:{number}: commas and semicolons in one line,"
                f" write 0.5 with a point and use one separator"
            )
        separator = "," if "," in line else ";" if ";" in line else None
        yield number, line.split(separator)


def _csv_number(cell: str, first_row: bool, where: str) -> float:
    """Return a cell's number."""
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return float(cell)
    shown = ascii(cell if len(cell) <= 40 else cell[:37] + "...")
    hint = "a header row must go" if first_row else "write L lines of L numbers"
    raise MatrixError(f"{where}: {shown} is not a number, {hint}")


def _pick_dataset(file: h5py.File, dataset: str | None, where: str) -> tuple[str, Array]:
    """Find the dataset that is H at the file's root and read it."""
    import h5py

    # Caffe looks datasets up at the root. A link may lead nowhere, or into another file, which is
    # not to be opened for having been named here.
    found = {
        name: file[name]
        for name in file
        if dataset in (None, name)
        and isinstance(file.get(name, getlink=True), h5py.HardLink)
        and file.get(name, getclass=True) is h5py.Dataset
    }
    if not found:
        wanted = "a dataset" if dataset is None else f"the dataset {dataset!a}"
        raise MatrixError(f"{where}: lacks {wanted}, at its root must be one of 1 x 1 x L x L")
    faults = {name: _dataset_fault(item) for name, item in found.items()}
    good = [name for name, fault in faults.items() if fault is None]
    if len(good) > 1:
        listed = ", ".join(_where(name) for name in good)
        raise MatrixError(f"{where}: each of {listed} could be H; give a file with one of them")
    if not good:
        # Of several, the one that is square was meant.
        name = min(found, key=lambda name: not _is_square(found[name].shape or ()))
        raise MatrixError(f"{where}: dataset {_where(name)} {faults[name]}")
    values: Array = found[good[0]][()].astype(np.float64)
    return good[0], values.reshape(values.shape[2:])


def _is_square(shape: tuple[int, ...]) -> bool:
    """Whether the last two axes are L x L."""
    return len(shape) > 1 and shape[-2] == shape[-1] > 0


def _dataset_fault(item: h5py.Dataset) -> str | None:
    """Say why a dataset cannot be H, or None."""
    shape: tuple[int, ...] = item.shape or ()
    if len(shape) == 2 and _is_square(shape):
        wanted = _shape_text((1, 1, *shape))
        return (
            f"is {_shape_text(shape)}, and HDF5Data takes the first axis as the batch:"
            f" store it as {wanted}"
        )
    if len(shape) != 4 or shape[:2] != (1, 1) or not _is_square(shape):
        return f"is {_shape_text(shape)}, it must be 1 x 1 x L x L"
    if item.dtype.kind != "f" or item.dtype.itemsize not in (4, 8):
        return f"holds {_one_line_dtype(item.dtype)}, it must be float32 or float64"
    if item.external or item.is_virtual:
        return "keeps its numbers in other files, they must be in this one"
    size = math.prod(shape) * item.dtype.itemsize
    held = item.id.get_storage_size()
    if item.id.get_create_plist().get_nfilters():
        held *= _HDF5_COMPRESSION
    if size > min(held, LARGEST_FILE):
        return f"declares {_shape_text(shape)}, more than it holds or than 1 GiB: write it anew"
    return None
