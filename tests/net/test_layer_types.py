"""Today's type of a layer from what the old formats write."""

from __future__ import annotations

import pytest

from protofix.net.layers import bind
from protofix.net.names import old_type, type_of_v1_name, v1_type_name
from protofix.net.values import bool_of
from protofix.textproto.reader import read
from protofix.textproto.source import Source

TYPES = {
    "layer { type: 'ReLU' }": "ReLU",
    "layer { type: 'RELU' }": "RELU",
    "layer { }": "",
    "layers { type: RELU }": "ReLU",
    "layers { type: 18 }": "ReLU",
    "layers { type: 0x12 }": "ReLU",
    "layers { type: 'SOFTMAX_LOSS' }": "SoftmaxWithLoss",
    "layers { type: NONE }": "NONE",
    "layers { type: 99 }": "",
    # Forks': one with a V1 type of its own, and those that the format had in no table.
    "layers { type: CROP }": "Crop",
    "layers { type: 40 }": "Crop",
    "layers { type: INTERP }": "Interp",
    "layers { type: IMAGE_SEG_DATA }": "ImageSegData",
    "layers { type: BATCH_NORM }": "BatchNorm",
    "layers { type: WIBBLE }": "WIBBLE",
    "layers { type: 'INTERP' }": "INTERP",
    "layers { layer { type: 'conv' } }": "Convolution",
    "layers { layer { type: 'wibble' } }": "wibble",
}


@pytest.mark.parametrize("text", TYPES)
def test_the_type_of_a_layer(text: str) -> None:
    [layer] = bind(read(Source(text))).layers
    assert layer.type == TYPES[text]


def test_types_of_v1_names() -> None:
    assert type_of_v1_name("SOFTMAX_LOSS") == "SoftmaxWithLoss"
    assert type_of_v1_name("CROP") == "Crop"
    assert type_of_v1_name("ROI_POOLING") == "ROIPooling"
    assert type_of_v1_name("ROI_POOLINGS") is None
    assert type_of_v1_name("NONE") is None
    assert type_of_v1_name("") is None
    # What only reads like a type is no type of an old format.
    assert old_type("ROI_POOLING") is None


def test_v1_types_by_number() -> None:
    numbers = (0, 1, 18, 40, 41, -1, 10**30)
    names = ["NONE", "ACCURACY", "RELU", "CROP", None, None, None]
    assert [v1_type_name(number) for number in numbers] == names


BOOLS = {
    "true": True,
    "True": True,
    "t": True,
    "1": True,
    "01": True,
    "0x1": True,
    "false": False,
    "False": False,
    "f": False,
    "0": False,
    "0x0": False,
    "TRUE": False,
    "-1": False,
    "2": False,
    "10": False,
}


@pytest.mark.parametrize("written", BOOLS)
def test_a_truth_value(written: str) -> None:
    fields = read(Source(f"debug_info: {written}")).fields
    assert bool_of(fields, "debug_info", default=not BOOLS[written]) == BOOLS[written]
