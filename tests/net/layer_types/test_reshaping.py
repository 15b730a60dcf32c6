"""Reshape, Flatten and Split: what they make, and what Caffe would refuse."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, makes, refuses


def reshape(*dims: int, rest: str = "") -> str:
    written = " ".join(f"dim: {dim}" for dim in dims)
    return f'type: "Reshape" reshape_param {{ shape {{ {written} }} {rest} }}'


def flatten(fields: str = "") -> str:
    return f'type: "Flatten" flatten_param {{ {fields} }}'


# The layer, what it reads and what it makes.
BUILT: list[Makes] = [
    (reshape(6, 4), "2 3 4", "6 4"),
    (reshape(0, -1), "2 3 4", "2 12"),
    (reshape(-1), "2 3 4", "24"),
    (reshape(0, 0, 2, -1), "2 3 4", "2 3 2 2"),
    # Zero copies the axis of the same place, even where that axis is kept besides.
    (reshape(-1, 0, rest="num_axes: 1"), "2 1 4", "2 1 1 4"),
    (reshape(3, 4, rest="axis: 1"), "2 12", "2 3 4"),
    (reshape(4, -1, rest="axis: -2"), "2 3 12", "2 3 4 3"),
    # −1 is the place behind the last axis, and no axes replaced are axes put in.
    (reshape(1, 1, rest="axis: -1"), "2 3", "2 3 1 1"),
    (reshape(1, rest="axis: 1 num_axes: 0"), "2 3", "2 1 3"),
    (reshape(12, rest="axis: 1 num_axes: 2"), "2 3 4 5", "2 12 5"),
    ('type: "Reshape"', "1 1", ""),
    (reshape(1, 1), "", "1 1"),
    (flatten(), "2 3 4 5", "2 60"),
    (flatten(), "2 3", "2 3"),
    (flatten("axis: 0"), "2 3 4", "24"),
    (flatten("axis: 1 end_axis: 2"), "2 3 4 5", "2 12 5"),
    (flatten("axis: -2 end_axis: -2"), "2 3 4", "2 3 4"),
    # An end just before the start puts an axis of 1 in between.
    (flatten("axis: 2 end_axis: 1"), "2 3 4", "2 3 1 4"),
    (flatten(), "2 0 4", "2 0"),
    ('type: "Split"', "2 3 4", "2 3 4"),
]

test_what_is_built = makes(BUILT)


# The layer, what it reads, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    (reshape(2, 5), "2 3 4", "makes 2 × 5 of `b0`, which is 2 × 3 × 4: a count of 10, not 24"),
    (reshape(0, 5), "2 3 4", "makes 2 × 5 of `b0`, which is 2 × 3 × 4: a count of 10, not 24"),
    (
        reshape(0, 5, -1),
        "2 3 4",
        "makes 2 × 5 × ? of `b0`, which is 2 × 3 × 4: 12 is not divisible",
    ),
    (reshape(-1, -1), "2 3 4", "has 2 dims of −1: only one of them can follow"),
    (reshape(-1, -1), None, "has 2 dims of −1: only one of them can follow"),
    (reshape(-2, 12), "2 3 4", "has a dim of -2: it must be a count"),
    (reshape(0, 0, 0), "2 12", "copies axis 2 of `b0`, but that is 2 × 12, with 2 axes"),
    (reshape(0), "", "copies axis 0 of `b0`, but that is a single value, with no axes"),
    (reshape(1, rest="axis: 3"), "2 3", "from axis 3, but `b0` is 2 × 3: it must be from −3 to 2"),
    (reshape(1, rest="axis: -4"), "2 3", "from axis -4, but `b0` is 2 × 3: it must be"),
    (reshape(6, rest="num_axes: 3"), "2 3", "replaces 3 axes from axis 0 on, but `b0` is 2 × 3"),
    (reshape(6, rest="num_axes: -2"), "2 3", "has num_axes -2: give how many axes"),
    (reshape(6, rest="num_axes: -2"), None, "has num_axes -2: give how many axes"),
    ('type: "Reshape"', "2 3", "has no shape to give `b0`, which is 2 × 3: write shape { dim:"),
    (reshape(0, -1), "2 0 4", "reads `b0`, which is 2 × 0 × 4: it must have values"),
    (flatten(), "6", "works on axis 1, but `b0` is 6"),
    (flatten(), "", "works on axis 1, but `b0` is a single value"),
    (flatten("end_axis: 4"), "2 3 4 5", "works on axis 4, but `b0` is 2 × 3 × 4 × 5"),
    (flatten("axis: 3 end_axis: 1"), "2 3 4 5", "from axis 3 to end_axis 1: the end must not"),
    (flatten("axis: -1 end_axis: 0"), "2 3 4", "from axis 2 to end_axis 0: the end must not"),
]

test_what_is_refused = refuses(REFUSED)


@pytest.mark.parametrize("layer", [reshape(0, -1), flatten(), 'type: "Split"'])
def test_what_cannot_work_in_place(layer: str) -> None:
    it = built(f'top: "b0" {layer}', "2 3", tops=0)
    assert len(it.said) == 1
    assert "cannot work in place: give its top another name than `b0`" in it.said[0]
    assert it.tops == ((2, 3),)


# The layer, what is known of its bottom, and what follows of its top.
UNKNOWN: list[Makes] = [
    # Axes that are copied cancel out: the batch may be any.
    (reshape(0, -1), "? 3 4", "? 12"),
    (reshape(0, 0, -1), "? ? 4 5", "? ? 20"),
    (reshape(-1, 6, rest="axis: 1"), "? 3 4", "? 2 6"),
    (reshape(-1, 12), "? 3 4", "? 12"),
    (reshape(64, 12), "? 3 4", "64 12"),
    (reshape(0, -1), "2 ? 4", "2 ?"),
    (reshape(0, -1, 5), None, "? ? 5"),
    (reshape(-1, 5, rest="axis: 1"), None, None),
    (reshape(5, rest="num_axes: 1"), None, None),
    (flatten(), "? 3 4", "? 12"),
    (flatten(), "2 ? 4", "2 ?"),
    (flatten(), None, "? ?"),
    (flatten("axis: 0"), None, "?"),
    (flatten("axis: 2"), None, "? ? ?"),
    (flatten("axis: -2"), None, None),
    (flatten("end_axis: 2"), None, None),
    ('type: "Split"', "? 3", "? 3"),
    ('type: "Split"', None, None),
]

test_what_follows_from_what_is_known = makes(UNKNOWN)


@pytest.mark.parametrize(
    ("layer", "bottom", "piece"),
    [
        # Whatever the batch is, the counts cannot be the same.
        (
            reshape(0, 7),
            "? 10",
            "makes ? × 7 of `b0`, which is ? × 10: the counts of values cannot",
        ),
        (reshape(64, 7), "? 10", "which is ? × 10: the counts of values cannot be the same"),
        (
            reshape(0, 4, -1),
            "? 10",
            "makes ? × 4 × ? of `b0`, which is ? × 10: 10 is not divisible",
        ),
        (reshape(0, 0, 0), "? ?", "copies axis 2 of `b0`"),
    ],
)
def test_what_cannot_be_whatever_is_not_known(layer: str, bottom: str, piece: str) -> None:
    [said] = built(layer, bottom).said
    assert piece in said


def test_one_mistake_leaves_the_rest_known() -> None:
    assert built(reshape(5, -1, rest="axis: 1"), "2 3 4").tops == ((2, 5, None),)
    assert built(reshape(5, rest="axis: 1 num_axes: 1"), "2 3 4").tops == ((2, None, 4),)


HUGE = "9" * 5000


@pytest.mark.parametrize(
    "fields",
    [
        f"shape {{ dim: {HUGE} dim: {HUGE} }}",
        f"shape {{ dim: {HUGE} dim: -1 }}",
        f"shape {{ dim: -{HUGE} }}",
        f"axis: {HUGE}",
        f"num_axes: {HUGE}",
        'shape { dim: "3" dim: 1.5 }',
        "shape: 3",
        "shape { dim: [] }",
        "axis: x num_axes: [1, 2]",
    ],
    ids=lambda fields: fields[:20],
)
def test_odd_values_break_nothing(fields: str) -> None:
    it = built(f'type: "Reshape" reshape_param {{ {fields} }}', "2 3")
    assert len(it.tops) == 1
    assert all("\n" not in said for said in it.said)
