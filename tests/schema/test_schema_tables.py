"""The look-up tables, the message classes, and schemas made of a changed descriptor."""

from __future__ import annotations

import dataclasses
import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from caffe_proto import SchemaError, base_file, base_schema, build_schema

OPTIONAL = FieldDescriptorProto.LABEL_OPTIONAL


def message_of(file: FileDescriptorProto, name: str) -> DescriptorProto:
    return next(message for message in file.message_type if message.name == name)


def fork_with(
    name: str,
    number: int,
    type_: FieldDescriptorProto.Type.ValueType,
    *,
    type_name: str | None = None,
    default: str | None = None,
) -> FileDescriptorProto:
    """Give the base schema with one more field in LayerParameter."""
    file = base_file()
    message_of(file, "LayerParameter").field.add(
        name=name,
        number=number,
        label=OPTIONAL,
        type=type_,
        type_name=type_name,
        default_value=default,
    )
    return file


def test_fields_tell_what_a_check_needs() -> None:
    schema = base_schema()
    layer = schema.messages["NetParameter"].fields["layer"]
    assert (layer.number, layer.kind, layer.type_name) == (100, "message", "LayerParameter")
    assert layer.repeated and layer.default is None

    mode = schema.messages["LossParameter"].fields["normalization"]
    assert (mode.kind, mode.type_name) == ("enum", "LossParameter.NormalizationMode")
    assert mode.default == "VALID" and not mode.repeated
    assert schema.enums["LossParameter.NormalizationMode"].numbers == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("owner", "name", "default"),
    [
        ("FillerParameter", "type", "constant"),
        ("FillerParameter", "sparse", -1),
        ("SolverParameter", "delta", 1e-8),
        ("SolverParameter", "test_initialization", True),
        ("NetParameter", "debug_info", False),
        ("FillerParameter", "value", 0.0),
        ("SolverParameter", "solver_mode", "GPU"),
        ("LossParameter", "normalize", None),
    ],
)
def test_defaults_are_python_values(owner: str, name: str, default: object) -> None:
    found = base_schema().messages[owner].fields[name].default
    assert found == default
    assert type(found) is type(default)


def test_required_fields_are_named() -> None:
    messages = base_schema().messages
    assert messages["ClipParameter"].required == ("min", "max")
    assert {name for name, it in messages.items() if it.required} == {"ClipParameter"}


def test_tables_cannot_be_changed() -> None:
    schema: Any = base_schema()
    with pytest.raises(TypeError):
        schema.messages["Other"] = None
    with pytest.raises(TypeError):
        schema.messages["NetParameter"].fields["name"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        schema.name = "other"


def test_schema_is_made_once_and_its_descriptor_each_time() -> None:
    assert base_schema() is base_schema()
    assert base_file() is not base_file()


def test_import_leaves_protobuf_alone() -> None:
    program = "import sys, caffe_proto; print([m for m in sys.modules if m.startswith('google')])"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root)
    assert run.stdout == "[]\n", run.stderr


def test_message_classes_read_and_write() -> None:
    schema = base_schema()
    net = schema.message_class("NetParameter")()
    text_format.Parse('layer { type: "Clip" clip_param { min: 0 max: 6 } }', net)
    again = schema.message_class("NetParameter").FromString(net.SerializeToString())
    assert again == net
    layer = schema.message_class("LayerParameter")()
    assert layer.ByteSize() == 0


def test_message_classes_know_the_defaults() -> None:
    loss: Any = base_schema().message_class("LossParameter")()
    assert loss.normalization == 1 and not loss.HasField("normalization")


def test_message_class_stays_the_same() -> None:
    before = id(base_schema().message_class("BlobProto"))
    gc.collect()
    blob = base_schema().message_class("BlobProto")
    assert id(blob) == before
    vector: Any = base_schema().message_class("BlobProtoVector")()
    assert type(vector.blobs.add()) is blob


def test_message_classes_outlive_a_garbage_collection() -> None:
    schema = build_schema("collected", base_file())
    net: Any = schema.message_class("NetParameter")()
    gc.collect()
    assert net.layer.add(type="ReLU").type == "ReLU"


def test_unknown_message_is_told() -> None:
    with pytest.raises(SchemaError, match=r"^schema bvlc has no message V2LayerParameter$"):
        base_schema().message_class("V2LayerParameter")


def test_overlay_changes_its_own_schema_only() -> None:
    file = fork_with("roi", 8266711, FieldDescriptorProto.TYPE_FLOAT)
    loss = message_of(file, "LossParameter")
    loss.enum_type[0].value.add(name="PRE_FIXED", number=9)
    del message_of(file, "NetParameter").field[1]
    fork = build_schema("fork", file)

    assert fork.messages["LayerParameter"].fields["roi"].kind == "float"
    assert fork.enums["LossParameter.NormalizationMode"].values["PRE_FIXED"] == 9
    assert "input" not in fork.messages["NetParameter"].fields
    assert "roi" not in base_schema().messages["LayerParameter"].fields

    text = "loss_param { normalization: PRE_FIXED } roi: 0.25"
    layer: Any = text_format.Parse(text, fork.message_class("LayerParameter")())
    assert layer.roi == 0.25
    with pytest.raises(text_format.ParseError):
        text_format.Parse(text, base_schema().message_class("LayerParameter")())


def test_enums_and_messages_within_messages_are_named_through_them() -> None:
    file = FileDescriptorProto(name="other.proto", package="other")
    outer = file.message_type.add(name="Outer")
    inner = outer.nested_type.add(name="Inner")
    inner.enum_type.add(name="Mode").value.add(name="ON", number=1)
    outer.field.add(
        name="inner",
        number=1,
        label=OPTIONAL,
        type=FieldDescriptorProto.TYPE_MESSAGE,
        type_name=".other.Outer.Inner",
    )
    schema = build_schema("other", file)
    assert schema.messages["Outer"].fields["inner"].type_name == "Outer.Inner"
    assert list(schema.messages) == ["Outer", "Outer.Inner"]
    assert list(schema.enums) == ["Outer.Inner.Mode"]
    assert schema.message_class("Outer.Inner").DESCRIPTOR.full_name == "other.Outer.Inner"


def test_file_without_package_will_do() -> None:
    file = FileDescriptorProto(name="bare.proto")
    file.message_type.add(name="Bare")
    assert build_schema("bare", file).message_class("Bare").DESCRIPTOR.full_name == "Bare"


@pytest.mark.parametrize(
    ("type_", "text", "default"),
    [
        (FieldDescriptorProto.TYPE_BYTES, r"\000a\"", b'\0a"'),
        (FieldDescriptorProto.TYPE_UINT64, "18446744073709551615", 2**64 - 1),
        (FieldDescriptorProto.TYPE_DOUBLE, "-inf", float("-inf")),
        (FieldDescriptorProto.TYPE_STRING, "", ""),
    ],
)
def test_defaults_that_only_a_fork_could_have(
    type_: FieldDescriptorProto.Type.ValueType, text: str, default: object
) -> None:
    fork = build_schema("fork", fork_with("extra", 900, type_, default=text))
    assert fork.messages["LayerParameter"].fields["extra"].default == default


def refusal(file: FileDescriptorProto) -> str:
    with pytest.raises(SchemaError) as caught:
        build_schema("fork", file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_type_that_is_not_there_is_told() -> None:
    kind = FieldDescriptorProto.TYPE_MESSAGE
    file = fork_with("extra", 900, kind, type_name=".caffe.ExtraParameter")
    assert refusal(file) == (
        "schema fork: LayerParameter.extra is of message ExtraParameter, which is not there"
    )


def test_kind_that_caffe_never_uses_is_told() -> None:
    file = fork_with("extra", 900, FieldDescriptorProto.TYPE_SINT32)
    assert "LayerParameter.extra is of protobuf type 17" in refusal(file)


@pytest.mark.parametrize(("name", "number"), [("again", 1), ("bottom", 900)])
def test_field_that_is_there_already_is_told(name: str, number: int) -> None:
    said = refusal(fork_with(name, number, FieldDescriptorProto.TYPE_STRING))
    assert said == f"LayerParameter.{name} = {number}: its name or number is taken already"


def test_default_that_its_enum_lacks_is_told() -> None:
    file = base_file()
    del message_of(file, "LossParameter").enum_type[0].value[1]
    assert refusal(file) == (
        "schema fork: LossParameter.normalization is by default VALID, "
        "which LossParameter.NormalizationMode lacks"
    )


def test_schema_that_protobuf_refuses_is_told() -> None:
    schema = build_schema("fork", fork_with("huge", 2**29, FieldDescriptorProto.TYPE_STRING))
    try:
        schema.message_class("NetParameter")
    except SchemaError as error:
        said = str(error)
    else:
        pytest.skip("protobuf in pure Python refuses nothing")
    assert said.startswith("schema fork is refused by protobuf: ")
    assert "\n" not in said
