"""Labels counted in arrays and databases, and over many files in several processes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_writers import datum, write_hdf5, write_leveldb, write_lmdb
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from protofix.data.bytes import UnreadableError
from protofix.data.counting import (
    Hdf5Labels,
    ImageFolderLabels,
    LabelSource,
    LevelDbLabels,
    LmdbLabels,
    NpyLabels,
    count_labels,
)
from protofix.data.label_rules import LabelFault, LabelRules
from protofix.data.processes import in_processes
from protofix.data.tally import count_items, count_maps


def counted(source: LabelSource, **how: Any) -> tuple[list[int], list[int], int, int]:
    """Counts, counts among the items where a class is, items, and how many were ignored."""
    found = count_labels(source, **how)
    return found.counts.tolist(), found.among.tolist(), found.items, found.ignored


def refused(source: LabelSource, **how: Any) -> str:
    with pytest.raises(ValueError) as error:
        count_labels(source, **how)
    return str(error.value)


MAPS = [[[0, 0, 1], [1, 1, 255]], [[2, 2, 2], [2, 2, 2]]]

# An array, how it is counted, and the counts, those among, items and ignored.
ARRAYS: dict[str, tuple[Any, dict[str, Any], tuple[list[int], list[int], int, int]]] = {
    "a label an item": ([0, 2, 2], {}, ([1, 0, 2], [1, 0, 2], 3, 0)),
    "in a column": ([[0], [2], [2]], {}, ([1, 0, 2], [1, 0, 2], 3, 0)),
    "one ignored": ([0, 7, 7], {"ignore_label": 7}, ([1], [1], 3, 2)),
    "-1 ignored": ([0, -1, 1], {"ignore_label": -1}, ([1, 1], [1, 1], 3, 1)),
    "of four classes": ([0, 1], {"classes": 4}, ([1, 1, 0, 0], [1, 1, 0, 0], 2, 0)),
    "with points": ([0.0, 3.0], {}, ([1, 0, 0, 1], [1, 0, 0, 1], 2, 0)),
    "maps": (MAPS, {"ignore_label": 255}, ([2, 3, 6], [5, 5, 6], 2, 1)),
}
KINDS = {"npy": ["int64", "int32", "uint16", "float32", "float64"], "hdf5": ["int64", "float32"]}


@pytest.mark.parametrize("kind", [f"{form} {dtype}" for form in KINDS for dtype in KINDS[form]])
@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case: str, kind: str, tmp_path: Path) -> None:
    values, how, expected = ARRAYS[case]
    form, dtype = kind.split()
    array = np.array(values)
    if dtype == "uint16" and array.min() < 0:
        array = array.clip(0) + 65535 * (array < 0)
        how = {"ignore_label": 65535}
    array = array.astype(dtype)
    if form == "npy":
        np.save(tmp_path / "a.npy", array)
        source: LabelSource = NpyLabels(tmp_path / "a.npy")
    else:
        # Maps of labels are N x 1 x H x W there.
        array = array[:, None] if array.ndim == 3 else array
        write_hdf5(tmp_path / "a.h5", label=array)
        source = Hdf5Labels((tmp_path / "a.h5",), "label")
    assert counted(source, **how) == expected


# An array, and what is said of the first number in it that is no label.
WRONG: dict[str, tuple[Any, dict[str, Any], str]] = {
    "negative": ([0, 1, -1], {}, "item 2 (from 0) has the label -1, and classes count from 0: "
                 "give it as the label to ignore if it marks what has no class"),
    "not whole": ([0, 1.5], {}, "item 1 (from 0) has the label 1.5, which is no class: "
                  "classes are whole numbers from 0"),
    "no number": ([0, float("nan")], {}, "item 1 (from 0) has the label nan, which is no class: "
                  "classes are whole numbers from 0"),
    "infinite": ([float("inf")], {}, "item 0 (from 0) has the label inf, which is no class: "
                 "classes are whole numbers from 0"),
    "beyond the classes": ([0, 3], {"classes": 3}, "item 1 (from 0) has the label 3, and 3 classes "
                           "end with label 2: give the number of classes, or the label to ignore"),
    "beyond all sense": ([1 << 40], {}, "item 0 (from 0) has the label 1,099,511,627,776, which is "
                         "beyond 1,048,576 classes"),
    "in a map": ([[[0, 0], [0, 9]]], {"classes": 2}, "item 0, row 1, column 1 (from 0) has the "
                 "label 9, and 2 classes end with label 1: give the number of classes, or the "
                 "label to ignore"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_label(case: str, tmp_path: Path) -> None:
    values, how, expected = WRONG[case]
    path = tmp_path / "a.npy"
    np.save(path, np.array(values))
    assert refused(NpyLabels(path), **how) == f"{path}: {expected}"


def test_one_hot_labels_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.eye(3)[[0, 2, 1, 1]])
    with pytest.raises(UnreadableError, match=r"one-hot labels as it seems: give the number"):
        count_labels(NpyLabels(tmp_path / "a.npy"))


def npy(header: str, content: bytes = b"") -> bytes:
    head = header.encode() + b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + content


DAMAGED = {
    "empty": (b"", "is no .npy file, or damaged: write it with numpy.save"),
    "text": (b"0,1,2\n", "is no .npy file, or damaged: write it with numpy.save"),
    "a call": (npy("{'descr': exit(), 'fortran_order': False, 'shape': (3,)}"),
               "is no .npy file, or damaged: write it with numpy.save"),
    "cut short": (npy("{'descr': '<i4', 'fortran_order': False, 'shape': (3,)}", bytes(11)),
                  "is cut short or damaged: write it anew with numpy.save"),
    "huge": (npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1 << 60,)}".replace(
        "1 << 60", str(1 << 60)), bytes(8)),
             "is cut short or damaged: write it anew with numpy.save"),
    "nothing": (npy("{'descr': '<i4', 'fortran_order': False, 'shape': (0,)}"), "holds no labels"),
    "pickled": (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"x"),
                "holds values of the kind object, where labels are whole numbers"),
    "texts": (npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", b"1\0\0\0"),
              "holds values of the kind <U1, where labels are whole numbers"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_npy_files(case: str, tmp_path: Path) -> None:
    content, expected = DAMAGED[case]
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    assert refused(NpyLabels(path)) == f"{path}: {expected}"


def test_an_array_in_fortran_order_and_one_number(tmp_path: Path) -> None:
    np.save(tmp_path / "f.npy", np.asfortranarray(np.array([[0, 1, 1], [2, 2, 2]])))
    np.save(tmp_path / "one.npy", np.array(2))
    assert counted(NpyLabels(tmp_path / "f.npy")) == ([1, 2, 3], [3, 3, 3], 2, 0)
    assert counted(NpyLabels(tmp_path / "one.npy")) == ([0, 0, 1], [0, 0, 1], 1, 0)


HDF5: dict[str, tuple[dict[str, Any], str]] = {
    "another name": ({"seg": [0]}, "has no dataset `label` of its own at its root, but `seg`"),
    "a map of colours": ({"label": np.zeros((2, 3, 4, 5))},
                         "is 2 x 3 x 4 x 5; maps of labels are N x 1 x H x W"),
    "truth values": ({"label": [True]}, "holds truth values or an enum, where labels are whole"),
    "texts": ({"label": "cat"}, "holds text or objects, where labels are whole numbers"),
    "nothing": ({"label": np.zeros((0, 1))}, "holds no labels for items"),
}  # fmt: skip


@pytest.mark.parametrize("case", HDF5)
def test_datasets_without_labels(case: str, tmp_path: Path) -> None:
    datasets, expected = HDF5[case]
    path = tmp_path / "a.h5"
    write_hdf5(path, **datasets)
    said = refused(Hdf5Labels((path,), "label"))
    assert said.startswith(str(path)) and expected in said


def test_a_dataset_that_declares_what_it_does_not_hold(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("label", (1 << 50,), "f4", chunks=(1 << 10,))
    said = refused(Hdf5Labels((tmp_path / "a.h5",), "label"))
    assert said.endswith("declares more labels than it holds: write it anew")


def test_a_file_that_is_no_hdf5(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    said = refused(Hdf5Labels((tmp_path / "a.h5",), "label"))
    assert said.startswith(f"{tmp_path / 'a.h5'}: cannot be read as HDF5: ") and "\n" not in said


@given(arrays.arrays(np.int16, arrays.array_shapes(min_dims=1, max_dims=3), elements=st.integers(
    0, 300)), st.none() | st.integers(0, 300))  # fmt: skip
def test_counts_are_those_of_counting_one_by_one(
    labels: np.ndarray[Any, Any], ignored: int | None
) -> None:
    rules = LabelRules(ignored)
    items = labels.reshape(len(labels), -1).tolist()
    kept = [[label for label in item if label != ignored] for item in items]
    size = 1 + max((label for item in kept for label in item), default=-1)
    found = count_items(labels, rules) if labels.ndim == 1 else count_maps(labels, rules)
    assert found.counts.tolist() == [sum(item.count(it) for item in kept) for it in range(size)]
    among = [sum(len(item) for item in kept if it in item) for it in range(size)]
    assert found.among.tolist() == among
    assert found.items == len(items)
    assert found.ignored == labels.size - sum(map(len, kept))


@given(arrays.arrays(np.float32, st.integers(1, 9), elements=st.floats(-2, 5, width=32)))
def test_what_is_said_to_be_wrong_is_the_first_that_is(labels: np.ndarray[Any, Any]) -> None:
    wrong = [it for it in labels.tolist() if it < 0 or it != int(it) or it >= 4]
    try:
        count_items(labels, LabelRules(None, 4))
        said = ""
    except LabelFault as fault:
        said = str(fault)
    assert bool(said) == bool(wrong)
    if wrong:
        assert said.startswith(f"item {labels.tolist().index(wrong[0])} (from 0) has the label ")


@pytest.mark.parametrize("backend", ["LMDB", "LEVELDB"])
def test_databases(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "db"
    records = [datum((1, 1, 4), label=label, data=bytes([0, 3, 3, 9])) for label in (1, 1, 2)]
    (write_lmdb if backend == "LMDB" else write_leveldb)(path, records)
    kind = LmdbLabels if backend == "LMDB" else LevelDbLabels
    assert counted(kind(path)) == ([0, 2, 1], [0, 2, 1], 3, 0)
    expected = [3, 0, 0, 6]
    assert counted(kind(path, maps=True), ignore_label=9) == (expected, [9, 0, 0, 9], 3, 3)
    assert counted(kind(path), classes=4)[0] == [0, 2, 1, 0]
    assert refused(kind(path), classes=2) == (
        f"{path}: record 00000002: has the label 2, and 2 classes end with label 1: "
        "give the number of classes, or the label to ignore"
    )
    ignoring = refused(kind(path, maps=True), classes=3, ignore_label=3)
    wrong = "has the label 9, and 3 classes end with label 2"
    assert ignoring.startswith(f"{path}: record 00000000: {wrong}")
    assert counted(kind(path, maps=True), classes=4, ignore_label=9)[0] == expected


def test_a_database_whose_records_have_no_label(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", [datum((1, 2, 2), data=bytes([0, 1, 1, 2]))] * 3)
    assert refused(LmdbLabels(tmp_path / "db")) == (
        f"{tmp_path / 'db'}: the label of each of its 3 records is 0: if their pixels are the "
        "labels, say so with --maps; else it holds no labels"
    )


# Many files.


def many_maps(folder: Path, count: int) -> ImageFolderLabels:
    np.save(folder / "00000.npy", np.array([[0, 1], [1, 2]]))
    for index in range(1, count):
        os.link(folder / "00000.npy", folder / f"{index:05}.npy")
    return ImageFolderLabels(folder)


def test_many_files_in_processes_count_as_in_one(tmp_path: Path) -> None:
    source = many_maps(tmp_path, 300)
    told: list[tuple[int, int | None]] = []
    found = counted(source, workers=2, advanced=lambda done, total: told.append((done, total)))
    assert found == ([300, 600, 300], [1200, 1200, 1200], 300, 0) == counted(source)
    assert told[-1] == (300, 300) and told == sorted(told)


def test_the_first_of_many_bad_files_is_named(tmp_path: Path) -> None:
    source = many_maps(tmp_path, 300)
    for index in (290, 77, 130):
        (tmp_path / f"{index:05}.npy").unlink()
        np.save(tmp_path / f"{index:05}.npy", np.array([[index, -1]]))
    expected = f"{tmp_path / '00077.npy'}: row 0, column 1 (from 0) has the label -1, and classes"
    assert refused(source, workers=2).startswith(expected)
    assert refused(source).startswith(expected)


def test_hdf5_files_together(tmp_path: Path) -> None:
    files = tuple(tmp_path / f"{index}.h5" for index in range(3))
    for index, path in enumerate(files):
        write_hdf5(path, label=np.full((5, 1), index, np.float32))
    assert counted(Hdf5Labels(files, "label")) == ([5, 5, 5], [5, 5, 5], 15, 0)
    write_hdf5(files[1], other=[1])
    assert refused(Hdf5Labels(files, "label")).startswith(f"{files[1]}: has no dataset `label`")


def end_at_three(task: int) -> int:
    if task == 3:
        os._exit(9)
    return task


def test_a_process_that_is_ended_from_outside() -> None:
    with pytest.raises(ValueError) as error:
        list(in_processes(end_at_three, range(9), 2))
    assert "was ended from outside" in str(error.value)


def test_only_few_tasks_are_taken_ahead() -> None:
    taken: list[int] = []

    def tasks() -> Any:
        for index in range(1000):
            taken.append(index)
            yield index

    results = in_processes(abs, tasks(), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    results.close()
    assert len(taken) < 20


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="holds no label images"):
        count_labels(ImageFolderLabels(tmp_path))
    with pytest.raises(OSError, match="is not there: name a folder of label images"):
        count_labels(ImageFolderLabels(tmp_path / "none"))
