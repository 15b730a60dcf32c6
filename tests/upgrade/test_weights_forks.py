"""Weights of forks, which give numbers of Caffe's fields to fields of their own: none is refused.

Each is written by the fork's own schema, as the fork would write it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from shared_data import corpus_files, corpus_id, needs_shared
from weights_nets import BLOB, both, field, net_of

from caffe_proto import DIALECTS, FieldType, Schema, SchemaError, dialect_schema
from protofix.net.dialects import fit
from protofix.textproto.reader import read
from protofix.textproto.source import NotTextError, Source
from protofix.upgrade.weights.messages import wire_message
from protofix.upgrade.weights.splice import upgrade_weights
from protofix.upgrade.weights.wire import Piece

FORKS = DIALECTS[1:]
DEEPEST = 3  # messages in messages


def dialect_net(path: Path) -> Any:
    """A net of the corpus as a message of its own dialect; None for what is none."""
    try:
        source = Source.from_bytes(path.read_bytes())
        found = fit(read(source))
        if found.kind != "NetParameter":
            return None
        net = dialect_schema(found.dialect.name).message_class("NetParameter")()
        return text_format.Parse(source.text, net)
    except (NotTextError, SchemaError, text_format.ParseError):
        return None


NETS = [path for path in corpus_files() if dialect_net(path) is not None]


@needs_shared
@pytest.mark.parametrize("path", NETS, ids=corpus_id)
def test_nets_of_the_corpus_go_through(path: Path, tmp_path: Path) -> None:
    net = dialect_net(path)
    binary = net.SerializePartialToString()
    (tmp_path / "old").write_bytes(binary)
    upgrade = upgrade_weights(tmp_path / "old", tmp_path / "new")
    after = (tmp_path / "new").read_bytes()
    assert upgrade.complete
    assert (after == binary) == (not upgrade.steps)
    result = type(net).FromString(after)
    assert not result.layers
    if upgrade.steps == ("input",):
        assert list(result.layer)[-len(net.layer) :] == list(net.layer)


def test_the_corpus_has_nets_of_forks() -> None:
    assert not NETS or len(NETS) > 150


def filled(schema: Schema, name: str, depth: int = 1) -> Any:
    """A message with a value in each field."""
    message = schema.message_class(name)()
    for it in schema.messages[name].fields.values():
        if it.kind == "message":
            if depth < DEEPEST:
                inner = filled(schema, it.type_name or "", depth + 1)
                held = getattr(message, it.name)
                held.add().CopyFrom(inner) if it.repeated else held.CopyFrom(inner)
        elif it.repeated:
            getattr(message, it.name).extend([value_of(schema, it)] * 2)
        else:
            setattr(message, it.name, value_of(schema, it))
    return message


def value_of(schema: Schema, it: FieldType) -> Any:
    if it.kind == "enum":
        return max(schema.enums[it.type_name or ""].values.values())
    return {"string": "text\x7f", "bytes": b"\xff\xff", "bool": True}.get(it.kind, 96)


@pytest.mark.parametrize("fork", FORKS)
def test_all_that_a_fork_has_goes_through(fork: str, tmp_path: Path) -> None:
    schema = dialect_schema(fork)
    net = filled(schema, "NetParameter")
    net.ClearField("layers")
    for name in ("input", "input_shape", "input_dim"):
        net.ClearField(name)
    for it in schema.messages["LayerParameter"].fields.values():
        net.layer.add(name=it.name)
        whole = filled(schema, "LayerParameter")
        for other in schema.messages["LayerParameter"].fields:
            if other != it.name:
                whole.ClearField(other)
        net.layer[-1].MergeFrom(whole)
    binary = net.SerializePartialToString()
    (tmp_path / "old").write_bytes(binary)
    upgrade = upgrade_weights(tmp_path / "old", tmp_path / "new")
    assert (upgrade.steps, upgrade.notes, upgrade.layers) == ((), (), len(net.layer))
    assert (tmp_path / "new").read_bytes() == binary


@pytest.mark.parametrize("fork", FORKS)
def test_old_layers_of_a_fork_stay_readable(fork: str, tmp_path: Path) -> None:
    """Fields whose numbers mean something else today go; the blobs never do."""
    schema = dialect_schema(fork)
    layer = filled(schema, "V1LayerParameter")
    layer.ClearField("layer")
    net = schema.message_class("NetParameter")(layers=[layer])
    (tmp_path / "old").write_bytes(net.SerializePartialToString())
    upgrade = upgrade_weights(tmp_path / "old", tmp_path / "new")
    result: Any = type(net).FromString((tmp_path / "new").read_bytes())
    assert "v1" in upgrade.steps
    [after] = result.layer
    assert (after.name, list(after.blobs)) == (layer.name, list(layer.blobs))
    assert after.convolution_param == layer.convolution_param


WRONG = {0: b"\x01", 1: bytes(8), 2: b"\xff\xff\xff", 5: bytes(4)}


def strange_fields(name: str) -> bytes:
    """A field of each number of a message, once in each wire type that it cannot have."""
    message = wire_message(name)
    return b"".join(
        field(number, wire, value)
        for number in message.fields
        for wire, value in WRONG.items()
        if message.known(Piece(number, wire, b"")) is None
    )


V1_LAYER = field(4, 2, b"a") + field(5, 0, b"\x12") + BLOB
V0_LAYER = field(1, 2, b"a") + field(2, 2, b"relu") + field(50, 2, field(5, 2, b"\0\0\0\x3f"))
V2_LAYER = field(1, 2, b"a") + field(2, 2, b"ReLU") + field(7, 2, field(5, 2, b"\0\0\0\x3f"))
AFTER = 'layer { name: "a" type: "ReLU" blobs { data: 0.5 } }'


@pytest.mark.parametrize(
    "binary",
    [
        field(2, 2, strange_fields("V1LayerParameter") + V1_LAYER),
        field(2, 2, V1_LAYER + strange_fields("V1LayerParameter")),
        field(2, 2, field(1, 2, strange_fields("V0LayerParameter") + V0_LAYER)),
        field(2, 2, strange_fields("V1LayerParameter") + field(1, 2, V0_LAYER)),
        field(100, 2, strange_fields("LayerParameter") + V2_LAYER),
        field(2, 2, V1_LAYER) + strange_fields("NetParameter"),
        field(2, 2, V1_LAYER[: -len(BLOB)] + field(6, 2, strange_fields("BlobProto") + BLOB[2:])),
    ],
    ids=["V1", "V1 behind", "in V0", "beside V0", "today's", "net", "blob"],
)
def test_strange_fields_change_nothing_that_is_known(binary: bytes, tmp_path: Path) -> None:
    net = net_of("")
    net.MergeFromString(binary)
    net.DiscardUnknownFields()
    assert net.layers or net.layer  # Protobuf itself can read it.
    after, _ = both(tmp_path, binary)
    result = type(net).FromString(after)
    result.DiscardUnknownFields()
    assert result == net_of(AFTER)
