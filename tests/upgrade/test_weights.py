"""Binary nets before and after: against Caffe's own upgrades, and case by case."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from shared_data import SHARED, golden, needs_shared
from weights_reference import Net

from protofix.files import FileError
from protofix.upgrade.facts import CAFFE_STEPS, Step
from protofix.upgrade.weights.splice import WeightsError, WeightsUpgrade, upgrade_weights

UPGRADED = [record for record in golden("upgrade/index.json") if record["kind"] == "net"]


def net_of(text: str) -> Any:
    return text_format.Parse(text, Net())


def both(tmp_path: Path, binary: bytes, **options: Any) -> tuple[bytes, WeightsUpgrade]:
    """The upgraded bytes, and what is said of them; a second upgrade must change nothing."""
    source, target = tmp_path / "old.caffemodel", tmp_path / "new.caffemodel"
    source.write_bytes(binary)
    upgrade = upgrade_weights(source, target, **options)
    after = target.read_bytes()
    assert upgrade.size == len(after)
    assert source.read_bytes() == binary
    again = upgrade_weights(target, tmp_path / "again.caffemodel", **options)
    assert not again.changed
    assert (tmp_path / "again.caffemodel").read_bytes() == after
    return after, upgrade


def after(tmp_path: Path, text: str, **options: Any) -> Any:
    return Net.FromString(both(tmp_path, net_of(text).SerializeToString(), **options)[0])


def notes(tmp_path: Path, binary: bytes, **options: Any) -> tuple[str, ...]:
    return both(tmp_path, binary, **options)[1].notes


def add_blobs(net: Any) -> list[bytes]:
    """Give every layer blobs in every form there is; return their bytes."""
    made = []
    for number, layer in enumerate([*net.layers, *net.layer]):
        holder = layer.layer if hasattr(layer, "layer") and layer.HasField("layer") else layer
        if holder.type == "padding":
            continue
        forms: list[dict[str, Any]] = [
            {"num": 1, "channels": 1, "height": 2, "width": 3, "data": [number, 1, 2, 3, 4, 0.1]},
            {"shape": {"dim": [2]}, "double_data": [number, 0.1], "double_diff": [1, 2]},
            {"shape": {"dim": [1]}, "data": [number], "diff": [7]},
        ]
        made += [holder.blobs.add(**form).SerializeToString() for form in forms]
    return made


@needs_shared
@pytest.mark.parametrize("record", UPGRADED, ids=lambda record: record["file"])
@pytest.mark.parametrize("blobs", [False, True], ids=["bare", "with blobs"])
def test_upgrades_are_those_of_caffe(record: dict[str, Any], blobs: bool, tmp_path: Path) -> None:
    before = net_of((SHARED / "corpus" / record["file"]).read_text(encoding="utf-8"))
    expected = net_of(
        (SHARED / "golden" / "upgrade" / record["upgraded"]).read_text(encoding="utf-8")
    )
    made = add_blobs(before) if blobs else []
    binary, upgrade = both(tmp_path, before.SerializeToString())
    result: Any = Net.FromString(binary)
    assert [blob.SerializeToString() for layer in result.layer for blob in layer.blobs] == made
    for layer in result.layer:
        layer.ClearField("blobs")
    assert result == expected
    assert upgrade.changed
    assert upgrade.notes == ()
    assert upgrade.layers == len(expected.layer)
    if not blobs:
        assert binary == expected.SerializeToString(deterministic=True)


STEPS: list[tuple[str, str, tuple[Step, ...], str]] = [
    (
        "V0, with padding",
        """
        input: "data"
        layers { bottom: "data" top: "p" layer { name: "p" type: "padding" pad: 2 } }
        layers { bottom: "p" top: "c" layer {
          name: "c" type: "conv" num_output: 3 kernelsize: 5 pad: 1 biasterm: false blobs_lr: 1
          blobs { num: 1 data: 0.5 } } }
        """,
        ("v0", "v1", "input"),
        """
        layer { bottom: "data" top: "c" name: "c" type: "Convolution" param { lr_mult: 1 }
          blobs { num: 1 data: 0.5 }
          convolution_param { num_output: 3 kernel_size: 5 pad: 2 bias_term: false } }
        """,
    ),
    (
        "transformations, where one data layer has none",
        """
        layers { name: "a" type: DATA data_param { source: "s" scale: 3 mirror: true }
          transform_param { scale: 5 crop_size: 7 } }
        layers { name: "b" type: IMAGE_DATA }
        layers { name: "c" type: RELU }
        """,
        ("data", "v1"),
        """
        layer { name: "a" type: "Data" data_param { source: "s" }
          transform_param { scale: 3 crop_size: 7 mirror: true } }
        layer { name: "b" type: "ImageData" image_data_param {} transform_param {} }
        layer { name: "c" type: "ReLU" }
        """,
    ),
    (
        "V1, param of different lengths",
        """
        layers { name: "a" type: INNER_PRODUCT param: "w" blob_share_mode: PERMISSIVE
          blobs_lr: 1 blobs_lr: 2 weight_decay: 1 weight_decay: 0 weight_decay: 3
          include { phase: TRAIN } loss_weight: 0.5 }
        """,
        ("v1",),
        """
        layer { name: "a" type: "InnerProduct"
          param { name: "w" share_mode: PERMISSIVE lr_mult: 1 decay_mult: 1 }
          param { lr_mult: 2 decay_mult: 0 } param { decay_mult: 3 }
          include { phase: TRAIN } loss_weight: 0.5 }
        """,
    ),
    ("V1, NONE", 'layers { name: "a" type: NONE }', ("v1",), 'layer { name: "a" type: "" }'),
    ("V1, no type", 'layers { name: "a" }', ("v1",), 'layer { name: "a" }'),
    (
        "input_dim",
        """
        name: "n" layer { name: "a" }
        input: "x" input: "y" input_dim: 1 input_dim: 2 input_dim: 3 input_dim: -1
        input_dim: 5 input_dim: 6 input_dim: 7 input_dim: 8
        """,
        ("input",),
        """
        name: "n"
        layer { name: "input" type: "Input" top: "x" top: "y" input_param {
          shape { dim: 1 dim: 2 dim: 3 dim: -1 } shape { dim: 5 dim: 6 dim: 7 dim: 8 } } }
        layer { name: "a" }
        """,
    ),
    (
        "input_shape, which goes before input_dim",
        'input: "x" input_shape { dim: 4 dim: 5 } input_dim: 1 layers { name: "a" }',
        ("v1", "input"),
        'layer { name: "input" type: "Input" top: "x" input_param { shape { dim: 4 dim: 5 } } } '
        'layer { name: "a" }',
    ),
    ("input alone", 'input: "x" layer { name: "a" }', ("input",), 'layer { name: "a" }'),
    (
        "BatchNorm",
        """
        layer { name: "a" type: "BatchNorm" param { lr_mult: 1 name: "m" } param {}
          param { lr_mult: 0 decay_mult: 0 } blobs { data: 1 } }
        layer { name: "b" type: "BatchNorm" param { lr_mult: 1 } }
        layer { name: "c" type: "Scale" param {} param {} param {} }
        """,
        ("batch-norm",),
        """
        layer { name: "a" type: "BatchNorm" param { name: "m" lr_mult: 0 decay_mult: 0 }
          param { lr_mult: 0 decay_mult: 0 } param { lr_mult: 0 decay_mult: 0 } blobs { data: 1 } }
        layer { name: "b" type: "BatchNorm" param { lr_mult: 1 } }
        layer { name: "c" type: "Scale" param {} param {} param {} }
        """,
    ),
    ("today's", 'layer { name: "a" type: "ReLU" }', (), 'layer { name: "a" type: "ReLU" }'),
]


@pytest.mark.parametrize(
    ("before", "steps", "expected"), [case[1:] for case in STEPS], ids=[case[0] for case in STEPS]
)
def test_each_step(before: str, steps: tuple[Step, ...], expected: str, tmp_path: Path) -> None:
    binary, upgrade = both(tmp_path, net_of(before).SerializeToString())
    assert Net.FromString(binary) == net_of(expected)
    assert upgrade.steps == steps
    assert upgrade.changed == bool(steps)
    assert upgrade.notes == ()


V0 = 'layers { bottom: "x" top: "c" layer { name: "c" type: "conv" pad: 1 } }'
V1 = 'layers { bottom: "x" top: "c" name: "c" type: CONVOLUTION convolution_param { pad: 1 } }'
V2 = 'layer { bottom: "x" top: "c" name: "c" type: "Convolution" convolution_param { pad: 1 } }'


@pytest.mark.parametrize(
    ("before", "steps", "expected"),
    [
        (f'input: "x" {V0}', ("v0",), f'input: "x" {V1}'),
        (f'input: "x" {V0}', ("input",), V0),
        (f'input: "x" {V1}', ("v1",), f'input: "x" {V2}'),
        (f'input: "x" {V1}', ("v0", "data", "batch-norm"), f'input: "x" {V1}'),
        (f'input: "x" {V0}', ("v1", "input"), V0),
    ],
)
def test_steps_one_by_one(
    before: str, steps: tuple[Step, ...], expected: str, tmp_path: Path
) -> None:
    assert after(tmp_path, before, steps=steps) == net_of(expected)


def test_v1_waits_for_v0(tmp_path: Path) -> None:
    said = notes(tmp_path, net_of(f'input: "x" {V0}').SerializeToString(), steps=("v1",))
    assert said == ("V1 layers stay as they are: V0 layers are among them, which come first",)


MIXED = 'layers { name: "a" type: RELU blobs { num: 1 } } layer { name: "b" type: "TanH" }'


def test_a_mixed_net_is_refused(tmp_path: Path) -> None:
    binary = net_of(MIXED).SerializeToString()
    offset = binary.index(b"\xa2\x06")
    with pytest.raises(WeightsError, match=f": offset {offset}: has 1 `layers` and 1 `layer`; "):
        both(tmp_path, binary)
    assert not (tmp_path / "new.caffemodel").exists()


def test_a_mixed_net_is_made_whole_if_unsafe(tmp_path: Path) -> None:
    expected = 'layer { name: "a" type: "ReLU" blobs { num: 1 } } layer { name: "b" type: "TanH" }'
    assert after(tmp_path, MIXED, unsafe=True) == net_of(expected)


def field(number: int, wire: int, value: bytes) -> bytes:
    """A field of the wire format, written by hand; numbers up to 2047, values up to 127 bytes."""
    tag = number << 3 | wire
    head = bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])
    return head + (bytes([len(value)]) if wire == 2 else b"") + value


def v1(*fields: bytes) -> bytes:
    return field(2, 2, b"".join(fields))


NAME = field(4, 2, b"a")
BLOB = field(6, 2, field(5, 2, b"\0\0\0\x3f"))


ODDITIES: list[tuple[str, bytes, str, tuple[str, ...]]] = [
    (
        "a name and a type twice: the last counts",
        v1(field(4, 2, b"old"), field(5, 0, b"\x12"), NAME, field(5, 0, b"\x17")),
        'layer { name: "a" type: "TanH" }',
        (),
    ),
    (
        "a message in two parts is one",
        v1(NAME, field(10, 2, b"\x08\x01"), field(10, 2, b"\x08\x02\x18\x03")),
        'layer { name: "a" convolution_param { num_output: 2 pad: 3 } }',
        (),
    ),
    (
        "a V0 layer in two parts is one",
        v1(field(1, 2, field(2, 2, b"conv") + b"\x18\x05"), field(1, 2, field(1, 2, b"a"))),
        'layer { name: "a" type: "Convolution" convolution_param { num_output: 5 } }',
        (),
    ),
    (
        "packed where Caffe writes one by one, and the other way round",
        v1(NAME, field(7, 2, b"\0\0\x80\x3f\0\0\0\x40"), field(1002, 2, b"\1\0"))
        + field(4, 2, b"\1\2\3\4")
        + field(3, 2, b"x"),
        'layer { name: "input" type: "Input" top: "x" '
        "input_param { shape { dim: 1 dim: 2 dim: 3 dim: 4 } } } "
        'layer { name: "a" param { share_mode: PERMISSIVE lr_mult: 1 } '
        "param { share_mode: STRICT lr_mult: 2 } }",
        (),
    ),
    (
        "a blob of numbers one by one",
        v1(NAME, field(6, 2, field(5, 5, b"\0\0\0\x3f") * 3 + field(1, 0, b"\3"))),
        'layer { name: "a" blobs { num: 3 data: 0.5 data: 0.5 data: 0.5 } }',
        (),
    ),
    (
        "a V1 type that Caffe has not",
        v1(NAME, field(5, 0, b"\x63"), BLOB),
        'layer { name: "a" blobs { data: 0.5 } }',
        ("layer `a`: type 99 is none of Caffe's; dropped",),
    ),
    (
        "a V0 type that Caffe has not",
        v1(field(1, 2, field(1, 2, b"a") + field(2, 2, b"magic") + field(50, 2, b"\x08\1"))),
        'layer { name: "a" blobs { num: 1 } }',
        (
            "layer `a`: type `magic` is none of Caffe's V0 types, and Caffe aborts there; the "
            "layer has no type now",
        ),
    ),
    (
        "V0 fields without meaning for the type, in two layers",
        v1(field(1, 2, field(1, 2, b"a") + field(2, 2, b"relu") + b"\x18\x05"))
        + v1(field(1, 2, field(1, 2, b"b") + field(2, 2, b"relu") + b"\x18\x06")),
        'layer { name: "a" type: "ReLU" } layer { name: "b" type: "ReLU" }',
        ("layer `a` and 1 more: num_output means nothing to a layer of type `relu`; dropped",),
    ),
    (
        "blobs and a phase beside a V0 layer",
        v1(field(1, 2, field(1, 2, b"a")), BLOB, field(32, 2, b"")),
        'layer { name: "a" blobs { data: 0.5 } }',
        (
            "layer `a`: has blobs beside its V0 message, which Caffe would drop; kept",
            "layer `a`: has include beside its V0 message; dropped, as Caffe does",
        ),
    ),
    (
        "a V1 layer among V0 ones",
        v1(field(1, 2, field(1, 2, b"z"))) + v1(NAME, field(5, 0, b"\x12"), BLOB),
        'layer { name: "z" } layer { name: "a" type: "ReLU" blobs { data: 0.5 } }',
        ("layer `a`: is a V1 layer among V0 ones, of which Caffe would keep bottom and top only",),
    ),
    (
        "padding that nothing can take",
        v1(field(1, 2, field(2, 2, b"padding") + b"\x38\x02"), field(3, 2, b"p"))
        + v1(field(1, 2, field(1, 2, b"r") + field(2, 2, b"relu")), field(2, 2, b"p")),
        'layer { name: "r" type: "ReLU" bottom: "p" }',
        (
            "layer `r`: of type `relu` reads a padding layer; only conv and pool with one bottom "
            "can take its padding, and Caffe aborts there",
        ),
    ),
    (
        "a field that V1 has not and that means something else today",
        v1(NAME, field(100, 2, b"\xff\xff")),
        'layer { name: "a" }',
        (
            "layer `a`: has a field 100, which Caffe's V1LayerParameter has not: dropped, since in "
            "LayerParameter that is transform_param",
        ),
    ),
    (
        "too many dims",
        v1(NAME) + field(3, 2, b"x") + field(4, 2, b"\1\2\3\4\5"),
        'layer { name: "input" type: "Input" top: "x" '
        'input_param { shape { dim: 1 dim: 2 dim: 3 dim: 4 } } } layer { name: "a" }',
        ("1 input and 5 input_dim, where 4 are needed: those behind were dropped",),
    ),
    (
        "too few dims",
        v1(NAME) + field(3, 2, b"x") + field(4, 2, b"\1\2\3"),
        'layer { name: "a" } input: "x" input_dim: [1, 2, 3]',
        (
            "1 input and 3 input_dim, where 4 are needed: the input fields stay as they are, and "
            "Caffe cannot load the net",
        ),
    ),
]


@pytest.mark.parametrize(
    ("before", "expected", "said"), [case[1:] for case in ODDITIES], ids=[c[0] for c in ODDITIES]
)
def test_oddities(before: bytes, expected: str, said: tuple[str, ...], tmp_path: Path) -> None:
    source, target = tmp_path / "old.caffemodel", tmp_path / "new.caffemodel"
    source.write_bytes(before)
    upgrade = upgrade_weights(source, target)
    assert Net.FromString(target.read_bytes()) == net_of(expected)
    assert upgrade.notes == said


def test_a_field_of_a_fork_stays(tmp_path: Path) -> None:
    binary, upgrade = both(tmp_path, v1(NAME, field(300, 2, b"\x08\x01"), BLOB))
    assert field(300, 2, b"\x08\x01") in binary
    assert upgrade.notes == (
        "layer `a`: has a field 300, which Caffe's V1LayerParameter has not: kept as it is",
    )


def test_fields_of_the_net_that_caffe_has_not_stay_where_they_are(tmp_path: Path) -> None:
    strange = field(200, 2, b"strange")
    binary, _ = both(tmp_path, strange_first(strange))
    assert binary.startswith(field(1, 2, b"n") + strange)
    assert binary.endswith(strange)


def strange_first(strange: bytes) -> bytes:
    return field(1, 2, b"n") + strange + v1(NAME) + strange


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
        layer.blobs.add().MergeFromString(b"\xd2\x02" + _length(size) + os.urandom(size))
        layer.blobs.add(num=number)
    binary, _ = both(tmp_path, net.SerializeToString())
    result: Any = Net.FromString(binary)
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


def _length(value: int) -> bytes:
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def with_a_hole(path: Path, size: int) -> None:
    """A V1 net whose one blob has `size` bytes of zeros, which the disk does not hold."""
    blob = b"\x2a" + _length(size)
    layer = NAME + b"\x32" + _length(len(blob) + size) + blob
    net = b"\x12" + _length(len(layer) + size) + layer
    path.write_bytes(net)
    os.truncate(path, len(net) + size)


@pytest.mark.parametrize("size", [2**31, 2**32 + 4], ids=["2 GiB", "4 GiB"])
def test_blobs_past_what_protobuf_can_read(size: int, tmp_path: Path) -> None:
    with_a_hole(tmp_path / "big", size)
    upgrade = upgrade_weights(tmp_path / "big", None)
    head = b"\x0a\x01a\x3a" + _length(size + 6) + b"\x2a" + _length(size)
    assert upgrade.size == size + len(head) + len(b"\xa2\x06" + _length(size + len(head)))
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
