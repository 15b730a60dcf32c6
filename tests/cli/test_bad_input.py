"""Whatever is wrong with a file: one clear line, exit 2, and every file as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from shared_data import ROOT

from protofix.cli import main
from protofix.files import FileError, write_atomically

NET = (ROOT / "fixtures" / "fuse" / "plain" / "before.prototxt").read_bytes()
HUGE = 200 * 1024 * 1024


def snapshot(folder: Path) -> dict[str, bytes]:
    # By relative paths: what lies above need not be open to the user a test has become.
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.stat().st_size < HUGE
        and os.access(path, os.R_OK, effective_ids=True)
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_bytes(NET)
    return tmp_path


def assert_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], said: str, *arguments: str
) -> None:
    before = snapshot(Path())
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert said in lines[0]
    assert len(lines[0]) < 400
    assert snapshot(Path()) == before


FILES = {
    "missing": (None, "missing.prototxt: cannot be read: No such file or directory"),
    "empty": (b"", "empty.prototxt: is empty"),
    "blank": (b" \n\t\r\n", "blank.prototxt: is empty"),
    "binary": (bytes(range(256)) * 10, "binary.prototxt: is binary data, not a prototxt"),
    "caffemodel": (
        b"\x0a\x08CaffeNet\xa2\x06\x20\x0a\x04conv" + bytes(5000),
        "caffemodel.prototxt: is a binary net (a caffemodel?)",
    ),
    "utf16": ('name: "n"'.encode("utf-16"), "utf16.prototxt: is UTF-16 text"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["check", "migrate"])
def test_a_file_that_is_no_net(
    command: str, name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, said = FILES[name]
    path = folder / f"{name}.prototxt"
    if content is not None:
        path.write_bytes(content)
    assert_refused(folder, capsys, said, command, path.name)


DEEP = {
    "messages": (b"a {" * 100_000, "1:303", ["PF007", "PF108"]),
    "lists": (b"a [{" * 100_000, "1:404", ["PF007", "PF108"]),
    "in_a_layer": (b"layer {\n  x {\n" + b"y {\n" * 100_000, "101:3", ["PF007", "PF101"]),
}


@pytest.mark.parametrize("name", DEEP)
def test_a_net_that_is_nested_too_deep(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, place, codes = DEEP[name]
    (folder / "deep.prototxt").write_bytes(content)
    said = f"deep.prototxt:{place}: messages are nested more than 100 deep"
    assert_refused(folder, capsys, said, "migrate", "deep.prototxt")
    assert main(["check", "deep.prototxt", "--format", "json"]) == 1
    assert sorted(found["code"] for found in json.loads(capsys.readouterr().out)) == codes


@pytest.mark.parametrize("command", ["check", "migrate"])
def test_a_line_of_200_mb(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "long.prototxt"
    with path.open("wb") as stream:
        stream.write(b'name: "')
        for _ in range(200):
            stream.write(b"x" * (1024 * 1024))
        stream.write(b'"\n')
    assert_refused(
        folder, capsys, "line 1 is 209,715,208 characters long", command, "long.prototxt"
    )


def test_a_truncated_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cut.prototxt").write_bytes(NET[:-20])
    said = "cut.prototxt:33:33: expected a value after `:`, found the end of the file"
    assert_refused(folder, capsys, said, "migrate", "cut.prototxt", "--in-place")
    assert main(["check", "cut.prototxt"]) == 1
    assert "PF00" in capsys.readouterr().out


def test_a_folder_given_for_a_net(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(folder, capsys, "is a folder", "migrate", str(folder))


def test_a_solver_given_for_a_net(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "solver.prototxt").write_text('net: "net.prototxt"\nbase_lr: 0.1\n')
    assert_refused(
        folder, capsys, "is a solver: give the net it names", "migrate", "solver.prototxt"
    )


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Give up the right to write into a folder, and root's right to do everything."""
    # What the command imports while it runs may lie where only root may read: import it now.
    for command in ("check", "migrate"):
        main([command, "net.prototxt"])
    me = os.geteuid()
    folder.chmod(0o555)
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)
        folder.chmod(0o755)


def test_an_unreadable_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "net.prototxt").chmod(0)
    with without_rights(folder):
        capsys.readouterr()
        said = "net.prototxt: cannot be read: Permission denied"
        assert_refused(folder, capsys, said, "migrate", "net.prototxt")
        assert_refused(folder, capsys, said, "check", "net.prototxt")


@pytest.mark.parametrize("output", [["--in-place"], ["-o", "out.prototxt"]])
def test_no_permission_to_write(
    output: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "cannot be written: Permission denied"
    with without_rights(folder):
        capsys.readouterr()
        assert_refused(folder, capsys, said, "migrate", "net.prototxt", *output)


MATRICES = {
    "corrupt.binaryproto": b"\x08\x01\x10\x01\x18\x03\xff\xff",
    "truncated.binaryproto": (ROOT / "fixtures" / "H.binaryproto").read_bytes()[:-7],
    "empty.binaryproto": b"",
    "wide.csv": b"1,2,3\n4,5,6\n",
    "infinite.csv": b"1,0,0\n0,inf,0\n0,0,1\n",
    "nan.csv": b"1,0,0\n0,nan,0\n0,0,1\n",
    "words.csv": b"a,b,c\n1,0,0\n0,1,0\n0,0,1\n",
    "two.csv": b"1,0\n0,1\n",
    "junk.npy": b"\x93NUMPY\x01\x00junk",
    "missing.binaryproto": None,
}


@pytest.mark.parametrize("name", MATRICES)
def test_a_wrong_matrix(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = MATRICES[name]
    if content is not None:
        (folder / name).write_bytes(content)
    assert_refused(
        folder, capsys, name, "migrate", "net.prototxt", "--source", name, "-o", "out.prototxt"
    )


def test_the_nets_own_matrix_of_the_wrong_size(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from protofix.infogain.matrix.writing import binaryproto_bytes

    (folder / "H.binaryproto").write_bytes(binaryproto_bytes([[1.0, 0.0], [0.0, 1.0]]))
    assert_refused(
        folder, capsys, "H.binaryproto, for `loss`: 2 x 2 for a net of 3 classes",
        "migrate", "net.prototxt", "--in-place",
    )  # fmt: skip


def test_no_hdf5_dataset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "H.h5").write_bytes(b"not hdf5")
    assert_refused(
        folder, capsys, "H.h5", "migrate", "net.prototxt", "--h-data", "H.h5", "--in-place"
    )


def test_wishes_that_do_not_fit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = "net.prototxt"
    assert_refused(folder, capsys, "has 3 classes", "migrate", net, "--compute-h", "--classes", "4")
    assert_refused(
        folder, capsys, "no module name", "migrate", net, "--compute-h", "--h-module", "a/b"
    )
    assert_refused(folder, capsys, "goes with --compute-h", "migrate", net, "--classes", "3")
    assert_refused(folder, capsys, "cannot be replaced", "migrate", "-", "--in-place")


def test_a_file_beside_the_net_is_never_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "compute_h.py").write_text("mine = True\n")
    assert_refused(
        folder, capsys, "compute_h.py: is there already with another content",
        "migrate", "net.prototxt", "--compute-h", "-o", "out.prototxt",
    )  # fmt: skip


def test_a_folder_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(
        folder, capsys, "No such file or directory",
        "migrate", "net.prototxt", "-o", "nowhere/out.prototxt",
    )  # fmt: skip


def test_a_failed_write_takes_back_what_was_written_before_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def full(source: str, target: str) -> None:
        if str(target).endswith("out.prototxt"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    assert_refused(
        folder, capsys, "out.prototxt: cannot be written: No space left on device",
        "migrate", "net.prototxt", "--compute-h", "-o", "out.prototxt",
    )  # fmt: skip


def test_a_full_disk_under_standard_output(folder: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with open("/dev/full", "wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "protofix", "migrate", "net.prototxt"],
            stdout=full, stderr=subprocess.PIPE, cwd=folder, text=True,
        )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr == "protofix: standard output: No space left on device\n"


def test_a_closed_standard_output(folder: Path) -> None:
    run = subprocess.run(
        f"{sys.executable} -m protofix check net.prototxt >&-",
        shell=True, capture_output=True, cwd=folder, text=True,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr == (
        "2 errors in 1 of 1 file; 1 marked [*] for --fix; dialect Caffe 1.0 (bvlc)\n"
    )


def test_a_reader_that_goes_away(folder: Path) -> None:
    (folder / "many.prototxt").write_text("bad: 1\n" * 20_000)
    run = subprocess.run(
        f"{sys.executable} -m protofix check many.prototxt | head -1",
        shell=True, capture_output=True, cwd=folder, text=True,
    )  # fmt: skip
    assert run.stdout.startswith("many.prototxt:1:1: PF108")
    assert "Traceback" not in run.stderr
    assert "Exception" not in run.stderr


def test_writing_keeps_mode_and_link(folder: Path) -> None:
    net = folder / "net.prototxt"
    net.chmod(0o640)
    link = folder / "link.prototxt"
    link.symlink_to(net)
    assert main(["migrate", "link.prototxt", "--in-place"]) == 0
    assert link.is_symlink()
    assert net.stat().st_mode & 0o777 == 0o640
    assert net.read_bytes() != NET
    assert sorted(path.name for path in folder.iterdir()) == ["link.prototxt", "net.prototxt"]


def test_a_file_that_changed_meanwhile_is_left_alone(folder: Path) -> None:
    net = folder / "net.prototxt"
    with pytest.raises(FileError, match="has changed since it was read"):
        write_atomically(net, b"new", expected=b"what it was")
    assert net.read_bytes() == NET
    assert [path.name for path in folder.iterdir()] == ["net.prototxt"]


def test_an_error_inside_is_one_line_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("two\nlines")

    monkeypatch.setattr("protofix.migration.migrate_document", fails)
    assert_refused(
        folder, capsys, "internal error, please report it: KeyError", "migrate", "net.prototxt"
    )
