"""caffe.desc and caffe.json are what caffe.proto compiles to, and their tool says when not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caffe_proto import base_file, base_schema, build_schema
from caffe_proto.stored import stored_tables

ROOT = Path(__file__).parents[2]


def compile_schema(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("grpc_tools")
    tool = root / "tools" / "compile_schema.py"
    return subprocess.run([sys.executable, tool, *arguments], capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the tool and the schema, for a test to spoil."""
    forms = (f"caffe_proto/caffe.{form}" for form in ("proto", "desc", "json"))
    for name in ("tools/compile_schema.py", *forms):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_descriptor_is_up_to_date() -> None:
    run = compile_schema(ROOT, "--check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_stale_descriptor_is_told_and_made_anew(copy: Path) -> None:
    proto, desc = copy / "caffe_proto" / "caffe.proto", copy / "caffe_proto" / "caffe.desc"
    proto.write_text(proto.read_text() + "message Added {}\n")
    before = desc.read_bytes()

    run = compile_schema(copy, "--check")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        f"caffe.{form} is stale: run python tools/compile_schema.py" for form in ("desc", "json")
    ]
    assert desc.read_bytes() == before

    assert compile_schema(copy).returncode == 0
    assert desc.read_bytes() != before
    assert compile_schema(copy, "--check").returncode == 0


@pytest.mark.parametrize("form", ["desc", "json"])
def test_missing_form_is_stale(copy: Path, form: str) -> None:
    (copy / "caffe_proto" / f"caffe.{form}").unlink()
    assert compile_schema(copy, "--check").returncode == 1


def test_broken_proto_is_told_in_one_line(copy: Path) -> None:
    proto = copy / "caffe_proto" / "caffe.proto"
    proto.write_text(proto.read_text() + "message {}\n")
    run = compile_schema(copy)
    assert run.returncode == 2
    assert run.stderr.startswith("caffe.proto does not compile: caffe.proto:")
    assert run.stderr.count("\n") == 1


def test_tables_are_those_of_the_descriptor() -> None:
    built, read = build_schema("bvlc", base_file()), base_schema()
    assert stored_tables(read) == stored_tables(built)
    assert [*read.messages] == [*built.messages]
    for name, message in built.messages.items():
        assert list(read.messages[name].fields.items()) == list(message.fields.items())
        assert read.messages[name].required == message.required
    assert {name: dict(it.values) for name, it in read.enums.items()} == {
        name: dict(it.values) for name, it in built.enums.items()
    }
    assert read.descriptor == built.descriptor


def test_descriptor_carries_no_source_info() -> None:
    file = base_file()
    assert file.name == "caffe.proto"
    assert not file.HasField("source_code_info")
