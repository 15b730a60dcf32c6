"""Binary nets before and after: against Caffe's own upgrades, and case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from shared_data import SHARED, golden, needs_shared
from weights_nets import BLOB, NAME, both, field, lost, net_of, remark, v0, v1
from weights_reference import Net

from protofix.upgrade.facts import Step
from protofix.upgrade.weights.mapped import WeightsError
from protofix.upgrade.weights.notes import Note
from protofix.upgrade.weights.splice import upgrade_weights

UPGRADED = [record for record in golden("upgrade/index.json") if record["kind"] == "net"]


def after(tmp_path: Path, text: str, **options: Any) -> Any:
    return Net.FromString(both(tmp_path, net_of(text).SerializeToString(), **options)[0])


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
        (f'input: "x" {V0}', ("input",), f'input: "x" {V0}'),
        (f'input: "x" {V1}', ("v1",), f'input: "x" {V2}'),
        (f'input: "x" {V1}', ("v0", "data", "batch-norm"), f'input: "x" {V1}'),
        (f'input: "x" {V1}', ("v1", "input"), V2),
        (
            f'input: "x" input_dim: [1, 2, 3, 4] {V1}',
            ("input",),
            f'input: "x" input_dim: [1, 2, 3, 4] {V1}',
        ),
    ],
)
def test_steps_one_by_one(
    before: str, steps: tuple[Step, ...], expected: str, tmp_path: Path
) -> None:
    assert after(tmp_path, before, steps=steps) == net_of(expected)


def test_what_waits_for_v0_is_said(tmp_path: Path) -> None:
    binary = net_of(f'input: "x" input_dim: [1, 2, 3, 4] {V0}').SerializeToString()
    after, upgrade = both(tmp_path, binary, steps=("v1", "input"))
    assert after == binary
    assert upgrade.notes == (
        lost("V1 layers stay as they are: V0 layers are among them, which come first"),
        lost("`input` becomes a layer of today's format only when all layers are of it"),
    )
    assert not upgrade.complete


def test_a_step_that_there_is_not_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net").write_bytes(net_of(V1).SerializeToString())
    steps = cast("tuple[Step, ...]", ("v1", "v3"))
    with pytest.raises(
        ValueError, match=r"^there is no step `v3`; there are v0, data, v1, input, "
    ):
        upgrade_weights(tmp_path / "net", tmp_path / "new", steps)
    assert not (tmp_path / "new").exists()


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


ODDITIES: list[tuple[str, bytes, str, tuple[Note, ...]]] = [
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
        (
            lost(
                "layer `a`: type 99 is none of Caffe's V1 types, nor of a fork that is known; "
                "dropped"
            ),
        ),
    ),
    (
        "a V1 type that a fork has",
        v1(NAME, field(5, 0, b"\x28"), BLOB),
        'layer { name: "a" type: "Crop" blobs { data: 0.5 } }',
        (remark("layer `a`: type 40 is none of Caffe's V1 types, but `Crop` of CRF-RNN"),),
    ),
    (
        "a value of an enum that Caffe has not",
        v1(NAME, field(1002, 0, b"\x07")),
        'layer { name: "a" }',
        (lost("layer `a`: blob_share_mode 7 is none of Caffe's; dropped"),),
    ),
    (
        "a V0 type that Caffe has not",
        v1(v0(field(1, 2, b"a"), field(2, 2, b"magic"), b"\x18\x05", field(50, 2, b"\x08\1"))),
        'layer { name: "a" type: "magic" blobs { num: 1 } }',
        (
            lost("layer `a`: type `magic` is none of Caffe's V0 types: left as it is"),
            lost("layer `a`: num_output means nothing to a layer of type `magic`; dropped"),
        ),
    ),
    (
        "a V0 type that came with a later format, and is upgraded like that",
        v1(v0(field(1, 2, b"a"), field(2, 2, b"BatchNorm"), field(51, 2, b"\0\0\x80\x3f" * 3))),
        'layer { name: "a" type: "BatchNorm" ' + "param { lr_mult: 0 decay_mult: 0 }" * 3 + "}",
        (lost("layer `a`: type `BatchNorm` is none of Caffe's V0 types: left as it is"),),
    ),
    (
        "V0 fields without meaning for the type, in two layers",
        v1(field(1, 2, field(1, 2, b"a") + field(2, 2, b"relu") + b"\x18\x05"))
        + v1(field(1, 2, field(1, 2, b"b") + field(2, 2, b"relu") + b"\x18\x06")),
        'layer { name: "a" type: "ReLU" } layer { name: "b" type: "ReLU" }',
        (
            lost(
                "layer `a` and 1 more: num_output means nothing to a layer of type `relu`; dropped"
            ),
        ),
    ),
    (
        "blobs and a phase beside a V0 layer",
        v1(field(1, 2, field(1, 2, b"a")), BLOB, field(32, 2, b"")),
        'layer { name: "a" blobs { data: 0.5 } }',
        (
            remark("layer `a`: has blobs beside its V0 message, which Caffe would drop; kept"),
            lost("layer `a`: has include beside its V0 message; dropped, as Caffe does"),
        ),
    ),
    (
        "a V1 layer among V0 ones",
        v1(field(1, 2, field(1, 2, b"z"))) + v1(NAME, field(5, 0, b"\x12"), BLOB),
        'layer { name: "z" } layer { name: "a" type: "ReLU" blobs { data: 0.5 } }',
        (
            remark(
                "layer `a`: is a V1 layer among V0 ones, of which Caffe would keep bottom and top "
                "only"
            ),
        ),
    ),
    (
        "a field that V1 has not and that means something else today",
        v1(NAME, field(100, 2, b"\xff\xff")),
        'layer { name: "a" }',
        (
            lost(
                "layer `a`: has a field 100, which Caffe's V1LayerParameter has not: dropped, "
                "since in LayerParameter that is transform_param"
            ),
        ),
    ),
    (
        "too many dims",
        v1(NAME) + field(3, 2, b"x") + field(4, 2, b"\1\2\3\4\5"),
        'layer { name: "input" type: "Input" top: "x" '
        'input_param { shape { dim: 1 dim: 2 dim: 3 dim: 4 } } } layer { name: "a" }',
        (remark("1 input and 5 input_dim, where 4 are needed: those behind were dropped"),),
    ),
    (
        "too few dims",
        v1(NAME) + field(3, 2, b"x") + field(4, 2, b"\1\2\3"),
        'layer { name: "a" } input: "x" input_dim: [1, 2, 3]',
        (
            lost(
                "1 input and 3 input_dim, where 4 are needed: the input fields stay as they are, "
                "and Caffe cannot load the net"
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    ("before", "expected", "said"), [case[1:] for case in ODDITIES], ids=[c[0] for c in ODDITIES]
)
def test_oddities(before: bytes, expected: str, said: tuple[Note, ...], tmp_path: Path) -> None:
    binary, upgrade = both(tmp_path, before)
    assert Net.FromString(binary) == net_of(expected)
    assert upgrade.notes == said
    assert upgrade.complete == (not any(note.left for note in said))


def test_a_type_that_v1_has_not_is_lost_without_step_v1(tmp_path: Path) -> None:
    before = net_of('layers { layer { name: "a" type: "magic" } }').SerializeToString()
    binary, upgrade = both(tmp_path, before, steps=("v0",))
    assert Net.FromString(binary) == net_of('layers { name: "a" }')
    assert upgrade.notes == (
        lost("layer `a`: type `magic` is none of Caffe's V0 types: left as it is"),
        lost("layer `a`: V1 has no number for its type: dropped, for want of step v1"),
    )


def test_a_field_of_a_fork_stays(tmp_path: Path) -> None:
    binary, upgrade = both(tmp_path, v1(NAME, field(300, 2, b"\x08\x01"), BLOB))
    assert field(300, 2, b"\x08\x01") in binary
    assert upgrade.notes == (
        remark("layer `a`: has a field 300, which Caffe's V1LayerParameter has not: kept as it is"),
    )
    assert upgrade.complete


def test_a_field_of_a_v0_layer_is_spoken_of_once(tmp_path: Path) -> None:
    layer = v0(field(1, 2, b"a"), field(101, 2, b"\x08\x01"), field(300, 2, b"\x08\x01"))
    _, upgrade = both(tmp_path, v1(layer))
    assert [note for note in upgrade.notes if "has a field" in note.message] == [
        lost(
            "layer `a`: has a field 101, which Caffe's V1LayerParameter has not: dropped, since in "
            "LayerParameter that is loss_param"
        ),
        remark("layer `a`: has a field 300, which Caffe's V1LayerParameter has not: kept as it is"),
    ]
    _, upgrade = both(tmp_path, v1(layer), steps=("v0",))
    assert [note.left for note in upgrade.notes if "has a field" in note.message] == [False, False]


def test_fields_of_the_net_that_caffe_has_not_stay_where_they_are(tmp_path: Path) -> None:
    strange = field(200, 2, b"strange")
    binary, _ = both(tmp_path, strange_first(strange))
    assert binary.startswith(field(1, 2, b"n") + strange)
    assert binary.endswith(strange)


def strange_first(strange: bytes) -> bytes:
    return field(1, 2, b"n") + strange + v1(NAME) + strange
