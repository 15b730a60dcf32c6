"""The forks' tables: equal to the shared ones, whole in the schemas made of them, and asked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from schema_rows import row_of_line, rows_of_schema
from shared_data import SHARED, needs_shared

import caffe_proto
from caffe_proto import (
    CHANGED_LAYERS,
    DIALECTS,
    LAYERS,
    SchemaError,
    base_schema,
    dialect_schema,
    dialect_title,
    dialects_with_field,
    dialects_with_type,
    dialects_with_value,
    fields_anywhere,
    fork_v1_types,
    layer_types,
    named_dialects,
    value_anywhere,
)
from protofix.net.solver_facts import FORK_POLICIES

FORKS = DIALECTS[1:]
OWN = {"shufflenet"}  # from the sources of layers that are put into any Caffe
FOLDER = Path(caffe_proto.__file__).parent / "dialects"


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("#")]


def facts(name: str) -> list[str]:
    """The rows of a fork's table that the shared table has too."""
    rows = lines(FOLDER / f"{name}.tsv")
    return [row for row in rows if row.split("\t")[0] in ("field", "enum", "absent")]


def test_each_fork_has_a_table_and_each_table_a_fork() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(FORKS)


@needs_shared
def test_no_shared_table_is_left_out() -> None:
    tables = {path.stem for path in (SHARED / "schema").glob("*.tsv")}
    assert tables == {*DIALECTS, "layers"} - OWN


# The shared table of Fast R-CNN is that of a branch without its own layer, which Faster R-CNN took
# over as it was.
ROI_POOLING = re.compile("roi_pooling_param|ROIPoolingParameter")
OF_ANOTHER_BRANCH = {"fastrcnn": ROI_POOLING}


@needs_shared
@pytest.mark.parametrize("name", [name for name in FORKS if name not in OWN])
def test_table_is_the_shared_one(name: str) -> None:
    more = OF_ANOTHER_BRANCH.get(name)
    rows = [row for row in facts(name) if more is None or not more.search(row)]
    assert rows == lines(SHARED / "schema" / f"{name}.tsv")


def test_fast_rcnn_s_own_layer_is_that_of_faster_rcnn() -> None:
    own, taken_over = (
        [row for row in facts(name) if ROI_POOLING.search(row)]
        for name in ("fastrcnn", "fasterrcnn")
    )
    assert own == taken_over
    assert len(own) == 4


@pytest.mark.parametrize("name", FORKS)
def test_schema_is_caffe_s_with_every_row_of_the_table(name: str) -> None:
    rows = [row.split("\t") for row in facts(name)]
    absent = {(owner, field) for kind, owner, field, *_ in rows if kind == "absent"}
    expected = {(kind, owner, row[0]): row for kind, owner, row in rows_of_schema(base_schema())}
    expected = {key: row for key, row in expected.items() if key[1:] not in absent}
    for kind, owner, row in map(row_of_line, facts(name)):
        if kind != "absent":
            expected[kind, owner, row[0]] = row

    found = {
        (kind, owner, row[0]): row for kind, owner, row in rows_of_schema(dialect_schema(name))
    }
    assert found == expected


@pytest.mark.parametrize("name", DIALECTS)
def test_no_message_and_no_enum_is_empty(name: str) -> None:
    schema = dialect_schema(name)
    assert all(message.fields for message in schema.messages.values())
    assert all(enum.values for enum in schema.enums.values())


USES = {
    "bvlc": "clip_param { min: 0 max: 6 }",
    "shufflenet": "shuffle_channel_param { group: 3 }",
    "fastrcnn": "pooling_param { kernel_size: 2 }",
    "fasterrcnn": "roi_pooling_param { pooled_w: 7 }",
    "crfrnn": "multi_stage_meanfield_param { num_iterations: 10 theta_alpha: 1 theta_beta: 2 "
    "theta_gamma: 3 }",
    "rfcn": "loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 4 }",
    "segnet": "bn_param { bn_mode: INFERENCE }",
    "nvidia015": "detectnet_groundtruth_param { object_class { src: 1 dst: 0 } }",
    "deeplab": "interp_param { zoom_factor: 8 }",
    "yjxiong": "bn_param { frozen: true }",
    "pspnet": "bn_param { slope_filler { value: 1 } }",
    "ssd": "multibox_loss_param { conf_loss_type: SOFTMAX }",
    "nvidia": "forward_type: FLOAT16",
    "intel": "box_annotator_ohem_param { roi_per_img: 128 }",
}


@pytest.mark.parametrize("name", DIALECTS)
def test_messages_are_made_and_read(name: str) -> None:
    net: Any = dialect_schema(name).message_class("NetParameter")()
    text_format.Parse(f"layer {{ {USES[name]} }}", net)
    again = type(net).FromString(net.SerializeToString())
    assert again == net
    assert len(again.layer[0].ListFields()) == 1


def test_a_change_of_a_value_keeps_its_place() -> None:
    values = dialect_schema("rfcn").enums["LossParameter.NormalizationMode"].values
    assert dict(values) == {"FULL": 0, "VALID": 1, "BATCH_SIZE": 2, "NONE": 4, "PRE_FIXED": 3}


def test_schemas_are_made_once_and_caffe_s_own_stays() -> None:
    assert dialect_schema("ssd") is dialect_schema("ssd")
    assert dialect_schema("bvlc") is base_schema()
    assert "bn_param" not in base_schema().messages["LayerParameter"].fields


def test_a_name_that_is_none_is_told() -> None:
    said = r"^there is no dialect sdd; there are bvlc, shufflenet, "
    with pytest.raises(SchemaError, match=said):
        dialect_schema("sdd")
    with pytest.raises(SchemaError, match=said):
        named_dialects("ssd", "sdd")


def test_what_is_known_of_dialects_by_name_is_of_dialects_that_there_are() -> None:
    changed = {dialect for dialect, _ in CHANGED_LAYERS}
    assert changed.union(*FORK_POLICIES.values()) <= set(DIALECTS)


def test_the_plainest_come_first() -> None:
    added = {name: sum(not row.startswith("absent") for row in facts(name)) for name in FORKS}
    assert FORKS.index("fasterrcnn") + 1 == FORKS.index("fastrcnn")
    del added["fastrcnn"]
    assert list(added.values()) == sorted(added.values())


def test_titles_are_the_names_people_use() -> None:
    titles = {name: dialect_title(name) for name in DIALECTS}
    assert titles["bvlc"] == "Caffe 1.0"
    assert titles["fasterrcnn"] == "Faster R-CNN"
    assert (titles["nvidia015"], titles["nvidia"]) == ("NVIDIA 0.15", "NVIDIA 0.17")
    assert len(set(titles.values())) == len(DIALECTS)


@pytest.mark.parametrize("name", FORKS)
def test_no_field_of_caffe_s_becomes_another_message(name: str) -> None:
    """So what a fork's table does not add is unknown in it too, and detection may skip it."""
    base = {key: row for kind, key, row in keyed(base_schema()) if kind == "field"}
    fork = {key: row for kind, key, row in keyed(dialect_schema(name)) if kind == "field"}
    changed = [key for key in base.keys() & fork.keys() if base[key][3] != fork[key][3]]
    assert changed == []


def keyed(schema: caffe_proto.Schema) -> list[tuple[str, tuple[str, str], tuple[str, ...]]]:
    return [(kind, (owner, row[0]), row) for kind, owner, row in rows_of_schema(schema)]


@pytest.mark.parametrize("name", FORKS)
def test_types_of_a_fork_are_not_caffe_s(name: str) -> None:
    rows = [row.split("\t") for row in lines(FOLDER / f"{name}.tsv") if row.startswith("type")]
    new = [row[1] for row in rows if len(row) == 2]
    assert new == sorted(set(new)) and not set(new) & LAYERS.keys()
    enum = dialect_schema(name).enums["V1LayerParameter.LayerType"].values
    assert all(row[2] in enum for row in rows if len(row) == 3)
    assert layer_types(name) == LAYERS.keys() | set(new)


def test_who_knows_a_field() -> None:
    assert dialects_with_field("LayerParameter", "bn_param") == ("segnet", "yjxiong", "pspnet")
    assert dialects_with_field("LabelMap", "item") == ("ssd", "nvidia", "intel")
    assert dialects_with_field("LayerParameter", "kernal_size") == ()
    assert dialects_with_field("NoParameter", "name") == ()
    assert "segnet" not in dialects_with_field("LayerParameter", "batch_norm_param")
    assert dialects_with_field("LayerParameter", "batch_norm_param")[0] == "bvlc"
    assert dialects_with_field("LayerParameter", "name") == DIALECTS


def test_who_knows_a_value_of_an_enum() -> None:
    assert dialects_with_value("V1LayerParameter.LayerType", "CROP") == ("crfrnn",)
    assert dialects_with_value("V1LayerParameter.LayerType", "40") == ("crfrnn",)
    assert dialects_with_value("LossParameter.NormalizationMode", "PRE_FIXED") == ("rfcn", "intel")
    assert "segnet" not in dialects_with_value("LRNParameter.Engine", "CUDNN")
    assert dialects_with_value("Phase", "0") == DIALECTS


def test_who_knows_a_layer_type() -> None:
    assert dialects_with_type("ROIPooling") == (
        "fasterrcnn",
        "fastrcnn",
        "rfcn",
        "yjxiong",
        "intel",
    )
    assert dialects_with_type("MultiBoxLoss") == ("ssd", "nvidia", "intel")
    assert dialects_with_type("ReLU") == DIALECTS
    assert dialects_with_type("Relu") == ()
    assert fork_v1_types() == {"CROP": "Crop"}


def test_what_any_dialect_has_in_a_message() -> None:
    known = fields_anywhere("LabelMapItem")
    assert known.keys() == {"name", "label", "display_name"}
    assert known["label"] == {"int32"}
    assert fields_anywhere("NetParameter")["mem_param"] == {"message"}
    assert fields_anywhere("NoParameter") == {}


def test_what_a_number_of_an_enum_is_in_any_dialect() -> None:
    assert value_anywhere("V1LayerParameter.LayerType", 4) == "CONVOLUTION"
    assert value_anywhere("V1LayerParameter.LayerType", 40) == "CROP"
    assert value_anywhere("V1LayerParameter.LayerType", 99) is None
    assert value_anywhere("LossParameter.NormalizationMode", 3) == "NONE"  # R-FCN's is PRE_FIXED
    assert value_anywhere("BNParameter.BNMode", 1) == "INFERENCE"
    assert value_anywhere("NoEnum", 0) is None


def test_no_fork_s_schema_is_made_to_look_things_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(caffe_proto.dialects, "build_schema", lambda name, _: made.append(name))
    assert value_anywhere("V1LayerParameter.LayerType", 40) == "CROP"
    assert dialects_with_field("LayerParameter", "bn_param")
    assert made == []
