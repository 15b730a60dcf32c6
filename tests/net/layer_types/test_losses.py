"""Losses, Accuracy and Softmax: what they make of scores and labels, and what is refused."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, built_net, built_of_shapes, makes, refuses
from hypothesis import given
from hypothesis import strategies as st

from protofix.net.shapes import Shape

TWO_WEIGHTS = "loss_weight: 1 loss_weight: 0"


def said(layer: str, *bottoms: Shape) -> list[str]:
    """What is refused of a layer whose bottoms have shapes of which some dimensions are unknown."""
    return built_of_shapes(layer, bottoms).said


# The layer, what it reads and what it makes.
BUILT: list[Makes] = [
    ('type: "Softmax"', "4 5", "4 5"),
    ('type: "Softmax" softmax_param { axis: -1 }', "7", "7"),
    ('type: "Softmax"', "0 5", "0 5"),
    ('type: "Softmax" softmax_param { engine: CUDNN }', "4 5 6 7", "4 5 6 7"),
    ('type: "SoftmaxWithLoss"', ["4 5", "4"], ""),
    ('type: "SoftmaxWithLoss"', ["4 5 1 1", "4 1 1 1"], ""),
    ('type: "SoftmaxWithLoss"', ["4 5 30 20", "4 1 30 20"], ""),
    ('type: "SoftmaxWithLoss"', ["4 5 30 20", "4 600"], ""),
    ('type: "SoftmaxWithLoss" softmax_param { axis: 2 }', ["16 4 9", "16 4"], ""),
    ('type: "SoftmaxWithLoss" loss_param { normalize: true }', ["4 5", "4"], ""),
    ('type: "InfogainLoss"', ["4 5", "4", "5 5"], ""),
    ('type: "InfogainLoss"', ["4 5", "4", "25"], ""),
    ('type: "InfogainLoss"', ["4 5 30 20", "4 30 20", "1 1 5 5"], ""),
    ('type: "InfogainLoss" infogain_loss_param { axis: -1 }', ["4 6 5", "4 6", "5 5"], ""),
    (f'type: "InfogainLoss" {TWO_WEIGHTS}', ["4 5", "4", "5 5"], ["", "4 5"]),
    # That of softmax_param is not its axis.
    ('type: "InfogainLoss" softmax_param { axis: 9 }', ["4 5", "4", "5 5"], ""),
    ('type: "MultinomialLogisticLoss"', ["4 5", "4"], ""),
    ('type: "MultinomialLogisticLoss"', ["4 5 2 2", "4 1 1 1"], ""),
    ('type: "HingeLoss"', ["4 5", "4"], ""),
    ('type: "HingeLoss"', ["4 5", "4 3 2"], ""),
    ('type: "EuclideanLoss"', ["4 5 2 3", "4 30"], ""),
    ('type: "EuclideanLoss"', ["4", "4 1"], ""),
    ('type: "SigmoidCrossEntropyLoss"', ["4 5 2 3", "4 30"], ""),
    ('type: "SigmoidCrossEntropyLoss"', ["0 5", "0 3"], ""),
    ('type: "SigmoidCrossEntropyLoss"', ["4 2 2 2 2 2", "4 32"], ""),
    ('type: "ContrastiveLoss"', ["4 2", "4 2 1 1", "4"], ""),
    ('type: "ContrastiveLoss"', ["4", "4 1", "4 1 1 1"], ""),
    ('type: "Accuracy"', ["4 5", "4"], ""),
    ('type: "Accuracy"', ["4 5", "4"], ["", "5"]),
    ('type: "Accuracy"', ["4 5", "2 2"], ""),
    ('type: "Accuracy" accuracy_param { axis: -1 }', ["16 4 9", "16 4"], ["", "9"]),
    ('type: "Accuracy" accuracy_param { axis: 0 }', ["5", ""], ["", "5"]),
    ('type: "Accuracy" accuracy_param { top_k: 5 }', ["4 5", "4"], ""),
]

test_a_loss_is_a_single_value = makes(BUILT)


BUILT_BY_SEGNET: list[Makes] = [
    ('type: "Accuracy"', ["4 5", "4"], ""),
    ('type: "Accuracy"', ["4 5 6 7", "4 1 6 7"], ["", "5 1 1 1"]),
    ('type: "Accuracy" accuracy_param { axis: -1 }', ["16 4 9", "16 4"], ["", "4 1 1 1"]),
    ('type: "Accuracy"', [None, "4"], ["", "? 1 1 1"]),
]
test_what_segnet_builds = makes(BUILT_BY_SEGNET, dialect="segnet")

# R-FCN's gives out the probabilities and the loss of each region, too.
BUILT_BY_RFCN: list[Makes] = [
    ('type: "SoftmaxWithLoss"', ["4 5", "4"], ["", "4 5", None]),
]

test_what_rfcn_builds = makes(BUILT_BY_RFCN, dialect="rfcn")


@pytest.mark.parametrize("kind", ["SoftmaxWithLoss", "HingeLoss", "EuclideanLoss", "Accuracy"])
def test_what_is_not_known_is_not_wrong(kind: str) -> None:
    outcome = built(f'type: "{kind}"', None, None)
    assert outcome.said == []
    assert outcome.tops == ((),)


# The layer, what it reads, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    (
        'type: "Softmax" softmax_param { axis: 2 }',
        "4 5",
        "`x` works on axis 2, but `b0` is 4 × 5",
    ),
    ('type: "Softmax"', "4 0", "axis 1 of `b0`, 4 × 0: there is no class on it"),
    ('type: "SoftmaxWithLoss"', ["", "4"], "works on axis 1, but `b0` is a single value"),
    ('type: "SoftmaxWithLoss"', ["4 0", "4"], "there is no class on it"),
    ('type: "SoftmaxWithLoss"', ["0 5", "0"], "reads `b0`, 0 × 5, which holds no scores"),
    (
        'type: "SoftmaxWithLoss"',
        ["4 5", ""],
        "reads `b1`, which is a single value: the first axis of what it reads must be the batch",
    ),
    (
        'type: "SoftmaxWithLoss"',
        ["4 5", "3"],
        "reads `b0`, 4 × 5, and `b1`, 3: the first axis of both is the batch and must be the "
        "same, not 4 and 3",
    ),
    # The labels in front.
    (
        'type: "Accuracy"',
        ["4", "4 5"],
        "reads `b0`, 4, as its scores and `b1`, 4 × 5, as their labels: are the two swapped?",
    ),
    # Labels in one long row.
    (
        'type: "SoftmaxWithLoss"',
        ["4 8 30 30", "3600"],
        "those are labels enough, but their first axis must be the batch, 4: make `b1` "
        "4 × 1 × 30 × 30",
    ),
    # One label an image, and nothing that makes one of a map.
    (
        'type: "SoftmaxWithLoss"',
        ["4 8 30 30", "4"],
        "`x` reads 4 labels in `b1`, where `b0`, 4 × 8 × 30 × 30, needs one for each position: "
        "4 × 30 × 30 = 3,600; `b0` is a map of scores: for one label an item, put a fully "
        "connected layer (InnerProduct) or global pooling in between; for one at each "
        "position, make `b1` 4 × 1 × 30 × 30",
    ),
    # A map of labels, and scores of whole images.
    (
        'type: "SoftmaxWithLoss"',
        ["1 21", "1 1 227 227"],
        "`x` reads 51,529 labels in `b1`, 1 × 1 × 227 × 227, where `b0`, 1 × 21, needs one for "
        "each item: 1; `b0` has one set of scores an item: make `b1` 1 × 1, or, for a label "
        "at each position, score with convolutions, without a fully connected layer",
    ),
    (
        'type: "SoftmaxWithLoss"',
        ["4 8 30 30", "4 1 60 60"],
        "the map of scores is 30 × 30, that of labels 60 × 60: bring one to the size of the "
        "other (Deconvolution, Crop), or make `b1` 4 × 1 × 30 × 30",
    ),
    (
        'type: "SoftmaxWithLoss"',
        ["4 5", "4 5"],
        "a label is the number of its class, not a value for each class: make `b1` 4 × 1",
    ),
    (
        'type: "SoftmaxWithLoss"',
        ["4 5", "4 3"],
        "reads 12 labels in `b1`, 4 × 3, where `b0`, 4 × 5, needs one for each item: 4; make "
        "`b1` 4 × 1; several labels an item need a Slice layer and a loss each",
    ),
    # The scores of a recurrent net, steps first.
    (
        'type: "SoftmaxWithLoss"',
        ["16 4 9", "16 4"],
        "needs one for each position: 16 × 9 = 144; they fit with `softmax_param { axis: 2 }`",
    ),
    (
        'type: "SoftmaxWithLoss" softmax_param { axis: 2 }',
        ["4 8 30 20", "4 1 30 20"],
        "needs one for each position off axis 2: 4 × 8 × 20 = 640; they fit with "
        "`softmax_param { axis: 1 }`",
    ),
    (
        'type: "SoftmaxWithLoss" softmax_param { axis: 0 }',
        ["4 5", "4 3"],
        "axis 0 is the batch: say which axis has the classes",
    ),
    (
        'type: "InfogainLoss"',
        ["4 8 30 30", "4", "1 1 8 8"],
        "needs one for each position: 4 × 30 × 30 = 3,600",
    ),
    (
        'type: "InfogainLoss" infogain_loss_param { axis: 3 }',
        ["4 5", "4", "5 5"],
        "works on axis 3, but `b0` is 4 × 5",
    ),
    (
        'type: "InfogainLoss"',
        ["4 5", "4", "1 1 4 4"],
        "`x` reads H from `b2`: `b0` has 5 classes, H is 4 × 4: it must be 5 × 5",
    ),
    (
        'type: "InfogainLoss"',
        ["4 5", "4", "2 1 5 5"],
        "H is 2 × 1 × 5 × 5: it must be 5 × 5",
    ),
    (
        'type: "InfogainLoss"',
        ["4 5", "4", "2 5 5"],
        "it must be 5 × 5, one for each iteration (batch_size: 1)",
    ),
    ('type: "InfogainLoss"', ["0 5", "0", "5 5"], "which holds no scores"),
    (
        'type: "MultinomialLogisticLoss"',
        ["4 5", "4 1 30 20"],
        "reads `b1`, 4 × 1 × 30 × 20, but takes one label for each image: it must be 4 × 1; "
        "for a label at each position take SoftmaxWithLoss",
    ),
    (
        'type: "MultinomialLogisticLoss"',
        ["4 5", "4 1 1 1 1"],
        "reads `b1`, 4 × 1 × 1 × 1 × 1, of 5 axes: it takes at most 4",
    ),
    ('type: "MultinomialLogisticLoss"', ["4 5 1 1 1", "4"], "reads `b0`, 4 × 5 × 1 × 1 × 1"),
    # What Caffe aborts at when it builds comes before what it would abort at when it runs.
    (
        'type: "MultinomialLogisticLoss"',
        ["2 3 2 2 2", "2 3 2 2"],
        "reads `b1`, 2 × 3 × 2 × 2, but takes one label for each image",
    ),
    (
        'type: "MultinomialLogisticLoss"',
        ["2 3 2 2 2", "2 1 1 1 1"],
        "reads `b1`, 2 × 1 × 1 × 1 × 1, of 5 axes",
    ),
    ('type: "EuclideanLoss"', ["2 3 8 8 8", "2 3 8 8"], "for each item, not 1,536 and 192"),
    ('type: "HingeLoss"', ["4 5 1 1 1", "4"], "of 5 axes: it takes at most 4"),
    ('type: "HingeLoss"', ["4 5", "3"], "must be the same, not 4 and 3"),
    (
        'type: "EuclideanLoss"',
        ["4 5", "4 8 30 30"],
        "`x` compares `b0`, 4 × 5, with `b1`, 4 × 8 × 30 × 30, value by value: both must have "
        "as many values for each item, not 5 and 7,200",
    ),
    (
        'type: "EuclideanLoss"',
        ["4 5", "4"],
        "not 5 and 1; if `b1` is the number of a class, take SoftmaxWithLoss",
    ),
    ('type: "EuclideanLoss"', ["4 5 1 1 1", "4 5"], "of 5 axes: it takes at most 4"),
    ('type: "EuclideanLoss"', ["", "4"], "`b0`, which is a single value"),
    (
        'type: "SigmoidCrossEntropyLoss"',
        ["100 784", "100 150528"],
        "as many values for each item, not 784 and 150,528",
    ),
    ('type: "SigmoidCrossEntropyLoss" loss_weight: 1', ["0 5", "0 5"], "holds no scores"),
    (
        'type: "ContrastiveLoss"',
        ["4 8 6 6", "4 8", "4"],
        "compares vectors, N × C, and `b0` is 4 × 8 × 6 × 6: put a Flatten or InnerProduct",
    ),
    ('type: "ContrastiveLoss"', ["4 2", "4 3", "4"], "`b1`, 4 × 3, value by value"),
    ('type: "ContrastiveLoss"', ["4 2", "3 2", "4"], "must be the same, not 4 and 3"),
    (
        'type: "ContrastiveLoss"',
        ["4 2", "4 2", "4 2"],
        "reads `b2`, 4 × 2, but takes one label for each pair: it must be 4 × 1",
    ),
    ('type: "Accuracy"', ["4 5", "3"], "needs one for each item: 4; make `b1` 4 × 1"),
    ('type: "Accuracy"', ["4 5", "0"], "reads `b1`, 0, which holds no labels"),
    (
        'type: "Accuracy" accuracy_param { axis: 0 }',
        ["4 5", "4"],
        "they fit with `accuracy_param { axis: 1 }`",
    ),
    (
        'type: "Accuracy" accuracy_param { top_k: 9 }',
        ["4 5", "4"],
        "`x` counts the best 9 (top_k), but `b0` has only 5 classes: top_k must be 5 at most",
    ),
]

test_what_does_not_fit_is_said_once = refuses(REFUSED)


def test_a_softmax_loss_makes_no_probabilities() -> None:
    outcome = built(f'type: "SoftmaxWithLoss" {TWO_WEIGHTS}', "4 5", "4", tops=2)
    assert "take `t1` away" in outcome.said[0]
    assert "a Softmax layer that reads `b0`" in outcome.said[0]


# The same where some dimensions are not known.
CERTAIN: list[Refuses] = [
    # The batch is the same in both, whatever it is.
    (
        'type: "SoftmaxWithLoss"',
        ["? 8 30 30", "? 1"],
        "reads labels in `b1`, ? × 1, where `b0`, ? × 8 × 30 × 30, needs one for each "
        "position: ? × 30 × 30",
    ),
    # 600 labels an item are no whole number of rows of 7.
    (
        'type: "SoftmaxWithLoss"',
        ["4 ? 30 20", "4 7 ? 1"],
        "needs one for each position: 4 × 30 × 20 = 2,400",
    ),
    ('type: "InfogainLoss"', ["4 ?", "4", "3 4"], "3 × 4: it must be square"),
    ('type: "InfogainLoss"', ["4 5", "4", "? 1 4 4"], "it must be 5 × 5"),
    ('type: "EuclideanLoss"', ["? 5", "? 6"], "not 5 and 6"),
    ('type: "MultinomialLogisticLoss"', ["? 5", "? ? 30"], "one label for each"),
    ('type: "Accuracy" accuracy_param { top_k: 6 }', ["? 5", None], "5 at most"),
]

test_what_is_certain_is_said = refuses(CERTAIN)


KINDS = [
    "SoftmaxWithLoss", "InfogainLoss", "MultinomialLogisticLoss", "EuclideanLoss", "HingeLoss",
    "SigmoidCrossEntropyLoss", "ContrastiveLoss", "Accuracy",
]  # fmt: skip

DIMS = st.sampled_from([1, 2, 3, 4])


@st.composite
def shapes_and_less(draw: st.DrawFn, bottoms: int) -> tuple[list[Shape], list[Shape]]:
    """Shapes that have much in common, and the same with some dimensions or shapes not known."""
    first = tuple(draw(st.lists(DIMS, min_size=1, max_size=4)))
    near = [first, first[:1], (*first[:1], 1, *first[2:]), first[:1] + first[2:], (2, 2), (3, 3)]
    shapes = [first, *(draw(st.sampled_from(near)) for _ in range(bottoms - 1))]
    less: list[Shape] = [
        None
        if draw(st.integers(0, 9)) == 0
        else tuple(None if draw(st.booleans()) else dim for dim in shape)
        for shape in shapes
    ]
    return list(shapes), less


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_what_fits_is_not_refused_where_less_is_known(kind: str, data: st.DataObject) -> None:
    bottoms = 3 if kind in ("InfogainLoss", "ContrastiveLoss") else 2
    shapes, less = data.draw(shapes_and_less(bottoms))
    fits = said(f'type: "{kind}"', *shapes) == []
    refused = said(f'type: "{kind}"', *less)
    assert not (fits and refused), (shapes, less, refused)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(10**4000, 10**4000, 7), (-3, 5), (0, 0), (4, -1, 2), (1,) * 32])
def test_odd_shapes_stop_nothing(kind: str, shape: tuple[int, ...]) -> None:
    third = [(7,)] if kind in ("InfogainLoss", "ContrastiveLoss") else []
    for other in (shape, (4,), (7, 10**3000, 10**3000)):
        assert isinstance(said(f'type: "{kind}"', shape, other, *third), list)


@pytest.mark.parametrize(
    "fields",
    [
        f"accuracy_param {{ top_k: {'9' * 5000} }}",
        "accuracy_param { top_k: -1 axis: -9 }",
        'accuracy_param { axis: "1" top_k: 1.5 }',
        "accuracy_param: 3",
        f"accuracy_param {{ axis: -{'9' * 5000} }}",
    ],
)
def test_odd_fields_stop_nothing(fields: str) -> None:
    assert built(f'type: "Accuracy" {fields}', "4 5", "4").tops == ((),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'layers { name: "x" type: SOFTMAX_LOSS bottom: "a" bottom: "b" top: "t" }',
            "needs one for each position: 4 × 30 × 30 = 3,600",
        ),
        (
            'layers { layer { name: "x" type: "softmax_loss" } bottom: "a" bottom: "b" top: "t" }',
            "needs one for each position: 4 × 30 × 30 = 3,600",
        ),
        (
            'layers { name: "x" type: ACCURACY accuracy_param { top_k: 9 } bottom: "a" bottom: "c" '
            'top: "t" }',
            "`a` has only 8 classes",
        ),
    ],
)
def test_old_formats_are_set_up_alike(text: str, message: str) -> None:
    shapes = {"a": (4, 8, 30, 30), "b": (4,), "c": (4, 30, 30)}
    inputs = "".join(
        f'input: "{name}" input_shape {{ {" ".join(f"dim: {dim}" for dim in shape)} }}\n'
        for name, shape in shapes.items()
    )
    [refusal] = built_net(inputs + text).refusals
    assert message in refusal.message
