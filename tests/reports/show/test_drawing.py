"""What is drawn of a net: its boxes, what is folded into them, groups, and when they are there."""

from __future__ import annotations

import pytest

from protofix.reports.show.drawing import Drawing, drawings
from protofix.reports.show.grouping import groups_of
from protofix.showing import show
from protofix.textproto.source import Source


def drawn(text: str) -> Drawing:
    (drawing,) = drawings(show(Source(text, "net.prototxt")).facts)
    return drawing


def boxes(text: str) -> dict[str, tuple[str, ...]]:
    return {box.title: box.lines for box in drawn(text).boxes}


def edges(text: str) -> list[tuple[str, str, tuple[str, ...], str]]:
    drawing = drawn(text)
    titles = [box.title for box in drawing.boxes]
    return [(titles[it.source], titles[it.target], it.blobs, it.when) for it in drawing.edges]


INPUT = 'input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n'
CONV = """layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 stride: 2 } }
"""


def test_layers_in_place_are_in_the_box_of_what_they_change() -> None:
    text = INPUT + CONV
    text += 'layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }\n'
    text += 'layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }\n'
    text += 'layer { name: "prob" type: "Softmax" bottom: "conv" top: "prob" }\n'
    assert boxes(text) == {
        "data": ("input", "1×3×8×8"),
        "conv": ("Convolution 3×3 /2", "+ BatchNorm, ReLU", "1×4×3×3"),
        "prob": ("Softmax", "1×4×3×3", "output"),
    }
    assert edges(text) == [
        ("data", "conv", ("data",), "always"),
        ("conv", "prob", ("conv",), "always"),
    ]


def test_a_layer_in_place_that_only_some_states_keep_has_a_box_of_its_own() -> None:
    text = INPUT + CONV
    text += """layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv"
      include { phase: TRAIN } }
    layer { name: "prob" type: "Softmax" bottom: "conv" top: "prob" }
    """
    assert [(box.title, box.tag) for box in drawn(text).boxes] == [
        ("data", ""), ("conv", ""), ("drop", "TRAIN only"), ("prob", ""),
    ]  # fmt: skip
    assert edges(text)[1:] == [
        ("conv", "drop", ("conv",), "TRAIN"),
        ("drop", "prob", ("conv",), "TRAIN"),
        ("conv", "prob", ("conv",), "TEST"),
    ]


def test_states_are_told_apart_and_their_shapes_stand_side_by_side() -> None:
    text = """layer { name: "a" type: "DummyData" top: "data" include { phase: TRAIN }
      dummy_data_param { shape { dim: 8 dim: 3 } } }
    layer { name: "b" type: "DummyData" top: "data" include { phase: TEST }
      dummy_data_param { shape { dim: 2 dim: 3 } } }
    layer { name: "c" type: "DummyData" top: "extra" include { stage: "s" }
      dummy_data_param { shape { dim: 1 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc"
      inner_product_param { num_output: 5 } }
    """
    drawing = drawn(text)
    assert drawing.states == ("TRAIN", "TEST", "TRAIN, stage s", "TEST, stage s")
    assert [(box.title, box.when, box.tag) for box in drawing.boxes] == [
        ("a", "TRAIN", "TRAIN only"),
        ("b", "TEST", "TEST only"),
        ("c", "some", "in TRAIN, stage s; TEST, stage s"),
        ("fc", "always", ""),
    ]
    assert boxes(text)["fc"] == ("InnerProduct 5", "8|2×5", "output")


def test_losses_outputs_and_what_nobody_makes_are_marked() -> None:
    text = (
        INPUT
        + """layer { name: "loss" type: "EuclideanLoss" bottom: "data" bottom: "gone"
      top: "l2" loss_weight: 0.5 }
    layer { name: "two" type: "Slice" bottom: "data" top: "x" top: "y" slice_param { axis: 3 } }
    """
    )
    assert boxes(text) == {
        "data": ("input", "1×3×8×8"),
        "loss": ("EuclideanLoss", "l2 scalar", "loss × 0.5"),
        "two": ("Slice", "x 1×3×8×4", "y 1×3×8×4", "output x and y"),
        "gone": ("made by no layer",),
    }
    assert [box.title for box in drawn(text).boxes if box.ends] == ["loss", "two"]


# Names in order, the edges between them, and the groups that they make.
GROUPS = [
    (
        ["data", "res2a_branch1", "res2a_branch2a", "res2a", "fc"],
        [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)],
        [("res2a", [1, 2, 3])],
    ),
    (
        ["data", "inception_3a/1x1", "inception_3a/output", "pool3/3x3"],
        [(0, 1), (1, 2), (2, 3)],
        [("inception_3a", [1, 2])],
    ),
    # Those that do not hang together are no group.
    (["data", "conv_a", "conv_b", "sum"], [(0, 1), (0, 2), (1, 3), (2, 3)], []),
    # Nor is one that is left and entered again.
    (["data", "conv_a", "pool", "conv_b"], [(0, 1), (1, 2), (2, 3), (1, 3)], []),
    # Nor are all boxes together.
    (["conv_a", "conv_b"], [(0, 1)], []),
    # Two that would stand in a circle with each other, beside one that does not.
    (
        ["a_1", "b_1", "a_2", "b_2", "c_1", "c_2"],
        [(0, 2), (1, 3), (0, 3), (1, 2), (3, 4), (4, 5)],
        [("c", [4, 5])],
    ),
]


@pytest.mark.parametrize(("titles", "pairs", "expected"), GROUPS)
def test_groups_share_a_prefix_and_hang_together(
    titles: list[str], pairs: list[tuple[int, int]], expected: list[tuple[str, list[int]]]
) -> None:
    names, group_of = groups_of(titles, pairs)
    found = [
        (name, [box for box, group in group_of.items() if group == number])
        for number, name in enumerate(names)
    ]
    assert found == expected
