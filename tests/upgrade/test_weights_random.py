"""Random nets in old formats: bytes upgraded by protofix are what Caffe makes of the messages."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from weights_reference import Net, upgraded

from caffe_proto import V0_TYPES, V1_TYPES, FieldType, base_schema
from protofix.upgrade.facts import CAFFE_STEPS, Step
from protofix.upgrade.weights.splice import upgrade_weights

SCHEMA = base_schema()
V1_NUMBERS = SCHEMA.enums["V1LayerParameter.LayerType"].values
NAMES = st.text("abcé/_1", min_size=1, max_size=5)
FLOATS = st.floats(width=32, allow_nan=False)
MOST_FIELDS = 4


def values(it: FieldType) -> st.SearchStrategy[Any]:
    """Values for a field that is no message."""
    if it.kind == "enum":
        assert it.type_name is not None
        return st.sampled_from(sorted(SCHEMA.enums[it.type_name].values.values()))
    return {
        "string": NAMES,
        "bytes": st.binary(max_size=5),
        "bool": st.booleans(),
        "float": FLOATS,
        "double": st.floats(allow_nan=False),
        "int32": st.integers(-(1 << 31), (1 << 31) - 1),
        "int64": st.integers(-(1 << 63), (1 << 63) - 1),
        "uint32": st.integers(0, (1 << 32) - 1),
        "uint64": st.integers(0, (1 << 64) - 1),
    }[it.kind]


@st.composite
def messages(draw: st.DrawFn, name: str, without: Sequence[str] = ()) -> Any:
    """A message with some of its fields."""
    fields = SCHEMA.messages[name].fields
    chosen = draw(
        st.lists(
            st.sampled_from([it for it in fields if it not in without]),
            max_size=MOST_FIELDS,
            unique=True,
        )
    )
    content = {}
    for field in dict.fromkeys([*SCHEMA.messages[name].required, *chosen]):
        it = fields[field]
        value = messages(it.type_name or "") if it.kind == "message" else values(it)
        content[field] = draw(st.lists(value, max_size=3) if it.repeated else value)
    return SCHEMA.message_class(name)(**content)


BLOBS = st.lists(messages("BlobProto"), max_size=2)


@st.composite
def v0_layers(draw: st.DrawFn) -> list[dict[str, Any]]:
    """V0 layers in a row; what is padded is a convolution or a pooling."""
    layers: list[dict[str, Any]] = []
    blob, padded = "data", False
    count = draw(st.integers(1, 4))
    for number in range(count):
        kinds = ["conv", "pool"] if padded else [*V0_TYPES]
        last = number == count - 1
        kind = draw(st.sampled_from(kinds if padded or last else [*kinds, *["padding"] * 9]))
        layer = draw(messages("V0LayerParameter", without=("type", "blobs")))
        layer.type, padded = kind, kind == "padding"
        if not padded:
            layer.blobs.extend(draw(BLOBS))
        top = draw(st.sampled_from([f"blob{number}", blob]))
        layers.append({"layer": layer, "bottom": [blob], "top": [top]})
        blob = top
    return layers


@st.composite
def v1_layers(draw: st.DrawFn) -> list[Any]:
    layers = []
    for _ in range(draw(st.integers(1, 4))):
        layer = draw(messages("V1LayerParameter", without=("layer", "type")))
        data = ["DATA", "IMAGE_DATA", "WINDOW_DATA"]
        layer.type = V1_NUMBERS[draw(st.sampled_from(["NONE", *V1_TYPES, *data * 10]))]
        for name in draw(st.sets(st.sampled_from([it.lower() + "_param" for it in data]))):
            getattr(layer, name).CopyFrom(
                draw(messages(SCHEMA.messages["V1LayerParameter"].fields[name].type_name or ""))
            )
        layers.append(layer)
    return layers


@st.composite
def v2_layers(draw: st.DrawFn) -> list[Any]:
    layers = []
    for _ in range(draw(st.integers(1, 4))):
        layer = draw(messages("LayerParameter", without=("type",)))
        layer.type = draw(st.sampled_from(["BatchNorm", "Scale"]))
        layers.append(layer)
    return layers


@st.composite
def nets(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["v0", "layers", "layer"]))
    field = "layer" if kind == "layer" else "layers"
    layers = {"v0": v0_layers(), "layers": v1_layers(), "layer": v2_layers()}[kind]
    inputs = ["data"] if kind == "v0" else draw(st.lists(NAMES, max_size=3))
    count = len(inputs)
    net: Any = Net(input=inputs, **{field: draw(layers)})
    shapes = draw(st.sampled_from(["none", "dims"] + ["shapes"] * (kind != "v0")))
    dims = st.integers(-1, 300)
    if shapes == "dims":
        net.input_dim.extend(draw(st.lists(dims, min_size=4 * count, max_size=4 * count)))
    elif shapes == "shapes":
        for _ in range(count):
            net.input_shape.add(dim=draw(st.lists(dims, max_size=5)))
    if draw(st.booleans()):
        net.name = draw(NAMES)
    if draw(st.booleans()):
        net.force_backward = draw(st.booleans())
    return net


@given(nets())
def test_random_nets_become_what_caffe_makes_of_them(net: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "old"), Path(folder, "new")
        source.write_bytes(net.SerializeToString())
        upgrade_weights(source, target)
        assert Net.FromString(target.read_bytes()) == upgraded(net)
        assert not upgrade_weights(target, target).changed


@st.composite
def odd_nets(draw: st.DrawFn) -> Any:
    """Nets that Caffe would not load: formats and odd types mixed, padding anywhere."""
    blobs = st.lists(st.sampled_from(["a", "b", "c"]), max_size=2)
    kinds = st.sampled_from(["padding", "conv", "pool", "relu", "magic", "BatchNorm", ""])
    net: Any = Net(input=draw(blobs), input_dim=draw(st.lists(st.integers(1, 9), max_size=8)))
    for number in range(draw(st.integers(1, 6))):
        place = {"bottom": draw(blobs), "top": draw(blobs)}
        given = {"blobs": [{"num": number}] * draw(st.sampled_from([0, 0, 0, 2]))}
        form = draw(st.sampled_from(["v0", "v0", "v0", "v1", "today"]))
        if form == "v0":
            rates = draw(st.lists(FLOATS, max_size=3))
            inner = {"name": "n", "type": draw(kinds), "pad": 1, "blobs_lr": rates, **given}
            net.layers.add(layer=inner, **place)
        elif form == "v1":
            net.layers.add(type=draw(st.sampled_from([4, 18, 5])), **place, **given)
        else:
            net.layer.add(type="Pooling", **place, **given)
    return net


def blobs_of(net: Any) -> list[int]:
    """What the blobs of all layers are told apart by."""
    layers = [*net.layers, *(layer.layer for layer in net.layers), *net.layer]
    return sorted(blob.num for layer in layers for blob in layer.blobs)


STEPS = st.sampled_from([CAFFE_STEPS, ("v0",), ("v0", "v1"), ("v1", "input"), ("input",)])


@given(odd_nets(), STEPS)
def test_odd_nets_keep_their_blobs_and_are_done_after_one_run(
    net: Any, steps: tuple[Step, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "old"), Path(folder, "new")
        source.write_bytes(net.SerializeToString())
        upgrade = upgrade_weights(source, target, steps, unsafe=True)
        result: Any = Net.FromString(target.read_bytes())
        assert blobs_of(result) == blobs_of(net)
        assert upgrade.layers == len(result.layer) + len(result.layers)
        assert not upgrade_weights(target, target, steps, unsafe=True).changed
