"""What is said of the H that a net names: of the wrong size, missing, unreadable, or doubtful."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_writers import write_hdf5, write_leveldb, write_lmdb
from mending import findings_of, mended
from numpy.typing import NDArray

import protofix
from caffe_proto import base_schema
from protofix.infogain.matrix.formats.binaryproto import write_binaryproto

Array = NDArray[np.float64]
Writer = Callable[[Path, Array], None]

FED = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 2 } } }
"""
FROM_BOTTOM = (
    'layer { name: "loss" type: "InfogainLoss" bottom: "x" bottom: "y" bottom: "H" top: "l" }'
)

# A net for each way to give H, and what writes it.
NETS = {
    "file": FED
    + 'layer { name: "loss" type: "InfogainLoss" bottom: "x" bottom: "y" top: "l"\n'
    + 'infogain_loss_param { source: "H" } }\n',
    "hdf5": FED
    + 'layer { name: "h" type: "HDF5Data" top: "H"\n'
    + f'hdf5_data_param {{ source: "H" batch_size: 1 }} }}\n{FROM_BOTTOM}\n',
    "lmdb": FED
    + 'layer { name: "h" type: "Data" top: "H"\n'
    + f'data_param {{ source: "H" batch_size: 1 backend: LMDB }} }}\n{FROM_BOTTOM}\n',
    "leveldb": FED
    + 'layer { name: "h" type: "Data" top: "H"\n'
    + f'data_param {{ source: "H" batch_size: 1 }} }}\n{FROM_BOTTOM}\n',
}


def record(values: Array) -> bytes:
    """H as one record of a database."""
    datum: Any = base_schema().message_class("Datum")(channels=1)
    datum.height, datum.width = values.shape
    datum.float_data.extend(values.ravel().tolist())
    serialized: bytes = datum.SerializeToString()
    return serialized


def _file(path: Path, values: Array) -> None:
    path.write_bytes(write_binaryproto(values, "float32"))


def _hdf5(path: Path, values: Array) -> None:
    write_hdf5(path.with_name("H.h5"), H=values.astype(np.float32).reshape(1, 1, *values.shape))
    path.write_text("H.h5\n")


WRITERS: dict[str, Writer] = {
    "file": _file,
    "hdf5": _hdf5,
    "lmdb": lambda path, values: write_lmdb(path, [record(values)]),
    "leveldb": lambda path, values: write_leveldb(path, [record(values)]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(text: str) -> list[str]:
    """All that is said of H, whichever rule says it."""
    return [
        f"{one.code} {one.message}"
        for one in protofix.check(text, "net.prototxt")
        if one.severity != "info" and one.code not in ("PF311", "PF321")
    ]


GOOD = np.array([[2.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.25, 3.0]])

# What H is, and what is said of it.
DOUBTS = {
    "fine": (GOOD, None),
    "the identity": (np.eye(3), None),
    "a row of zeros": (
        np.diag([1.0, 0.0, 1.0]),
        "row 1 (from 0) is all 0: nothing is learnt from labels of that class",
    ),
    "a negative number": (
        GOOD - np.diag([0, 2.0, 0]),
        "1 number is negative, first row 1, column 1 (from 0), -1: the loss falls as that class's "
        "probability goes to 0",
    ),
    "labels as columns": (
        np.array([[0.5, 0.25, 0.1], [0.25, 0.5, 0.1], [0.25, 0.25, 0.8]]),
        "looks transposed: the columns all sum to 1, the rows do not; the row is the label, the "
        "column the predicted class",
    ),
}


@pytest.mark.parametrize("way", NETS)
@pytest.mark.parametrize("title", DOUBTS, ids=lambda title: title.replace(" ", "-"))
def test_doubtful_matrices(way: str, title: str, folder: Path) -> None:
    values, doubt = DOUBTS[title]
    WRITERS[way](folder / "H", values)
    assert found(NETS[way]) == ([] if doubt is None else [f"PF502 H of `loss`: {doubt}"])


def test_a_weak_diagonal(folder: Path) -> None:
    values = GOOD.copy()
    values[1] = [1, 1, 1]
    _file(folder / "H", values)
    [said] = found(NETS["file"])
    assert said.startswith("PF502 H of `loss`: row 1 (from 0) has less on the diagonal than in the")


def test_numbers_that_float32_has_not(folder: Path) -> None:
    (folder / "H").write_bytes(write_binaryproto(np.diag([1, 1e-60, 1]), "float64"))
    [said] = found(NETS["file"])
    assert said.startswith("PF502 H of `loss`: Caffe computes with float32: 1 of 9 numbers")


@pytest.mark.parametrize("way", NETS)
def test_a_matrix_of_another_size_is_said_once(way: str, folder: Path) -> None:
    WRITERS[way](folder / "H", np.eye(4))
    [said] = found(NETS[way])
    assert "4 × 4" in said
    assert said.endswith("it must be 3 × 3")


LAYERS = {"hdf5": "HDF5Data", "lmdb": "Data", "leveldb": "Data"}
LOOKED = (
    "is neither here nor in the net's folder or one above: write it there, or name it as Caffe "
    "will find it"
)


@pytest.mark.parametrize("way", LAYERS)
def test_a_matrix_that_is_not_there(way: str, folder: Path) -> None:
    maker = f"{LAYERS[way]} `h` cannot make the H of `loss`"
    assert found(NETS[way]) == [f"PF503 {maker}: `H` {LOOKED}"]


def test_a_list_of_what_is_not_there(folder: Path) -> None:
    (folder / "H").write_text("elsewhere.h5\n")
    maker = "HDF5Data `h` cannot make the H of `loss`"
    assert found(NETS["hdf5"]) == [f"PF503 {maker}: `elsewhere.h5`, named by `H`, {LOOKED}"]


@pytest.mark.parametrize("way", NETS)
def test_a_matrix_that_cannot_be_read_is_said_once(way: str, folder: Path) -> None:
    if LAYERS.get(way) == "Data":
        (folder / "H").mkdir()
    else:
        (folder / "H").write_bytes(b"\xff\xff")
    [said] = found(NETS[way])
    code = {"file": "PF406", "hdf5": "PF503"}.get(way, "PF501")
    assert said.startswith(code)


def test_an_hdf5_file_that_is_none_is_said_once(folder: Path) -> None:
    (folder / "H").write_text("H.h5\n")
    (folder / "H.h5").write_bytes(b"junk")
    [said] = found(NETS["hdf5"])
    assert said.startswith("PF501 `h` cannot read `H.h5`, which is there: ")


def test_a_dataset_of_another_name_is_said_once(folder: Path) -> None:
    write_hdf5(folder / "H.h5", matrix=np.eye(3, dtype=np.float32).reshape(1, 1, 3, 3))
    (folder / "H").write_text("H.h5\n")
    assert found(NETS["hdf5"]) == [
        "PF305 `h` makes `H`, but `H.h5` has no such dataset: it has `matrix`"
    ]


@pytest.mark.parametrize("way", NETS)
def test_numbers_that_are_not_finite(way: str, folder: Path) -> None:
    WRITERS[way](folder / "H", np.diag([1.0, np.inf, 1.0]))
    [said] = found(NETS[way])
    assert said.startswith("PF406" if way == "file" else "PF503")
    assert said.endswith("row 1, column 1 (from 0) is inf, every number must be finite")


def test_a_database_of_several(folder: Path) -> None:
    write_lmdb(folder / "H", [record(np.eye(3)), record(np.eye(3))])
    [said] = found(NETS["lmdb"])
    assert said == (
        "PF503 Data `h` cannot make the H of `loss`: H: holds more than one record, a Data layer "
        "for H reads one"
    )


def test_whole_numbers_are_read_by_caffe(folder: Path) -> None:
    write_hdf5(folder / "H.h5", H=np.eye(3, dtype=np.int32).reshape(1, 1, 3, 3))
    (folder / "H").write_text("H.h5\n")
    assert found(NETS["hdf5"]) == []


def computed(param_str: str, loss: str = "") -> str:
    """A net whose H is computed from the labels."""
    return (
        f'{FED}layer {{ name: "h" type: "Python" bottom: "y" top: "H"\n'
        f'python_param {{ module: "compute_h" layer: "ComputeH" param_str: {param_str} }} }}\n'
        f"{FROM_BOTTOM.removesuffix('}')}{loss} }}\n"
    )


CLASSES = {
    """'{"classes": 3}'""": False,
    """'{"n_classes": 3}'""": False,
    """'{"n_classes": 4}'""": True,
    '''"{'n_classes': 4}"''': True,
    '"4"': False,
    '"{}"': False,
    """'{"classes": "4"}'""": False,
}


@pytest.mark.parametrize("param_str", CLASSES)
def test_classes_of_compute_h(param_str: str, folder: Path) -> None:
    said = [one.message for one in findings_of(computed(param_str), "PF504")]
    wrong = "`x` of `loss` has 3 classes, and `h` makes its H for another number: it must be 3"
    assert said == ([wrong] if CLASSES[param_str] else [])


IGNORING = "loss_param { ignore_label: 255 }"


def test_the_older_loss_counts_all_of_an_image_as_classes(folder: Path) -> None:
    text = computed("""'{"classes": 3}'""").replace("dim: 2 dim: 3", "dim: 2 dim: 3 dim: 5 dim: 1")
    assert not [one for one in protofix.check(text) if one.code == "PF504"]
    [found] = [one for one in protofix.check(text, target="legacy") if one.code == "PF504"]
    assert found.message.endswith("must be 15")


def test_losses_that_ignore_different_labels_of_one_compute_h(folder: Path) -> None:
    text = computed("""'{"classes": 3}'""", IGNORING)
    other = FROM_BOTTOM.replace('"loss"', '"other"').replace('"l"', '"m"')
    found = findings_of(text + other.replace("}", "loss_param { ignore_label: 0 } }"), "PF505")
    assert [one.message.split(" counts the label ")[1][:3] for one in found] == ["0, ", "255"]
    assert [one.fix for one in found] == [None, None]


# What ComputeH is told, and what it is to be told.
COUNTING = {
    """'{"classes": 3}'""": """'{"classes": 3, "ignore_label": 255}'""",
    """'{"n_classes": 3, "ignore_label": 0}'""": """'{"n_classes": 3, "ignore_label": 255}'""",
    # As the literal of a dict, which the ComputeH of the web evaluates.
    '''"{'n_classes': 3}"''': '''"{'n_classes': 3, 'ignore_label': 255}"''',
    '''"{'n_classes': 3, 'on': True}"''': (
        '''"{'n_classes': 3, 'on': True, 'ignore_label': 255}"'''
    ),
}


@pytest.mark.parametrize("param_str", COUNTING)
def test_a_label_that_compute_h_counts(param_str: str, folder: Path) -> None:
    before, after = computed(param_str, IGNORING), computed(COUNTING[param_str], IGNORING)
    assert mended(before, "PF505", safe=False) == after
    assert not findings_of(computed(param_str), "PF505")


def test_an_axis_along_the_batch_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _file(tmp_path / "H", np.eye(3))
    text = NETS["file"].replace('source: "H"', 'source: "H" axis: 0')
    assert [one.code for one in protofix.check(text) if one.code in ("PF306", "PF406")] == ["PF306"]
