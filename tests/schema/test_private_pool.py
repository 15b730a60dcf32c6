"""protofix's messages and those of an installed pycaffe live in one process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Stands in for pycaffe: a caffe.proto with another NetParameter, in protobuf's default pool.
THEIRS = """
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

def theirs():
    file = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe")
    field = file.message_type.add(name="NetParameter").field.add(name="theirs", number=1)
    field.type, field.label = field.TYPE_INT32, field.LABEL_OPTIONAL
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    descriptor = pool.FindMessageTypeByName("caffe.NetParameter")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)
"""
OURS = """
def ours():
    from caffe_proto import base_schema
    return base_schema().message_class("NetParameter")
"""
USE = """
from google.protobuf import text_format

def both_work():
    a, b = Ours(name="ours"), Theirs(theirs=7)
    a.layer.add(type="ReLU").bottom.append("data")
    for net, fields in ((a, {"name", "layer"}), (b, {"theirs"})):
        again = type(net).FromString(net.SerializeToString())
        assert again == net
        assert {field.name for field, _ in again.ListFields()} == fields
        assert text_format.Parse(text_format.MessageToString(net), type(net)()) == net
    assert Ours is not Theirs
    assert Ours.DESCRIPTOR.full_name == Theirs.DESCRIPTOR.full_name == "caffe.NetParameter"
    assert Ours.DESCRIPTOR.file.pool is not Theirs.DESCRIPTOR.file.pool

both_work()
print("both work")
"""


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param("Ours = ours(); Theirs = theirs()", id="ours first"),
        pytest.param("Theirs = theirs(); Ours = ours()", id="theirs first"),
        pytest.param("Ours = ours(); Ours(name='used'); Theirs = theirs()", id="ours used first"),
    ],
)
def test_both_schemas_work_in_one_process(order: str) -> None:
    program = THEIRS + OURS + order + USE
    run = run_python(program)
    assert run.returncode == 0, run.stderr
    assert run.stdout == "both work\n"


def test_default_pool_stays_without_our_messages() -> None:
    program = OURS + (
        "from google.protobuf import descriptor_pool\n"
        "ours()\n"
        "try:\n"
        "    descriptor_pool.Default().FindMessageTypeByName('caffe.NetParameter')\n"
        "except KeyError:\n"
        "    print('not there')\n"
    )
    run = run_python(program)
    assert run.stdout == "not there\n", run.stderr
