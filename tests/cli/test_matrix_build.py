"""What `protofix matrix build` prints and writes, of which labels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data_writers import datum, write_hdf5, write_leveldb, write_lmdb
from shared_data import ROOT

from protofix.cli import main
from protofix.commands.matrix import build
from protofix.infogain.matrix.reading import read_matrix
from protofix.infogain.matrix.recipes import BETA, RECIPES, Absent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[int]:
    """The counts that the command says it made H of."""
    assert main(["matrix", "build", *arguments, "--format", "json", "--absent", "one"]) == 0
    return [row["count"] for row in json.loads(capsys.readouterr().out)["rows"]]


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that the command says of why it made nothing."""
    assert main(["matrix", "build", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("protofix: ") and err.count("\n") == 1
    return err.removeprefix("protofix: ").rstrip("\n")


def test_without_an_output_it_shows_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["matrix", "build", "--counts", "900,90,10"]) == 0
    assert (
        capsys.readouterr().out
        == """\
class  labels   share  diagonal  of loss
    0     900  90.0 %    0.3704   33.3 %
    1      90   9.0 %     3.704   33.3 %
    2      10   1.0 %     33.33   33.3 %

recipe        balanced: total / (L n_i)
matrix        L = 3 classes, binaryproto, 1×1×3×3 float32
numbers       0 to 33.33, diagonal
trace         37.41
mean weight   1 of a label: the loss is as large as without H
ratio         90 from the lightest class to the heaviest
labels        1,000
nothing was written; -o OUT writes H
"""
    )
    assert list(folder.iterdir()) == []


# What is written, and the form that it is read as.
FORMS = {
    "H.binaryproto": "binaryproto",
    "H.npy": "npy",
    "H.csv": "csv",
    "H.h5": "hdf5",
    "H_lmdb": "lmdb",
    "H_leveldb": "leveldb",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_holds_the_same_numbers(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(
        {"hdf5": "h5py", "lmdb": "lmdb", "leveldb": "plyvel"}.get(FORMS[name], "os")
    )
    arguments = ["matrix", "build", "--counts", "900,90,10", "-o", name]
    assert main(arguments) == 0
    assert "\nwrote H" in capsys.readouterr().out
    matrix = read_matrix(name)
    exact = np.diag([1000 / 2700, 1000 / 270, 1000 / 30]).astype(np.float32)
    assert matrix.format == FORMS[name]
    assert matrix.values.tolist() == exact.tolist()


def test_numbers_in_double(folder: Path) -> None:
    arguments = ["matrix", "build", "--counts", "2,1", "--dtype", "double", "-o", "H.npy"]
    assert main(arguments) == 0
    assert np.load("H.npy").tolist() == [[0.75, 0], [0, 1.5]]
    assert np.load("H.npy").dtype == np.float64


def test_what_is_there_is_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("H.npy").write_bytes(b"mine")
    arguments = ("--counts", "2,1", "-o", "H.npy")
    assert said(capsys, *arguments) == (
        "H.npy: is there already with another content; --force replaces it"
    )
    assert Path("H.npy").read_bytes() == b"mine"
    assert main(["matrix", "build", *arguments, "--force"]) == 0
    assert "wrote H.npy" in capsys.readouterr().out
    assert main(["matrix", "build", *arguments]) == 0
    assert "H.npy is there already as it is to be" in capsys.readouterr().out


def test_weights_are_the_diagonal(folder: Path) -> None:
    assert main(["matrix", "build", "--weights", "0.25,1,5", "-o", "H.csv"]) == 0
    assert read_matrix("H.csv").values.tolist() == np.diag([0.25, 1, 5]).tolist()


def test_costs_and_a_tree_make_rows_of_soft_labels(folder: Path) -> None:
    Path("costs.csv").write_text("0,1,2\n1,0,2\n2,2,0\n")
    Path("tree.txt").write_text("near\n a 0\n b 1\nfar\n c 2\n")
    for option, path in (("--costs", "costs.csv"), ("--tree", "tree.txt")):
        arguments = ["--counts", "4,2,2", option, path, "--sharpness", "3", "-o", f"{path}.npy"]
        assert main(["matrix", "build", *arguments]) == 0
        matrix = np.load(f"{path}.npy")
        assert matrix.sum(axis=1) == pytest.approx([8 / 12, 8 / 6, 8 / 6])
        assert matrix[0, 0] > matrix[0, 1] > matrix[0, 2] > 0
    assert np.load("costs.csv.npy") == pytest.approx(np.load("tree.txt.npy"))


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(recipe: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["matrix", "build", "--counts", "9,1", "--recipe", recipe, "-o", "H.npy"]) == 0
    assert f"recipe        {recipe}: " in capsys.readouterr().out
    assert Path("H.npy").exists()


def test_the_names_in_the_help_are_those_that_there_are() -> None:
    assert tuple(RECIPES) == build._RECIPES
    assert [it.value for it in Absent] == list(build._ABSENT)
    assert BETA == 0.9999


def test_labels_where_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("list.txt").write_text("a.jpg 0\nb.jpg 2\n")
    Path("t.csv").write_text("class,file\n0,a\n2,b\n2,c\n")
    np.save("l.npy", [0, 1, 1, 9])
    Path("maps").mkdir()
    np.save("maps/m.npy", [[0, 1], [1, 1]])
    assert made(capsys, "--list", "list.txt") == [1, 0, 1]
    assert made(capsys, "--csv", "t.csv:class") == [1, 0, 2]
    assert made(capsys, "--csv", "t.csv:0") == [1, 0, 2]
    assert made(capsys, "--npy", "l.npy", "--ignore-label", "9") == [1, 2]
    assert made(capsys, "--images", "maps", "--classes", "3") == [1, 3, 0]
    assert made(capsys, "--counts", "5,0", "--classes", "3") == [5, 0, 0]


def test_hdf5_files_and_lists(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("sub").mkdir()
    write_hdf5(folder / "sub" / "a.h5", label=np.array([0, 1], "f4"))
    write_hdf5(folder / "b.h5", label=np.array([[1], [1]], "f4"))
    # Names are looked for from here, and from the folder of the list.
    Path("sub/list.txt").write_text("a.h5\nb.h5\n")
    assert made(capsys, "--hdf5", "b.h5:label") == [0, 2]
    assert made(capsys, "--hdf5", "sub/list.txt:label") == [1, 3]
    Path("other.txt").write_text("none.h5\n")
    assert said(capsys, "--hdf5", "other.txt:label") == (
        "other.txt: names none.h5, which is not there"
    )
    assert said(capsys, "--hdf5", "b.h5") == "--hdf5 b.h5: name the dataset too, FILE:DATASET"


DATA = 'layer { name: "data" type: "%s" top: "data" top: "label" %s } '
SCORES = (
    'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" '
    "inner_product_param { num_output: 4 } } "
)
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" %s } '
TRAIN_LMDB = 'data_param { source: "db" batch_size: 2 backend: LMDB } include { phase: TRAIN }'
TEST_LIST = 'image_data_param { source: "list.txt" batch_size: 2 } include { phase: TEST }'

NETS: dict[str, tuple[str, list[str], list[int]]] = {
    "Data": (DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "", [], [0, 2, 1, 0]),
    "the state of TRAIN alone": (
        DATA % ("Data", TRAIN_LMDB) + DATA % ("ImageData", TEST_LIST) + SCORES + LOSS % "",
        [], [0, 2, 1, 0],
    ),
    "ImageData, asked for TEST": (
        DATA % ("Data", TRAIN_LMDB) + DATA % ("ImageData", TEST_LIST) + SCORES + LOSS % "",
        ["--phase", "TEST"], [1, 0, 0, 1],
    ),
    "what the loss ignores": (
        DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "loss_param { ignore_label: 1 }",
        [], [0, 0, 1, 0],
    ),
    "what is asked to be ignored": (
        DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "loss_param { ignore_label: 1 }",
        ["--ignore-label", "2"], [0, 2, 0, 0],
    ),
    "maps in a database": (
        'layer { name: "maps" type: "Data" top: "label" data_param { source: "db" backend: LMDB } }'
        'layer { name: "in" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 } } }'
        'layer { name: "s" type: "Split" bottom: "label" top: "a" top: "b" }'
        + SCORES + (LOSS % "").replace('"label"', '"b"'),
        [], [3, 6, 0, 3],
    ),
    "HDF5Data": (
        DATA % ("HDF5Data", 'hdf5_data_param { source: "h5.txt" batch_size: 1 }')
        + SCORES + LOSS % "",
        [], [1, 2, 0, 0],
    ),
    "two losses of the same labels": (
        DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % ""
        + (LOSS % "").replace('"loss"', '"loss2"'),
        [], [0, 2, 1, 0],
    ),
    "V1": (
        'layers { name: "data" type: DATA top: "data" top: "label" '
        'data_param { source: "db" batch_size: 2 backend: LMDB } } '
        'layers { name: "fc" type: INNER_PRODUCT bottom: "data" top: "fc" '
        "inner_product_param { num_output: 4 } } "
        'layers { name: "loss" type: SOFTMAX_LOSS bottom: "fc" bottom: "label" top: "loss" }',
        [], [0, 2, 1, 0],
    ),
}  # fmt: skip


def write_data(folder: Path) -> None:
    """What the nets read: a database, a list of images, HDF5 files."""
    pixels = bytes([0, 1, 1, 3])
    write_lmdb(folder / "db", [datum((1, 2, 2), label=label, data=pixels) for label in (1, 1, 2)])
    Path("list.txt").write_text("a.jpg 0\nb.jpg 3\n")
    write_hdf5(folder / "a.h5", label=np.array([0, 1, 1], "f4"), data=np.zeros((3, 2), np.float32))
    Path("h5.txt").write_text("a.h5\n")


@pytest.mark.parametrize("case", NETS)
def test_labels_of_a_net(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net, options, expected = NETS[case]
    write_data(folder)
    Path("net.prototxt").write_text(net)
    assert made(capsys, "--from-net", "net.prototxt", *options) == expected


def test_what_is_said_of_a_net(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_data(folder)
    Path("net.prototxt").write_text(NETS["what the loss ignores"][0])
    assert main(["matrix", "build", "--from-net", "net.prototxt", "--absent", "zero"]) == 0
    assert (
        "counted       `loss` learns from `data`, which reads db\n"
        "              2 labels are 1 and left out, as `loss` ignores it\n"
    ) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("listed", "more"),
    [("a.h5", ""), ("a.h5 a.h5", " and 1 more file"), ("a.h5 a.h5 a.h5", " and 2 more files")],
)
def test_how_many_files_a_net_reads(
    listed: str, more: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(folder)
    Path("h5.txt").write_text(listed)
    Path("net.prototxt").write_text(NETS["HDF5Data"][0])
    assert main(["matrix", "build", "--from-net", "net.prototxt", "--absent", "zero"]) == 0
    said = "`loss` learns from `data`, which reads dataset label of a.h5"
    # A line is folded to the terminal.
    told = " ".join(capsys.readouterr().out.split())
    assert f"{said}{more} " in f"{told} "
    assert told.count("more file") == bool(more)


GIVE = "give --lmdb, --leveldb, --hdf5, --list, --csv, --npy, --images or --counts instead"
REFUSED_NETS: dict[str, tuple[str, list[str], str]] = {
    "no loss": (SCORES, [], "has no loss of classes (InfogainLoss, SoftmaxWithLoss) in TRAIN; "),
    "no such loss": (DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "", ["--loss", "los"],
                     "has no loss `los` in TRAIN, but `loss`"),
    "other labels": (
        DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "" + (LOSS % "loss_param { ignore_label: 1 }")
        .replace('"loss"', '"loss2"'), [],
        "loss and loss2 do not learn from the same labels and classes: name one with --loss"),
    "a net's input": ('input: "label" input: "data"' + SCORES + LOSS % "", [],
                      f"`label`, the labels of `loss`, is an input of the net: {GIVE}"),
    "another layer's": (
        DATA % ("Python", "") + SCORES + LOSS % "", [],
        f"the labels of `loss` come from Python `data`, which is not read here: {GIVE}"),
    "made of others": (
        DATA % ("Data", TRAIN_LMDB) + SCORES
        + 'layer { name: "p" type: "Power" bottom: "label" top: "label" }' + LOSS % "", [],
        "the labels of `loss` are made by Power `p` and are not those of a file: "),
    "not there": (
        DATA % ("Data", TRAIN_LMDB.replace("db", "x/none")) + SCORES + LOSS % "", [],
        "whose source x/none is not there, neither from here nor from the net's folder: "),
    "other classes": (DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "", ["--classes", "5"],
                      "--classes 5, but `loss` of net.prototxt has 4 classes"),
    "broken": ("layer {", [], "net.prototxt:1:8: expected `}`"),
    "a solver": ('net: "net.prototxt" base_lr: 1', [],
                 "net.prototxt: is a solver: give the net it names"),
    "in a stage alone": (
        DATA % ("Data", TRAIN_LMDB.replace("TRAIN }", 'TRAIN stage: "a" }'))
        + SCORES + LOSS % "", [],
        "nothing makes `label`, the labels of `loss`, in TRAIN: --stage a names a state that does"),
    "a class that the loss ignores": (
        DATA % ("Data", TRAIN_LMDB) + SCORES + LOSS % "loss_param { ignore_label: 1 }", [],
        "are 1, the one ignored: --absent zero is meant"),
    "labels beyond the net": (
        DATA % ("Data", TRAIN_LMDB) + SCORES.replace("4", "2") + LOSS % "", [],
        "label 2, and 2 classes end with label 1: "),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_NETS)
def test_nets_whose_labels_cannot_be_counted(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, options, expected = REFUSED_NETS[case]
    write_data(folder)
    Path("net.prototxt").write_text(net)
    assert expected in said(capsys, "--from-net", "net.prototxt", *options)


REFUSED = {
    "--counts 1,x": "--counts 1,x: give whole numbers between commas: 900,90,10",
    "--counts 1,0": "class 1 (of 2) never occurs: say what absent classes weigh, zero, one, or "
    "clamp (as though each occurred once) (--absent)",
    "--counts 0,0": "there are no labels to weigh classes by: what was counted is empty",
    "--counts 1,2,3 --classes 2": "--counts: 3 numbers for --classes 2",
    "--counts 5,4,3,0,0,0,0,7": "classes 3, 4, 5, 6 (of 8) never occur: say what absent classes "
    "weigh, zero, one, or clamp (as though each occurred once) (--absent); is 7, far above the "
    "others, the label to ignore: --ignore-label?",
    "--weights 1,-2": "--weights 1,-2: give numbers from 0 between commas: 0.2,1,5",
    "--weights 1,nan": "--weights 1,nan: give numbers from 0 between commas: 0.2,1,5",
    "--weights 1,2 --classes 3": "--weights: 2 numbers for --classes 3",
    "--weights 1,1e39 -o H.npy": "H in float32: row 1, column 1 (from 0) is inf, every number "
    "must be finite",
    "--weights 1,2 --recipe log": "--recipe makes weights of counts: give --counts, or --weights "
    "alone",
    "--counts 1,2 --beta 0.9": "--beta goes with --recipe effective-number",
    "--counts 1,2 --sharpness 2": "--sharpness goes with --costs or --tree",
    "--counts 1,2 --maps": "--maps goes with --lmdb or --leveldb; the other sources tell by shape",
    "--counts 1,2 --ignore-label 1": "--ignore-label goes with labels that are to be counted",
    "--counts 1,2 --loss x": "--loss goes with --from-net",
    "--counts 1,2 --phase TEST": "--phase goes with --from-net",
    "--counts 1,2 --to npy": "--to goes with -o OUT",
    "--counts 1,2 -o -": "-o -: H goes to a file or a folder: name one",
    "--counts 1,2 --costs three.csv": "three.csv: 3 classes, but the labels have 2: they must be "
    "the same (--classes says how many)",
    "--list list.txt -o list.txt --to npy": "-o list.txt: that is what H is to be made of; name "
    "another file",
    "--list none.txt": "none.txt: cannot be read: No such file or directory",
    "--npy .": ".: is a folder; give a file in it",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_cannot_be_made(
    arguments: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("list.txt").write_text("a.jpg 0\n")
    Path("three.csv").write_text("0,1,1\n1,0,1\n1,1,0\n")
    before = sorted(folder.iterdir())
    assert said(capsys, *arguments.split()) == REFUSED[arguments]
    assert sorted(folder.iterdir()) == before


def test_a_leveldb(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_leveldb(folder / "db", [datum((1, 2, 2), label=label) for label in (0, 1, 1)])
    assert made(capsys, "--leveldb", "db") == [1, 2]
    assert said(capsys, "--lmdb", "db").startswith("db: is a LevelDB, ")
    assert said(capsys, "--leveldb", "none").startswith("none: is not there: ")


def _wait_for_processes_of(pid: int) -> None:
    """Wait until a process has started others, where the system tells that; else a while."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        time.sleep(3)
        return
    end = time.monotonic() + 60
    while len(children.read_text().split()) < 2 and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs the process groups of POSIX")
@pytest.mark.parametrize("delay", [0.0, 0.05, 0.6])
def test_ctrl_c_ends_it_at_once_with_nothing_written(delay: float, folder: Path) -> None:
    maps = folder / "maps"
    maps.mkdir()
    np.save(maps / "0.npy", np.random.default_rng(0).integers(0, 200, (1000, 1000), np.uint8))
    for index in range(1, 20_000):
        os.link(maps / "0.npy", maps / f"{index}.npy")
    command = [
        sys.executable,
        "-m",
        "protofix",
        "matrix",
        "build",
        "--images",
        "maps",
        "-o",
        "H.npy",
    ]
    run = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    _wait_for_processes_of(run.pid)
    time.sleep(delay)
    started = time.monotonic()
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out, err) == (130, "", "protofix: interrupted\n")
    assert time.monotonic() - started < 10
    assert sorted(path.name for path in folder.iterdir()) == ["maps"]
