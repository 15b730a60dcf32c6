"""Files of weights on disk: replaced whole or not at all, gigabytes in little memory, progress."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from weights_nets import BLOB, NAME, field, length, net_of, v1
from weights_reference import Net

from protofix.files import FileError, write_atomically
from protofix.upgrade.facts import CAFFE_STEPS
from protofix.upgrade.weights.mapped import WeightsError
from protofix.upgrade.weights.splice import upgrade_weights


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(v1(NAME, field(5, 0, b"\x12"), BLOB))
    return path


AFTER = net_of('layer { name: "a" type: "ReLU" blobs { data: 0.5 } }')


def test_in_place_keeps_mode_and_link(model: Path, tmp_path: Path) -> None:
    os.chmod(model, 0o640)
    link = tmp_path / "link.caffemodel"
    link.symlink_to(model)
    assert upgrade_weights(link, link).changed
    assert Net.FromString(model.read_bytes()) == AFTER
    assert link.is_symlink()
    assert stat.S_IMODE(model.stat().st_mode) == 0o640
    status = model.stat()
    assert not upgrade_weights(model, link).changed
    assert model.stat().st_mtime_ns == status.st_mtime_ns


def test_looking_writes_nothing(model: Path, tmp_path: Path) -> None:
    upgrade = upgrade_weights(model, None)
    assert (upgrade.steps, upgrade.size, upgrade.changed) == (("v1",), AFTER.ByteSize(), True)
    assert os.listdir(tmp_path) == [model.name]


class Stop(BaseException):
    """What Ctrl-C raises, say."""


def test_a_stop_leaves_nothing_behind(model: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise Stop

    before = model.read_bytes()
    with pytest.raises(Stop):
        upgrade_weights(model, tmp_path / "new.caffemodel", progress=stop)
    with pytest.raises(Stop):
        upgrade_weights(model, model, progress=stop)
    assert os.listdir(tmp_path) == [model.name]
    assert model.read_bytes() == before


def test_progress_reaches_the_end(model: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    upgrade_weights(
        model, tmp_path / "new", progress=lambda done, total: told.append((done, total))
    )
    size = model.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_a_file_that_changes_meanwhile_is_not_taken(model: Path, tmp_path: Path) -> None:
    def change(done: int, total: int) -> None:
        model.write_bytes(model.read_bytes() + v1(NAME))

    with pytest.raises(WeightsError, match="has changed while it was read"):
        upgrade_weights(model, tmp_path / "new.caffemodel", progress=change)
    assert os.listdir(tmp_path) == [model.name]


def test_a_file_that_is_cut_short_meanwhile_is_blamed_itself(tmp_path: Path) -> None:
    with_a_hole(tmp_path / "big", 40_000_000)

    def cut(done: int, total: int) -> None:
        os.truncate(tmp_path / "big", 20_000_000)

    with pytest.raises(WeightsError, match=r"big: offset \d+: the file was cut short while it was"):
        upgrade_weights(tmp_path / "big", tmp_path / "new", progress=cut)
    assert os.listdir(tmp_path) == ["big"]


@pytest.mark.parametrize(("old", "new"), [(0o600, 0o600), (0o666, 0o640), (0o440, 0o640)])
def test_a_new_file_is_no_more_open_than_the_source(
    old: int, new: int, model: Path, tmp_path: Path
) -> None:
    os.chmod(model, old)
    mask = os.umask(0o027)
    try:
        upgrade_weights(model, tmp_path / "new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == new


ENDED = """
import os, signal, sys
from pathlib import Path
from protofix.files import writing_atomically
number = getattr(signal, sys.argv[2])
if len(sys.argv) > 3:
    signal.signal(number, signal.SIG_IGN)
with writing_atomically(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    os.kill(os.getpid(), number)
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs the signals of Unix")
@pytest.mark.parametrize(
    ("name", "ignored", "code", "left"),
    [
        ("SIGTERM", [], 143, []),
        ("SIGHUP", [], 129, []),
        ("SIGHUP", ["as nohup does"], 0, ["out"]),
    ],
)
def test_a_signal_to_end_leaves_nothing_behind(
    name: str, ignored: list[str], code: int, left: list[str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", ENDED, str(tmp_path / "out"), name, *ignored]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (code, "")
    assert ended.stdout == ("True\n" if ignored else "")
    assert os.listdir(tmp_path) == left


def test_a_thread_writes_as_well(tmp_path: Path) -> None:
    thread = threading.Thread(target=write_atomically, args=(tmp_path / "out", b"all"))
    thread.start()
    thread.join()
    assert (tmp_path / "out").read_bytes() == b"all"


def test_a_file_that_vanishes_meanwhile_is_not_taken(model: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read: No such file"):
        upgrade_weights(model, tmp_path / "new", progress=lambda *_: model.unlink(missing_ok=True))
    assert os.listdir(tmp_path) == []


def test_what_cannot_be_written(model: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written: No such file or directory"):
        upgrade_weights(model, tmp_path / "nowhere" / "new.caffemodel")
    with pytest.raises(FileError, match="is no regular file"):
        upgrade_weights(model, tmp_path)


@pytest.mark.parametrize("kernel", ["copies", "has no such call", "refuses"])
def test_large_blobs_are_copied_as_they_are(
    kernel: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if kernel == "has no such call":
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    elif kernel == "refuses":
        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    size = 9_000_001  # more than one chunk, and no multiple of a page
    net: Any = Net(layers=[{"name": "a", "type": 18}, {"name": "b", "type": 18}])
    for number, layer in enumerate(net.layers):
        layer.blobs.add().MergeFromString(b"\xd2\x02" + length(size) + os.urandom(size))
        layer.blobs.add(num=number)
    (tmp_path / "old").write_bytes(net.SerializeToString())
    upgrade_weights(tmp_path / "old", tmp_path / "new")
    result: Any = Net.FromString((tmp_path / "new").read_bytes())
    assert [layer.type for layer in result.layer] == ["ReLU", "ReLU"]
    for old, new in zip(net.layers, result.layer, strict=True):
        assert [blob.SerializeToString() for blob in new.blobs] == [
            blob.SerializeToString() for blob in old.blobs
        ]


def refuse(*_: object, **__: object) -> int:
    raise OSError(errno.EXDEV, "two file systems")


def test_a_full_disk_is_said(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = model.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"net\.caffemodel: cannot be written: No space left"):
        upgrade_weights(model, model)
    assert os.listdir(model.parent) == [model.name]
    assert model.read_bytes() == before


def with_a_hole(path: Path, size: int) -> None:
    """A V1 net whose one blob has `size` bytes of zeros, which the disk does not hold."""
    blob = b"\x2a" + length(size)
    layer = NAME + b"\x32" + length(len(blob) + size) + blob
    net = b"\x12" + length(len(layer) + size) + layer
    path.write_bytes(net)
    os.truncate(path, len(net) + size)


@pytest.mark.parametrize("size", [2**31, 2**32 + 4], ids=["2 GiB", "4 GiB"])
def test_blobs_past_what_protobuf_can_read(size: int, tmp_path: Path) -> None:
    with_a_hole(tmp_path / "big", size)
    upgrade = upgrade_weights(tmp_path / "big", None)
    head = b"\x0a\x01a\x3a" + length(size + 6) + b"\x2a" + length(size)
    assert upgrade.size == size + len(head) + len(b"\xa2\x06" + length(size + len(head)))
    assert upgrade.steps == ("v1",)


PEAK = """
import sys
from pathlib import Path
from protofix.upgrade.weights.splice import upgrade_weights
upgrade_weights(Path(sys.argv[1]), Path(sys.argv[2]))
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    with_a_hole(tmp_path / "big", 200_000_000)
    command = [sys.executable, "-c", PEAK, str(tmp_path / "big"), str(tmp_path / "new")]
    peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (tmp_path / "new").stat().st_size > 200_000_000
    assert int(peak) < 60_000  # kB


def test_default_steps_are_those_of_caffe(model: Path, tmp_path: Path) -> None:
    by_default = upgrade_weights(model, tmp_path / "one")
    assert by_default == upgrade_weights(model, tmp_path / "two", CAFFE_STEPS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
