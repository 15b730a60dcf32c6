"""A schema that a user brings: as a .proto, as a compiled one, and what cannot be one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from caffe_proto import SchemaError, base_file
from caffe_proto.own import read_schema

needs_compiler = pytest.mark.skipif(
    importlib.util.find_spec("grpc_tools") is None, reason="needs grpcio-tools: protofix[schema]"
)

MINE = """syntax = "proto2";
package mine;
import "fillers/filler.proto";
message NetParameter { optional string name = 1; repeated LayerParameter layer = 100; }
message LayerParameter {
  optional string name = 1;
  optional string type = 2;
  optional GateParameter gate_param = 900;
}
message GateParameter {
  enum Mode { OPEN = 0; SHUT = 1; }
  optional Mode mode = 1 [default = SHUT];
  optional other.Filler filler = 2;
  optional other.Filler.Kind kind = 3;
  message Inner { optional uint32 depth = 1; }
  repeated Inner inner = 4;
}
"""
FILLER = """syntax = "proto2";
package other;
message Filler { enum Kind { FLAT = 0; } optional Kind kind = 1; optional float value = 2; }
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "fillers").mkdir()
    (tmp_path / "fillers" / "filler.proto").write_text(FILLER)
    path = tmp_path / "my_caffe.proto"
    path.write_text(MINE)
    return path


@needs_compiler
def test_a_proto_with_an_import_in_another_package(mine: Path) -> None:
    schema = read_schema(mine)
    assert schema.name == "my_caffe.proto"
    gate = schema.messages["GateParameter"].fields
    assert gate["filler"].type_name == "Filler"
    assert gate["kind"].type_name == "Filler.Kind"
    assert gate["inner"].type_name == "GateParameter.Inner"
    assert gate["mode"].default == "SHUT"
    net: Any = schema.message_class("NetParameter")()
    net.layer.add(name="g").gate_param.filler.value = 0.5
    assert type(net).FromString(net.SerializeToString()) == net


def write(path: Path, message: FileDescriptorProto | FileDescriptorSet) -> Path:
    path.write_bytes(message.SerializeToString())
    return path


@pytest.mark.parametrize("name", ["fork.desc", "fork.proto", "fork"])
def test_a_compiled_schema_is_told_by_its_content(name: str, tmp_path: Path) -> None:
    file = base_file()
    file.package = "elsewhere"
    for message in file.message_type:
        for it in message.field:
            if it.type_name:
                it.type_name = it.type_name.replace(".caffe.", ".elsewhere.")
    one = read_schema(write(tmp_path / name, file))
    many = read_schema(write(tmp_path / name, FileDescriptorSet(file=[file])))
    assert one.name == many.name == name
    assert "LayerParameter" in one.messages and one.messages.keys() == many.messages.keys()
    assert one.message_class("NetParameter").DESCRIPTOR.full_name == "elsewhere.NetParameter"


def test_of_two_nets_caffe_s_is_taken(tmp_path: Path) -> None:
    other = FileDescriptorProto(name="other.proto", package="other")
    other.message_type.add(name="Unlike")
    theirs = base_file()
    files = FileDescriptorSet(file=[other, theirs])
    assert "Unlike" in read_schema(write(tmp_path / "set.desc", files)).messages

    for file, package in ((other, "a"), (theirs, "b")):
        file.package = package
    del theirs.message_type[:]
    theirs.message_type.add(name="NetParameter")
    other.message_type.add(name="NetParameter")
    assert refusal(write(tmp_path / "two.desc", FileDescriptorSet(file=[other, theirs]))) == (
        "two.desc: has a NetParameter in each of the packages a, b"
    )


def refusal(path: Path) -> str:
    with pytest.raises(SchemaError) as caught:
        read_schema(path)
    said = str(caught.value)
    assert said.startswith(str(path)) and "\n" not in said
    return said.removeprefix(f"{path.parent}/")


REFUSED = {
    "missing": (None, "schema: cannot be read: No such file or directory"),
    "empty": (b" \n", "schema: is empty; a schema has a message NetParameter"),
    "garbage": (b"\xff\xfe\0" * 20, "schema: is neither a .proto file nor a compiled schema"),
    "no message": (
        FileDescriptorProto(name="a.proto").SerializeToString(),
        "schema: is neither a .proto file nor a compiled schema",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_schema(name: str, tmp_path: Path) -> None:
    content, said = REFUSED[name]
    if content is not None:
        (tmp_path / "schema").write_bytes(content)
    assert refusal(tmp_path / "schema") == said


def test_a_folder_is_no_schema(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    assert refusal(tmp_path / "schema") == "schema: cannot be read: Is a directory"


PROTOS = {
    "message Net { optional string name = 1; }": "my.proto: has no message NetParameter",
    "message NetParameter { optional Layer layer = 1; }": (
        'my.proto: does not compile: my.proto:2:33: "Layer" is not defined.'
    ),
    "message NetParameter {": "my.proto: does not compile: my.proto:3:1: Reached end of input",
    "message NetParameter { optional sint32 a = 1; }": (
        "my.proto: NetParameter.a is of protobuf type 17, which Caffe never uses"
    ),
    'import "none.proto";': "my.proto: does not compile: none.proto: File not found.",
}


@needs_compiler
@pytest.mark.parametrize("text", PROTOS)
def test_a_proto_that_will_not_do(text: str, tmp_path: Path) -> None:
    (tmp_path / "my.proto").write_text(f'syntax = "proto2";\n{text}\n')
    assert refusal(tmp_path / "my.proto").startswith(PROTOS[text])


@needs_compiler
@pytest.mark.parametrize("syntax", ["", 'syntax = "proto2";'])
def test_an_error_is_told_rather_than_a_warning(syntax: str, tmp_path: Path) -> None:
    (tmp_path / "my.proto").write_text(f"{syntax}\nmessage NetParameter {{ optional int32 a = 1 }}")
    assert refusal(tmp_path / "my.proto") == (
        'my.proto: does not compile: my.proto:2:45: Expected ";".'
    )


def test_what_is_compiled_without_its_imports_is_told_so(tmp_path: Path) -> None:
    file = FileDescriptorProto(name="my.proto", package="mine", dependency=["filler.proto"])
    message = file.message_type.add(name="NetParameter")
    message.field.add(name="filler", number=1, label=1, type=11, type_name=".other.Filler")
    said = refusal(write(tmp_path / "my.desc", FileDescriptorSet(file=[file])))
    assert said.endswith(
        "which is not there; make it with protoc --include_imports, since it imports filler.proto"
    )


@needs_compiler
def test_proto3_is_told(tmp_path: Path) -> None:
    (tmp_path / "my.proto").write_text('syntax = "proto3"; message NetParameter {}')
    said = refusal(tmp_path / "my.proto")
    assert said == "my.proto: my.proto is proto3, and Caffe's schemas are proto2"


def test_without_the_compiler_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "my.proto").write_text(MINE)
    assert "needs protobuf's compiler: pip install 'protofix[schema]'" in refusal(
        tmp_path / "my.proto"
    )
