"""Nets in the V0 and V1 formats with any layout: comments stay, messages are Caffe's."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from comments import comments_of
from google.protobuf import text_format
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

import protofix
from caffe_proto import base_schema
from protofix.textproto.tree import scalars_named, walk
from protofix.upgrade.weights.splice import upgrade_weights

pytestmark = pytest.mark.lengthy

Block = list[tuple[str, Any]]  # of names with a list of values as written, or a Block

V1 = ["CONVOLUTION", "POOLING", "RELU", "DATA", "INNER_PRODUCT", "4", "SOFTMAX_LOSS", "MYSTERY"]
V0 = ["conv", "pool", "relu", "data", "innerproduct", "images", "padding", "softmax_loss", "odd"]


@dataclass
class Printer:
    """Writes a net with the gaps drawn: blanks, line ends, numbered comments."""

    gaps: list[int]
    parts: list[str] = field(default_factory=list)
    comments: int = 0

    def gap(self, needed: bool = False) -> None:
        kind = self.gaps.pop() if self.gaps else 1
        if kind == 0 and not needed:
            return
        if kind in (0, 1, 2):
            self.parts.append(" ")
        elif kind == 3:
            self.parts.append("\n  ")
        elif kind == 4:
            self.parts.append("\n\n\t")
        elif kind == 5:
            self.comments += 1
            self.parts.append(f"  # behind {self.comments}\n")
        else:
            self.comments += 1
            self.parts.append(f"\n    # above {self.comments}\n    ")

    def block(self, block: Block) -> None:
        for name, value in block:
            self.parts.append(name)
            if name.endswith(("_param", "layers", "layer")):
                self.gap()
                self.parts.append("{")
                self.gap()
                self.block(value)
                self.parts.append("}")
            else:
                self.values(value)
            self.gap(needed=True)

    def values(self, values: list[str]) -> None:
        self.parts.append(":")
        self.gap()
        if len(values) == 1:
            self.parts.append(values[0])
            return
        self.parts.append("[")
        self.gap()
        for number, value in enumerate(values):
            self.parts += [", "] if number else []
            self.gap()
            self.parts.append(value)
            self.gap()
        self.parts.append("]")


def one(*values: str) -> st.SearchStrategy[list[str]]:
    return st.sampled_from(values).map(lambda value: [value])


BLOBS = one('"data"', "'a'", '"b # no comment"', '"c"')


def fields(**kinds: st.SearchStrategy[list[str]]) -> st.SearchStrategy[Block]:
    """Some of the fields, each once, in any order."""
    pairs = [st.tuples(st.just(name), kind) for name, kind in kinds.items()]
    return st.lists(st.sampled_from(pairs), unique_by=id).flatmap(
        lambda chosen: st.tuples(*chosen).map(list)
    )


def repeated(name: str, kind: st.SearchStrategy[list[str]], most: int) -> st.SearchStrategy[Block]:
    several = st.lists(kind.map(lambda v: (name, v)), max_size=most)
    listed = st.lists(kind, max_size=most).map(
        lambda values: [(name, [value for [value] in values])] if len(values) != 1 else []
    )
    return st.one_of(several, listed)


def shuffled(*parts: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return (
        st.tuples(*parts)
        .map(lambda found: [pair for part in found for pair in part])
        .flatmap(lambda pairs: st.permutations(pairs).map(list))
    )


RATES = one("1", "2.", "0", ".5")
DATA_PARAM = fields(
    source=one("'db'"), scale=one("0.1", "2"), mirror=one("true"), batch_size=one("4")
).map(lambda inner: [("data_param", inner)] if inner else [])
TRANSFORM_PARAM = fields(scale=one("3"), crop_size=one("8")).map(
    lambda inner: [("transform_param", inner)]
)
V1_LAYER = shuffled(
    one(*V1).map(lambda v: [("type", v)]),
    fields(name=one('"conv"', "'x'"), loss_weight=one("1", "2")),
    repeated("bottom", BLOBS, 3),
    repeated("top", BLOBS, 2),
    repeated("blobs_lr", RATES, 3),
    repeated("weight_decay", RATES, 3),
    repeated("param", one('"w"', "''"), 3),
    repeated("blob_share_mode", one("STRICT", "PERMISSIVE", "1"), 2),
    DATA_PARAM,
    st.one_of(st.just([]), TRANSFORM_PARAM),
)
V0_INNER = shuffled(
    one(*(f'"{name}"' for name in V0)).map(lambda v: [("type", v)]),
    fields(
        name=one('"conv"'), num_output=one("4"), pad=one("1"), kernelsize=one("3"),
        stride=one("2"), biasterm=one("true"), source=one('"db"'), scale=one(".5"),
        meanfile=one("'mean'"), batchsize=one("8"), new_num=one("1"),
    ),
    repeated("blobs_lr", RATES, 3),
)  # fmt: skip
V0_LAYER = shuffled(
    V0_INNER.map(lambda inner: [("layer", inner)]),
    repeated("bottom", BLOBS, 2),
    repeated("top", BLOBS, 2),
)
INPUTS = shuffled(repeated("input", BLOBS, 2), repeated("input_dim", one("1", "3", "0x10"), 8))
NETS = shuffled(
    fields(name=one('"net"'), force_backward=one("true")),
    st.lists(st.one_of(V1_LAYER, V0_LAYER), max_size=4).map(
        lambda layers: [("layers", layer) for layer in layers if layer]
    ),
    INPUTS,
)

OLD = {"layers", "blobs_lr", "weight_decay", "blob_share_mode", "kernelsize", "batchsize"}


def numbered(text: str) -> Counter[str]:
    """The numbered comments of a text, each by itself where two share a line."""
    said = comments_of(text).elements()
    return Counter(one for comment in said for one in re.findall(r"(?:behind|above) \d+", comment))


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(NETS, st.lists(st.integers(0, 6), max_size=120))
def test_no_layout_loses_a_comment_or_stays_old(net: Block, gaps: list[int]) -> None:
    printer = Printer(gaps)
    printer.block(net)
    text = "".join(printer.parts)
    if not net:
        return
    upgrade = protofix.upgrade_text(text)
    after = upgrade.after.text
    assert numbered(after) == numbered(text)
    assert not upgrade.after.diagnoses
    assert not protofix.upgrade_text(after).changed
    if upgrade.complete:
        old = {node.name for node in walk(upgrade.after.fields)} & OLD
        assert not old
        assert not scalars_named(upgrade.after.fields, "input")


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(NETS, st.lists(st.integers(0, 6), max_size=60))
def test_a_text_and_its_binary_become_the_same_net(net: Block, gaps: list[int]) -> None:
    """Two upgrades that share only the table of facts: edits of a text, bytes of a message."""
    printer = Printer(gaps)
    printer.block(net)
    text = "".join(printer.parts)
    parser = base_schema().message_class("NetParameter")
    assume("layers" in text)
    try:
        message = text_format.Parse(text, parser())
    except text_format.ParseError:
        reject()
    upgrade = protofix.upgrade_text(text)
    assume(upgrade.complete)
    with TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        before.write_bytes(message.SerializeToString())
        assume(upgrade_weights(before, after).complete)
        wanted: Any = parser.FromString(after.read_bytes())
    made: Any = text_format.Parse(upgrade.after.text, parser())
    assert without_empty(made) == without_empty(wanted)


def without_empty(net: Any) -> Any:
    """Caffe puts empty messages into every data layer of a net in which one has old fields."""
    for layer in net.layer:
        for name in ("transform_param", "data_param", "image_data_param", "window_data_param"):
            if layer.HasField(name) and not getattr(layer, name).ByteSize():
                layer.ClearField(name)
    return net
