"""A user's own schema: a .proto file, compiled by the official compiler, or a compiled one.

Imports become part of one file, since a schema of protofix is one file. What only other programs
need of it (services, extensions, options of the file) is left out.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from caffe_proto.schema import Schema, SchemaError, build_schema

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        FileDescriptorProto,
        FileDescriptorSet,
    )

_NET = "NetParameter"
_ERROR = re.compile(r"[^:]+:(\d+:\d+:| File not found)")
_TEXT_CONTROLS = frozenset(b"\t\n\v\f\r")


def read_schema(path: Path) -> Schema:
    """Read a schema that holds NetParameter, in whatever package; it is named like its file.

    A text is taken as a .proto file whose imports lie beside it, and needs grpcio-tools. Anything
    else is a FileDescriptorSet or a FileDescriptorProto. Raises SchemaError.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise SchemaError(f"{path}: cannot be read: {reason}") from None
    if not data.strip():
        raise SchemaError(f"{path}: is empty; a schema has a message {_NET}")
    if _is_text(data):
        data = _compile(path)
    lacking: list[str] = []
    try:
        files = _file_set(data)
        lacking = _imports_lacking(files)
        return build_schema(path.name, _one_file(files, path.name))
    except SchemaError as error:
        hint = "; make it with protoc --include_imports, since it imports " if lacking else ""
        raise SchemaError(f"{path}: {error}{hint}{', '.join(lacking)}") from None


def _is_text(data: bytes) -> bool:
    """Whether bytes are a text; a compiled schema has control characters in its first field."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(byte >= 32 or byte in _TEXT_CONTROLS for byte in set(data))


def _compile(path: Path) -> bytes:
    if importlib.util.find_spec("grpc_tools") is None:
        raise SchemaError(
            f"{path}: needs protobuf's compiler: pip install 'protofix[schema]', or give what "
            "protoc --include_imports --descriptor_set_out makes of it"
        )
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "set.desc"
        # A process of its own: grpc_tools brings a protobuf runtime that need not be ours.
        protoc = subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", "--proto_path=."),
                *("--include_imports", f"--descriptor_set_out={output}", f"./{path.name}"),
            ],
            cwd=path.parent,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if protoc.returncode:
            raise SchemaError(f"{path}: does not compile: {_first_error(protoc.stderr)}")
        return output.read_bytes()


def _first_error(said: str) -> str:
    """The first error that protoc tells, between warnings and lines of its log."""
    lines = [line for line in said.splitlines() if "warning:" not in line] or ["no output"]
    errors = [line for line in lines if _ERROR.match(line)]
    # Of a Python traceback the last line tells.
    return errors[0] if errors else lines[-1] if lines[0].startswith("Traceback") else lines[0]


def _file_set(data: bytes) -> FileDescriptorSet:
    """Take a compiled schema of either kind."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
    from google.protobuf.message import DecodeError

    found: list[FileDescriptorSet] = []
    with contextlib.suppress(DecodeError, ValueError):
        found.append(FileDescriptorSet.FromString(data))
    with contextlib.suppress(DecodeError, ValueError):
        found.append(FileDescriptorSet(file=[FileDescriptorProto.FromString(data)]))
    # Bytes of the one kind may pass for the other, but then no message is in them.
    told = [files for files in found if any(file.message_type for file in files.file)]
    if not told:
        raise SchemaError("is neither a .proto file nor a compiled schema")
    return told[0]


def _imports_lacking(files: FileDescriptorSet) -> list[str]:
    """The files that those of a compiled schema import and that are not in it."""
    there = {file.name for file in files.file}
    return sorted({it for file in files.file for it in file.dependency} - there)


def _one_file(files: FileDescriptorSet, name: str) -> FileDescriptorProto:
    """Put all messages and enums into one file, in the package of NetParameter."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    homes = {file.package: file for file in files.file if _net_in(file)}
    if not homes:
        raise SchemaError(f"has no message {_NET}")
    if len(homes) > 1 and "caffe" not in homes:
        raise SchemaError(f"has a {_NET} in each of the packages {', '.join(sorted(homes))}")
    package = "caffe" if "caffe" in homes else next(iter(homes))
    for file in files.file:
        if file.syntax not in ("", "proto2"):
            raise SchemaError(f"{file.name} is {file.syntax}, and Caffe's schemas are proto2")
    whole = FileDescriptorProto(name=name, package=package)
    for file in files.file:
        whole.message_type.extend(file.message_type)
        whole.enum_type.extend(file.enum_type)
    names = [message.name for message in whole.message_type]
    names += [enum.name for enum in whole.enum_type]
    twice = sorted({it for it in names if names.count(it) > 1})
    if twice:
        raise SchemaError(f"`{twice[0]}` is there twice, in two packages")
    moved = {
        full: _prefix(package) + full.removeprefix(_prefix(file.package))
        for file in files.file
        for full in _full_names(file)
    }
    for message in whole.message_type:
        _rename_types(message, moved)
    return whole


def _net_in(file: FileDescriptorProto) -> bool:
    return any(message.name == _NET for message in file.message_type)


def _prefix(package: str) -> str:
    return f".{package}." if package else "."


def _full_names(file: FileDescriptorProto) -> Iterator[str]:
    def below(message: DescriptorProto, prefix: str) -> Iterator[str]:
        yield prefix + message.name
        inner = f"{prefix}{message.name}."
        for enum in message.enum_type:
            yield inner + enum.name
        for nested in message.nested_type:
            yield from below(nested, inner)

    prefix = _prefix(file.package)
    for enum in file.enum_type:
        yield prefix + enum.name
    for message in file.message_type:
        yield from below(message, prefix)


def _rename_types(message: DescriptorProto, moved: dict[str, str]) -> None:
    del message.extension[:]
    for field in message.field:
        if field.type_name:
            field.type_name = moved.get(field.type_name, field.type_name)
    for nested in message.nested_type:
        _rename_types(nested, moved)
