"""Layers that bring data into a net: what they make, and what Caffe refuses of them."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, built_net, makes, refuses

SOURCE = 'source: "nowhere" '

# The layer, that it reads nothing, and what it makes.
BUILT: list[Makes] = [
    ('type: "Input" input_param { shape { dim: 2 dim: 3 } }', [], "2 3"),
    ('type: "Input" input_param { shape { dim: 0 } }', [], "0"),
    ('type: "Input" input_param { shape { } }', [], ""),
    ('type: "Input"', [], ""),
    ('type: "Input" input_param { shape { dim: 2 } shape { dim: 3 } }', [], ["2", "3"]),
    ('type: "Input" input_param { shape [{ dim: 2 }, { dim: [3, 4] }] }', [], ["2", "3 4"]),
    ('type: "Input" input_param { shape { dim: 5 } } ', [], ["5", "5", "5"]),
    ('type: "Parameter" parameter_param { shape { dim: 4 dim: 5 } }', [], "4 5", ["4 5"]),
    ('type: "Parameter"', [], "", [""]),
    ('type: "Python" python_param { module: "m" layer: "L" }', [], [None, None], None),
    ('type: "DummyData" dummy_data_param { shape { dim: 2 } }', [], ["2", "2"]),
    ('type: "DummyData" dummy_data_param { num: 2 channels: 3 height: 4 width: 5 }', [], "2 3 4 5"),
    ('type: "DummyData" dummy_data_param { num: 2 num: 7 channels: 3 height: 4 width: 5 width: 1 }',
     [], ["2 3 4 5", "7 3 4 1"]),
    ('type: "DummyData" dummy_data_param { shape { dim: 2 } data_filler { type: "gaussian" } }',
     [], "2"),
    ('type: "MemoryData" memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 }',
     [], ["2 3 4 5", "2"]),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 }}', [], ["8 ? ? ?", "8"]),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 }} transform_param {{ crop_size: 9 }}',
     [], "8 ? 9 9"),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 }} '
     "transform_param { mean_value: 1 mean_value: 2 mean_value: 3 }",
     [], "8 3 ? ?"),
    # Only V1 layers have crop_size there.
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 crop_size: 9 }}', [], "8 ? ? ?"),
    (f'type: "ImageData" image_data_param {{ {SOURCE} batch_size: 8 }}', [], ["8 3 ? ?", "8"]),
    (f'type: "ImageData" image_data_param {{ {SOURCE} is_color: false }}', [], ["1 1 ? ?", "1"]),
    (f'type: "ImageData" image_data_param {{ {SOURCE} new_height: 6 new_width: 7 }}',
     [], ["1 3 6 7", "1"]),
    (f'type: "ImageData" image_data_param {{ {SOURCE} new_height: 6 new_width: 7 }} '
     "transform_param { crop_size: 5 mean_value: 9 }",
     [], ["1 3 5 5", "1"]),
    (f'type: "WindowData" window_data_param {{ {SOURCE} batch_size: 8 }} '
     "transform_param { crop_size: 227 }",
     [], ["8 ? 227 227", "8"]),
    (f'type: "HDF5Data" hdf5_data_param {{ {SOURCE} batch_size: 8 }}', [], [None, None]),
]  # fmt: skip

test_what_it_makes = makes(BUILT)


# The layer, that it reads nothing, how many tops it has, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    ('type: "Input" input_param { shape { dim: 1 } shape { dim: 2 } }',
     [], 3, "2 shapes and 3 tops"),
    ('type: "Input" input_param { shape { dim: 1 dim: -2 } }', [], "1 × -2: no dimension can be"),
    ('type: "Parameter" parameter_param { shape { dim: -2 } }', [], "no dimension can be less"),
    ('type: "DummyData"', [], 2, "has no shapes and 2 tops"),
    ('type: "DummyData" dummy_data_param { shape { dim: 1 } shape { dim: 2 } }',
     [], "has 2 shapes and 1 top: write shape once"),
    ('type: "DummyData" dummy_data_param { shape { dim: 1 } num: 2 }',
     [], "has both shape and num"),
    ('type: "DummyData" dummy_data_param { num: 2 channels: 3 height: 4 }', [], "has no width and"),
    ('type: "DummyData" dummy_data_param { num: 2 num: 2 channels: 3 height: 4 width: 5 }',
     [], 3, "has 2 num and 3 tops"),
    ('type: "DummyData" dummy_data_param { shape { dim: 3 dim: 0 } }',
     [], "makes `t0` of 3 × 0, without values"),
    ('type: "DummyData" dummy_data_param { shape { dim: 3 } data_filler { } data_filler { } }',
     [], 3, "has 2 data_filler and 3 tops"),
    ('type: "DummyData" dummy_data_param { shape { dim: 3 } data_filler { type: "xaver" } }',
     [], 'did you mean "xavier"?'),
    ('type: "DummyData" dummy_data_param { shape { dim: 3 } data_filler { } '
     'data_filler { type: "constant" sparse: 3 } }',
     [], 2, "with `sparse`"),
    ('type: "DummyData" dummy_data_param { shape { dim: 1 dim: 1 dim: 3 dim: 4 } '
     'data_filler { type: "bilinear" } }',
     [], "it is for square ones"),
    ('type: "MemoryData" memory_data_param { batch_size: 1 channels: 3 height: 4 }',
     [], 2, "it has no width"),
    ('type: "MemoryData"', [], 2, "no batch_size and no channels and no height and no width"),
    ('type: "MemoryData" memory_data_param { batch_size: 2 channels: 3 height: 4 width: 5 } '
     'transform_param { mean_file: "m" mean_value: 3 }',
     [], 2, "has both mean_file and mean_value"),
    ('type: "Data" data_param { batch_size: 8 }', [], 2, "needs source, the folder of its LevelDB"),
    ('type: "Data" data_param { source: "" batch_size: 8 }', [], 2, "needs source"),
    (f'type: "Data" data_param {{ {SOURCE} }}', [], 2, "needs batch_size, how many it reads"),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 0 }}', [], "needs batch_size"),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 prefetch: 0 }}', [], "has prefetch 0"),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 }} '
     'transform_param { mean_file: "m" mean_value: 3 }',
     [], 2, "has both mean_file and mean_value"),
    (f'type: "Data" data_param {{ {SOURCE} batch_size: 8 }} transform_param {{ mean_file: "" }}',
     [], 2, "has an empty mean_file"),
    ('type: "ImageData"', [], 2, "needs source, the list of its images"),
    (f'type: "ImageData" image_data_param {{ {SOURCE} batch_size: 0 }}', [], 2, "needs batch_size"),
    (f'type: "ImageData" image_data_param {{ {SOURCE} new_height: 6 }}',
     [], 2, "has new_height 6 and new_width 0: give both, or neither"),
    (f'type: "ImageData" image_data_param {{ {SOURCE} new_height: 6 new_width: 7 }} '
     "transform_param { crop_size: 7 }",
     [], 2, "crops to 7 × 7, but each image is 6 × 7"),
    (f'type: "ImageData" image_data_param {{ {SOURCE} }} transform_param {{ mean_value: [1, 2] }}',
     [], 2, "2 mean_value, but each image has 3 channels: give one for all"),
    (f'type: "ImageData" image_data_param {{ {SOURCE} is_color: false }} '
     "transform_param { mean_value: [1, 2, 3] }",
     [], 2, "has 3 mean_value, but each image has 1 chan"),
    (f'type: "WindowData" window_data_param {{ {SOURCE} batch_size: 8 }}',
     [], 2, "needs crop_size in transform_param, the size"),
    (f'type: "WindowData" window_data_param {{ {SOURCE} batch_size: 8 crop_size: 5 }}',
     [], 2, "in window_data_param it has no effect"),
    ('type: "HDF5Data" hdf5_data_param { batch_size: 8 }',
     [], "needs source, the list of its HDF5"),
    (f'type: "HDF5Data" hdf5_data_param {{ {SOURCE} }}', [], "needs batch_size"),
    (f'type: "HDF5Data" hdf5_data_param {{ {SOURCE} batch_size: 8 }} transform_param {{ }}',
     [], "does not transform its data: take transform_param away"),
]  # fmt: skip

test_what_is_refused_to_train = refuses(REFUSED, "TRAIN")
test_what_is_refused_to_test = refuses(REFUSED, "TEST")


FILE = 'hdf5_output_param { file_name: "out.h5" }'

# What is read, and what is said of it; "" for nothing.
OUTPUTS: dict[tuple[str, str | None, str | None], str] = {
    (FILE, "4 3", "4"): "",
    (FILE, "4 3 2 1", None): "",
    (FILE, "", "1 5"): "",
    ("", "4 3", "4"): "needs file_name, the HDF5 file to write",
    (FILE, "4 3", "5"): "reads `b0`, which is 4 × 3, and `b1`, which is 5: the first axis of both",
    (FILE, "4 3", "4 1 1 1 1"): "reads `b1`, which is 4 × 1 × 1 × 1 × 1: it takes at most 4 axes",
}


@pytest.mark.parametrize("layer, data, label", OUTPUTS)
def test_hdf5_output(layer: str, data: str | None, label: str | None) -> None:
    outcome = built(f'type: "HDF5Output" {layer}', data, label, tops=0)
    expected = OUTPUTS[layer, data, label]
    assert outcome.tops == () and outcome.params == ()
    assert [bool(expected)] * len(outcome.said) == [True] * bool(expected)
    assert expected in "".join(outcome.said)


def test_silence_reads_whatever_it_is_given() -> None:
    assert built('type: "Silence"', "4 3", None, "", tops=0) == ((), (), [])


# The old formats have the fields elsewhere, or call them otherwise.
OLD = {
    'layers { type: DATA data_param { source: "x" batch_size: 8 crop_size: 9 } }': (8, None, 9, 9),
    'layers { type: DATA data_param { source: "x" batch_size: 8 crop_size: 9 } '
    "transform_param { crop_size: 5 } }": (8, None, 9, 9),
    'layers { type: DATA data_param { source: "x" batch_size: 8 } '
    "transform_param { crop_size: 5 } }": (8, None, 5, 5),
    'layers { type: IMAGE_DATA image_data_param { source: "x" batch_size: 8 crop_size: 9 } }':
        (8, 3, 9, 9),
    'layers { type: WINDOW_DATA window_data_param { source: "x" batch_size: 8 crop_size: 9 } }':
        (8, None, 9, 9),
    'layers { layer { type: "data" source: "x" batchsize: 8 cropsize: 9 meanfile: "m" } }':
        (8, None, 9, 9),
    'layers { layer { type: "images" source: "x" batchsize: 8 new_height: 9 new_width: 7 } }':
        (8, 3, 9, 7),
    'layers { layer { type: "window_data" source: "x" batchsize: 8 cropsize: 9 } }':
        (8, None, 9, 9),
    'layers { layer { type: "hdf5_data" source: "x" batchsize: 8 } }': None,
}  # fmt: skip


@pytest.mark.parametrize("text", OLD)
def test_old_formats(text: str) -> None:
    outcome = _made(text)
    assert outcome == (OLD[text], [])


OLD_REFUSED = {
    'layers { layer { type: "data" batchsize: 8 } }': "needs source",
    'layers { layer { type: "data" source: "x" } }': "needs batch_size",
    'layers { layer { type: "images" source: "x" new_width: -7 } }': "new_height 0 and new_width",
    'layers { layer { type: "hdf5_data" source: "x" batchsize: 8 scale: 0.5 } }': "take scale away",
    'layers { type: DATA data_param { source: "x" batch_size: 8 mean_file: "m" } '
    "transform_param { mean_value: 5 } }": "both mean_file and mean_value",
}


@pytest.mark.parametrize("text", OLD_REFUSED)
def test_old_formats_refused(text: str) -> None:
    _, [said] = _made(text)
    assert OLD_REFUSED[text] in said


def _made(text: str) -> tuple[object, list[str]]:
    """What the only layer of a text makes first, and what is said of it."""
    text = text.replace("{ type", '{ top: "a" top: "b" type', 1).replace(
        "{ layer", '{ top: "a" top: "b" layer', 1
    )
    it = built_net(text, "TRAIN")
    return it.tops_of(it.graph.layers[0])[0], [refusal.message for refusal in it.refusals]


ODD_VALUES = ["-1", "1" + "0" * 4000, "0x7fffffffffffffff", "4294967296", '"seven"', "[]", "nan"]
ODD_LAYERS = [
    'type: "Input" input_param { shape { dim: @ dim: @ } }',
    'type: "Parameter" parameter_param { shape { dim: @ dim: @ } }',
    'type: "DummyData" dummy_data_param { shape { dim: @ dim: @ } data_filler { sparse: @ } }',
    'type: "DummyData" dummy_data_param { num: @ channels: @ height: @ width: @ }',
    'type: "MemoryData" memory_data_param { batch_size: @ channels: @ height: @ width: @ }',
    'type: "Data" data_param { source: @ batch_size: @ backend: @ prefetch: @ } '
    "transform_param { crop_size: @ mean_file: @ mean_value: @ }",
    'type: "ImageData" image_data_param { source: @ batch_size: @ new_height: @ new_width: @ '
    "rand_skip: @ } transform_param { crop_size: @ }",
    'type: "WindowData" window_data_param { source: "x" batch_size: @ } '
    "transform_param { crop_size: @ }",
    'type: "HDF5Data" hdf5_data_param { source: @ batch_size: @ }',
]


@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: value[:12])
@pytest.mark.parametrize("layer", ODD_LAYERS)
def test_odd_values_break_nothing(layer: str, value: str) -> None:
    outcome = built(layer.replace("@", value), tops=2)
    assert len(outcome.tops) == 2
    assert all("\n" not in said for said in outcome.said)
