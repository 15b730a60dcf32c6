"""What `protofix inject` prints and writes, and where."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from data_writers import datum, write_lmdb
from shared_data import ROOT

from protofix.cli import main
from protofix.files import FileError, write_atomically

CASE = ROOT / "fixtures" / "inject" / "source"
BEFORE = (CASE / "before.prototxt").read_text()
AFTER = (CASE / "after.prototxt").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(CASE / "before.prototxt", tmp_path / "net.prototxt")
    shutil.copy(ROOT / "fixtures" / "H.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_an_output_it_shows_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inject", "net.prototxt", "--source", "H.csv"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("--- a/net.prototxt\n+++ b/net.prototxt\n")
    assert "SoftmaxWithLoss `loss` becomes an InfogainLoss" in out
    assert out.endswith("--in-place writes the net, H.binaryproto\n")
    assert sorted(path.name for path in folder.iterdir()) == ["H.csv", "net.prototxt"]
    assert (folder / "net.prototxt").read_text() == BEFORE


def test_the_result_on_standard_output(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["inject", "net.prototxt", "--source", "H.csv", "-o", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == AFTER.encode()
    assert b"becomes an InfogainLoss" in err


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))
    assert main(["inject", "-", "--source", "H.csv", "-o", "new.prototxt"]) == 0
    assert (folder / "new.prototxt").read_text() == AFTER


def test_in_place_and_back(folder: Path) -> None:
    net = folder / "net.prototxt"
    assert main(["inject", "net.prototxt", "--source", "H.csv", "--in-place"]) == 0
    assert net.read_text() == AFTER
    assert main(["inject", "net.prototxt", "--identity", "--in-place"]) == 0
    assert net.read_text() == BEFORE


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["inject", "net.prototxt", "--source", "H.csv", "-o", "new.prototxt"]
    assert main([*arguments, "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["written"] == ["H.binaryproto", "new.prototxt"]
    assert record["losses"] == [
        {"loss": "loss", "before": "SoftmaxWithLoss", "after": "InfogainLoss"}
    ]
    assert record["complete"] and record["changed"]
    assert record["proof"]["problems"] == record["doubts"] == []


def test_files_lie_beside_the_result(folder: Path) -> None:
    (folder / "nets").mkdir()
    arguments = ["inject", "net.prototxt", "--source", "H.csv", "-o", "nets/new.prototxt"]
    assert main(arguments) == 0
    assert (folder / "nets" / "H.binaryproto").is_file()
    assert 'source: "nets/H.binaryproto"' in (folder / "nets" / "new.prototxt").read_text()


def test_a_file_with_another_content_is_not_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "H.binaryproto").write_bytes(b"mine")
    assert main(["inject", "net.prototxt", "--source", "H.csv", "--in-place"]) == 2
    assert "H.binaryproto: is there already with another content" in capsys.readouterr().err
    assert (folder / "net.prototxt").read_text() == BEFORE


def test_the_net_is_printed_only_if_the_files_beside_it_can_be_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "H.binaryproto").write_bytes(b"mine")
    assert main(["inject", "net.prototxt", "--source", "H.csv", "-o", "-"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "H.binaryproto: is there already with another content" in captured.err


def test_what_a_list_names_is_said_if_it_is_another(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(ROOT / "fixtures" / "H.h5", folder)
    (folder / "H_list.txt").write_text("there/H.h5\n")
    assert main(["inject", "net.prototxt", "--h-data", "H.h5", "--in-place"]) == 2
    assert capsys.readouterr().err == (
        "protofix: H_list.txt: is there already with another content, `there/H.h5` where `H.h5` "
        "is to be; move it away\n"
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt, FileError])
def test_what_ends_the_writing_leaves_no_file_beside_the_net(
    error: type[BaseException], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, *arguments: Any) -> None:
        if path.name == "net.prototxt":
            assert (folder / "H.binaryproto").exists()
            raise error
        write_atomically(path, *arguments)

    monkeypatch.setattr("protofix.files.write_atomically", interrupted)
    main(["inject", "net.prototxt", "--source", "H.csv", "--in-place"])
    assert sorted(path.name for path in folder.iterdir()) == ["H.csv", "net.prototxt"]


def test_nothing_to_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = folder / "net.prototxt"
    stamp = net.stat().st_mtime_ns
    assert main(["inject", "net.prototxt", "--identity", "--in-place"]) == 0
    out = capsys.readouterr().out
    assert out == "`loss` is a SoftmaxWithLoss already\nnothing to do\n"
    assert net.stat().st_mtime_ns == stamp


def test_what_is_left_to_see_to_is_said_and_counts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loss = "  loss_param { ignore_label: 255 }\n}\n"
    (folder / "net.prototxt").write_text(BEFORE.removesuffix("}\n") + loss)
    arguments = ["inject", "net.prototxt", "--source", "H.csv", "--target", "legacy"]
    assert main([*arguments, "--in-place"]) == 1
    assert "see to this: `loss` ignored label 255" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["inject", "migrate"])
@pytest.mark.parametrize(
    ("database", "option"), [("H_lmdb", "--h-lmdb"), ("H_leveldb", "--h-leveldb")]
)
def test_both_commands_read_databases(
    command: str, database: str, option: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "fixtures" / database, folder / database)
    shutil.copy(ROOT / "fixtures" / "fuse" / "plain" / "before.prototxt", folder / "chain.prototxt")
    net = "chain.prototxt" if command == "migrate" else "net.prototxt"
    # A LevelDB can be open but once, and the loss lives in TRAIN and in TEST.
    expected = 1 if (command, database) == ("inject", "H_leveldb") else 0
    assert main([command, net, option, database, "-o", "new.prototxt"]) == expected
    assert ("a LevelDB can be open but once" in capsys.readouterr().out) == ("level" in database)
    text = (folder / "new.prototxt").read_text()
    assert f'source: "{database}"' in text
    assert 'bottom: "infogain_H"' in text


def test_a_database_of_several_records_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = datum((1, 3, 3), data=b"")
    with_numbers = record + b"\x32\x24" + bytes(36)  # float_data, packed: nine zeros
    write_lmdb(folder / "two_lmdb", [with_numbers, with_numbers])
    assert main(["inject", "net.prototxt", "--h-lmdb", "two_lmdb"]) == 2
    assert "two_lmdb: holds more than one record" in capsys.readouterr().err


def test_the_option_for_a_log_layer_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = ROOT / "fixtures" / "inject" / "log_layer" / "before.prototxt"
    assert main(["migrate", str(net)]) == 1
    assert "softmax(log p) = p; --log-layer puts it there" in capsys.readouterr().out


HEAD = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
"""
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "%s" top: "loss" }\n'
# What Caffe refuses of the loss itself, before and after.
STANDING = {
    "no labels": (LOSS % "label", "in TRAIN `loss` reads `label`, which no layer makes, as before"),
    "scores for labels": (LOSS % "x", "in TRAIN `loss` "),
}


@pytest.mark.parametrize("case", STANDING)
def test_what_caffe_refused_before_is_left_for_a_person(
    case: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loss, said = STANDING[case]
    (folder / "net.prototxt").write_text(HEAD + loss)
    assert main(["inject", "net.prototxt", "--source", "H.csv", "-o", "new.prototxt"]) == 1
    out = capsys.readouterr().out
    assert f"see to this: {said}" in out
    assert "InfogainLoss" in (folder / "new.prototxt").read_text()


def test_a_floor_is_told_beside_an_h(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["inject", "net.prototxt", "--source", "H.csv", "-o", "new.prototxt"])
    capsys.readouterr()
    assert main(["prove", "net.prototxt", "new.prototxt"]) == 0
    assert (
        "equal but for H, no difference with one H in both, but where a probability is below "
        "the floor of the loss"
    ) in capsys.readouterr().out
