"""What `protofix upgrade` prints and writes, and where."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from shared_data import ROOT

from caffe_proto import base_schema
from protofix.cli import main

CASE = ROOT / "fixtures" / "upgrade" / "v1_rates_and_names"
BEFORE = (CASE / "before.prototxt").read_text()
AFTER = (CASE / "after.prototxt").read_text()
MIXED = (ROOT / "fixtures" / "upgrade" / "mixed" / "before.prototxt").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.prototxt").write_text(BEFORE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def v1_weights(path: Path, width: int = 4) -> None:
    """Weights in the V1 format for the net of `fixtures/fuse/v1`."""
    net: Any = base_schema().message_class("NetParameter")()
    text_format.Parse((ROOT / "fixtures" / "fuse" / "v1" / "before.prototxt").read_text(), net)
    layer = next(layer for layer in net.layers if layer.name == "ip2")
    layer.blobs.add(num=1, channels=1, height=3, width=width, data=[0.5] * 3 * width)
    layer.blobs.add(num=1, channels=1, height=1, width=3, data=[0.25] * 3)
    path.write_bytes(net.SerializeToString())


def test_without_an_output_it_shows_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["upgrade", "net.prototxt"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("--- a/net.prototxt\n+++ b/net.prototxt\n")
    assert "net.prototxt: upgraded V1 layers" in out
    assert out.endswith("nothing was written; -o OUT or --in-place writes it\n")
    assert (folder / "net.prototxt").read_text() == BEFORE


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_the_diff_is_one_that_patch_takes(folder: Path) -> None:
    command = [sys.executable, "-m", "protofix", "upgrade", "net.prototxt", "--diff"]
    run = subprocess.run(command, capture_output=True, check=True)
    subprocess.run(["patch", "-p1"], input=run.stdout, check=True, capture_output=True)
    assert (folder / "net.prototxt").read_text() == AFTER


def test_standard_input_to_standard_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))
    assert main(["upgrade", "-", "-o", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == AFTER.encode()
    assert err.startswith(b"<stdin>: upgraded V1 layers")


def test_many_files_in_place_and_one_that_cannot_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "mixed.prototxt").write_text(MIXED)
    (folder / "more" / "today.prototxt").write_text(AFTER)
    (folder / "more" / "labels.prototxt").write_text('item { name: "cat" label: 1 }\n')
    assert main(["upgrade", "--in-place", "net.prototxt", "more"]) == 2
    out, err = capsys.readouterr()
    assert "wrote net.prototxt\n" in out
    assert "more/today.prototxt: nothing to upgrade\n" in out
    assert "more/labels.prototxt: nothing to upgrade\n" in out
    assert err == (
        "protofix: more/mixed.prototxt:3:1: mixes 2 `layers` (`conv` (line 2), `loss` (line 4)) "
        "with 1 `layer` (`relu` (line 3)), which Caffe refuses; --unsafe makes it whole\n"
    )
    assert (folder / "net.prototxt").read_text() == AFTER
    assert (folder / "more" / "mixed.prototxt").read_text() == MIXED


def test_one_output_is_for_one_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("net.prototxt", "other.prototxt")
    assert main(["upgrade", "net.prototxt", "other.prototxt", "-o", "out.prototxt"]) == 2
    assert "-o takes one FILE, not 2 files" in capsys.readouterr().err
    assert not (folder / "out.prototxt").exists()


def test_one_output_is_not_for_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", ".", "-o", "out.prototxt"]) == 2
    assert "-o takes one FILE, not a folder" in capsys.readouterr().err


def test_a_folder_without_nets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert main(["upgrade", "empty"]) == 2
    said = "protofix: empty: there is no *.prototxt in this folder"
    assert capsys.readouterr().err == f"{said}\n"
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("*.prototxt\n")
    (folder / "empty" / "net.prototxt").write_text("name: 'x'\n")
    assert main(["upgrade", "net.prototxt", "empty"]) == 2
    left = "but 1 that .gitignore leaves out: name the files"
    assert capsys.readouterr().err == f"{said} {left}\n"


def test_a_failed_file_has_a_record_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", "missing.prototxt", "--format", "json"]) == 2
    [record] = json.loads(capsys.readouterr().out)
    assert record["file"] == "missing.prototxt"
    assert record["error"].startswith("missing.prototxt: cannot be read")


def test_a_folder_that_cannot_be_read_has_a_record_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def walk(top: str, onerror: Callable[[OSError], None]) -> Iterator[Any]:
        onerror(OSError(5, "Input/output error", top))
        return iter(())

    (folder / "lost").mkdir()
    monkeypatch.setattr("os.walk", walk)
    assert main(["upgrade", "lost", "net.prototxt", "--format", "json"]) == 2
    lost, net = json.loads(capsys.readouterr().out)
    assert lost == {"file": "lost", "error": "lost: cannot be read: Input/output error"}
    assert net["file"] == "net.prototxt" and "error" not in net


def test_comments_in_latin_1_are_text(folder: Path) -> None:
    (folder / "net.prototxt").write_bytes(b"# caf\xe9\nlayers { type: RELU }\n")
    assert main(["upgrade", "net.prototxt", "--in-place"]) == 0
    assert (folder / "net.prototxt").read_bytes() == b'# caf\xe9\nlayer { type: "ReLU" }\n'


def test_one_step_alone(folder: Path) -> None:
    (folder / "net.prototxt").write_text(
        'input: "a"\ninput_shape { dim: 1 }\nlayers { type: 18 bottom: "a" }\n'
    )
    assert main(["upgrade", "net.prototxt", "--in-place", "--step", "v1"]) == 0
    assert (folder / "net.prototxt").read_text() == (
        'input: "a"\ninput_shape { dim: 1 }\nlayer { type: "ReLU" bottom: "a" }\n'
    )


def test_a_chosen_step_is_taken_even_where_the_fork_cannot_read_it(folder: Path) -> None:
    case = ROOT / "fixtures" / "upgrade" / "inputs_of_a_fork"
    shutil.copy(case / "before.prototxt", folder / "net.prototxt")
    assert main(["upgrade", "net.prototxt", "--in-place", "--step", "input"]) == 0
    assert 'type: "Input"' in (folder / "net.prototxt").read_text()


def test_v1_waits_for_the_data_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'layers { type: DATA top: "d" data_param { scale: 0.1 } }\n'
    (folder / "net.prototxt").write_text(text)
    assert main(["upgrade", "net.prototxt", "--in-place", "--step", "v1"]) == 1
    assert "take the step data first" in capsys.readouterr().out
    assert (folder / "net.prototxt").read_text() == text


def test_inputs_wait_for_the_layers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'input: "a"\ninput_shape { dim: 1 }\nlayers { type: RELU bottom: "a" }\n'
    (folder / "net.prototxt").write_text(text)
    assert main(["upgrade", "net.prototxt", "--in-place", "--step", "input"]) == 1
    assert "only when all layers are of it" in capsys.readouterr().out
    assert (folder / "net.prototxt").read_text() == text


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").write_text("layers { type: POOLIN }\nlayers { type: RELU }\n")
    assert main(["upgrade", "net.prototxt", "--format", "json", "-o", "new.prototxt"]) == 1
    [record] = json.loads(capsys.readouterr().out)
    said = "`POOLIN`, the type of a layer without a name, is none of the V1 format"
    assert record["notes"] == [
        {
            "line": 1,
            "column": 10,
            "message": f"{said}: left as it is; did you mean POOLING?",
            "left": True,
        }
    ]
    assert record["steps"] == ["v1"]
    assert (record["changed"], record["complete"]) == (True, False)
    assert record["written"] == "new.prototxt"


def test_what_a_fork_wrote_stays_as_it_is(folder: Path) -> None:
    fork = 'my_param { odd:3 name :"x" }   warp_size  : 4'
    (folder / "net.prototxt").write_text(f'layers {{ type: "MyWarp" {fork} blobs_lr: 1 }}\n')
    assert main(["upgrade", "net.prototxt", "--in-place"]) == 0
    assert (folder / "net.prototxt").read_text() == (
        f'layer {{ type: "MyWarp" {fork} param {{ lr_mult: 1 }} }}\n'
    )


def test_weights(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    v1_weights(folder / "old.caffemodel")
    assert main(["upgrade", "old.caffemodel", "-o", "new.caffemodel"]) == 0
    assert capsys.readouterr().out == (
        "old.caffemodel: upgraded V1 layers (`layers { type: RELU }`)\nwrote new.caffemodel\n"
    )
    net: Any = base_schema().message_class("NetParameter")()
    net.MergeFromString((folder / "new.caffemodel").read_bytes())
    assert [(layer.name, layer.type) for layer in net.layer] == [
        ("data", "Data"),
        ("ip2", "InnerProduct"),
        ("prob", "Softmax"),
        ("loss", "InfogainLoss"),
    ]
    assert list(net.layer[1].blobs[0].data) == [0.5] * 12
    before = (folder / "new.caffemodel").read_bytes()
    assert main(["upgrade", "new.caffemodel", "--in-place"]) == 0
    assert capsys.readouterr().out == "new.caffemodel: nothing to upgrade\n"
    assert (folder / "new.caffemodel").read_bytes() == before


def test_weights_are_only_looked_at_without_an_output(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    v1_weights(folder / "old.caffemodel")
    assert main(["upgrade", "old.caffemodel", "--format", "json"]) == 0
    [record] = json.loads(capsys.readouterr().out)
    assert (record["steps"], record["changed"], record["written"]) == (["v1"], True, None)
    assert sorted(path.name for path in folder.iterdir()) == ["net.prototxt", "old.caffemodel"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cut.caffemodel", "-o", "new.caffemodel"], "cut.caffemodel: offset "),
        (["H.h5", "-o", "new.caffemodel"], "H.h5: offset 0: is HDF5 (.caffemodel.h5)"),
        (["old.caffemodel", "-o", "-"], "old.caffemodel: is binary; weights are written to a file"),
    ],
    ids=["cut", "hdf5", "stdout"],
)
def test_weights_that_are_refused(
    folder: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    v1_weights(folder / "old.caffemodel")
    (folder / "cut.caffemodel").write_bytes((folder / "old.caffemodel").read_bytes()[:-9])
    shutil.copy(ROOT / "fixtures" / "H.h5", folder)
    assert main(["upgrade", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert err.startswith(f"protofix: {said}")
    assert not (folder / "new.caffemodel").exists()


@pytest.fixture
def legacy(folder: Path) -> Path:
    """A V1 net with a chain, its H, and weights for it."""
    shutil.copy(ROOT / "fixtures" / "fuse" / "v1" / "before.prototxt", folder / "v1.prototxt")
    shutil.copy(ROOT / "fixtures" / "H.binaryproto", folder)
    v1_weights(folder / "v1.caffemodel")
    return folder


def test_migrate_says_that_weights_match(legacy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = (legacy / "v1.prototxt").read_text()
    (legacy / "v1.prototxt").write_text(
        net.replace("type: DATA", "type: DUMMY_DATA").replace(
            'data_param {\n    source: "train_leveldb"\n    batch_size: 50',
            "dummy_data_param {\n    shape { dim: 2 dim: 4 }\n    shape { dim: 2 }",
        )
    )
    command = ["migrate", "v1.prototxt", "-o", "new.prototxt", "--weights", "v1.caffemodel"]
    assert main(command) == 0
    assert "weights v1.caffemodel: 1 layer of the net match\n" in capsys.readouterr().out


def test_migrate_says_how_far_the_net_tells(
    legacy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["migrate", "v1.prototxt", "-o", "new.prototxt", "--weights", "v1.caffemodel"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "0 layers of the net match, 1 layer as far as the net tells\n" in out
    assert "3 x ? in the net, 1 x 1 x 3 x 4 in the weights" in out


def test_migrate_says_that_weights_do_not_match(
    legacy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = (legacy / "v1.prototxt").read_text()
    (legacy / "v1.prototxt").write_text(net.replace("num_output: 3", "num_output: 4"))
    command = ["migrate", "v1.prototxt", "--weights", "v1.caffemodel", "--format", "json"]
    (legacy / "H.binaryproto").unlink()  # It is for three classes.
    assert main(command) == 1
    record = json.loads(capsys.readouterr().out)
    assert not record["weights"]["loads"]
    found = record["weights"]["mismatches"]
    assert {(one["layer"], one["kind"]) for one in found} == {("ip2", "shape")}
    assert not any("\n" in one["message"] for one in found)


def test_migrate_can_keep_the_old_format(legacy: Path) -> None:
    assert main(["migrate", "v1.prototxt", "-o", "new.prototxt", "--no-upgrade"]) == 0
    text = (legacy / "new.prototxt").read_text()
    assert 'type: INFOGAIN_LOSS\n  bottom: "ip2"' in text
    assert "SOFTMAX" not in text


def test_migrate_leaves_the_format_of_a_net_it_does_not_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", "net.prototxt", "--in-place"]) == 0
    assert "protofix upgrade brings it to today's" in capsys.readouterr().out
    assert (folder / "net.prototxt").read_text() == BEFORE


def test_a_carriage_return_ends_no_comment(folder: Path) -> None:
    (folder / "net.prototxt").write_bytes(b"layers { type: RELU\n  blobs_lr: 1 # a\rb\n}\n")
    assert main(["upgrade", "net.prototxt", "--in-place"]) == 0
    assert (folder / "net.prototxt").read_bytes() == (
        b'layer { type: "ReLU"\n  param { lr_mult: 1 }  # a\rb\n}\n'
    )
