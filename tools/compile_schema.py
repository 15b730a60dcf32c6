"""Makes caffe_proto/caffe.desc and caffe.json, the compiled schema, of caffe_proto/caffe.proto.

Run it after an edit of caffe.proto. It needs grpcio-tools, which the installed package does not:
that is why the compiled forms are kept in the repository.

    python tools/compile_schema.py            write caffe.desc and caffe.json
    python tools/compile_schema.py --check    exit 1 if they are not what caffe.proto gives
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2

from caffe_proto.schema import build_schema
from caffe_proto.stored import stored_tables

PROTO = Path(__file__).resolve().parents[1] / "caffe_proto" / "caffe.proto"


class CompileError(Exception):
    """The schema could not be compiled; the message is what protoc said, in one line."""


def compile_proto(proto: Path) -> bytes:
    """Give the serialized FileDescriptorProto of a .proto file, without source info.

    The file's name in it is the bare one, `caffe.proto`. Raises CompileError.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "set.desc"
        # A process of its own: grpc_tools brings a protobuf runtime that need not be ours.
        protoc = subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc"),
                *("--proto_path=.", f"--descriptor_set_out={output}", proto.name),
            ],
            cwd=proto.parent,  # so that errors name the file without its folders
            capture_output=True,
            text=True,
        )
        if protoc.returncode:
            said = protoc.stderr.strip().splitlines() or ["no output"]
            # Of a Python traceback the last line tells, of protoc's own errors the first.
            raise CompileError(said[-1] if said[0].startswith("Traceback") else said[0])
        files = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file
    return files[0].SerializeToString(deterministic=True)


def compiled(proto: Path) -> dict[Path, bytes]:
    """Give the files that a .proto file is kept as: its descriptor, and its look-up tables.

    Raises CompileError.
    """
    descriptor = compile_proto(proto)
    schema = build_schema(proto.stem, descriptor_pb2.FileDescriptorProto.FromString(descriptor))
    tables = stored_tables(schema).encode()
    return {proto.with_suffix(".desc"): descriptor, proto.with_suffix(".json"): tables}


def main(arguments: list[str] | None = None) -> int:
    """Write or check caffe.desc and caffe.json.

    Gives 0 for success, 1 where a check finds a file stale, 2 where caffe.proto does not compile.
    """
    parser = argparse.ArgumentParser(description="Compile caffe_proto/caffe.proto.")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    check: bool = parser.parse_args(arguments).check
    try:
        files = compiled(PROTO)
    except CompileError as error:
        print(f"{PROTO.name} does not compile: {error}", file=sys.stderr)
        return 2
    stale = [path for path, it in files.items() if not path.exists() or path.read_bytes() != it]
    for path in stale:
        if check:
            print(f"{path.name} is stale: run python tools/compile_schema.py", file=sys.stderr)
        else:
            path.write_bytes(files[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
