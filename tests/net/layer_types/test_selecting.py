"""Slice, Crop, Tile and BatchReindex: what they make, and what Caffe would refuse."""

from __future__ import annotations

import pytest
from building import Blobs, Makes, Refuses, built, built_net, each, makes, refuses, shapes_of


def cut(fields: str = "") -> str:
    return f'type: "Slice" slice_param {{ {fields} }}'


def crop(fields: str = "") -> str:
    return f'type: "Crop" crop_param {{ {fields} }}'


def tile(fields: str = "") -> str:
    return f'type: "Tile" tile_param {{ {fields} }}'


REINDEX = 'type: "BatchReindex"'

# The layer, what it reads and what it makes.
BUILT: list[Makes] = [
    (cut(), "2 6 4", ["2 2 4", "2 2 4", "2 2 4"]),
    (cut(), "2 6", "2 6"),
    (cut("axis: -1"), "2 6", ["2 3", "2 3"]),
    (cut("slice_dim: 0"), "4 6", ["2 6", "2 6"]),
    (cut("slice_point: 1 slice_point: 4"), "2 6", ["2 1", "2 3", "2 2"]),
    (cut("slice_point: [1, 4] axis: 0"), "6", ["1", "3", "2"]),
    (crop(), ["2 3 8 9", "1 1 5 6"], "2 3 5 6"),
    (crop("axis: 1"), ["2 3 8 9", "1 1 5 6"], "2 1 5 6"),
    (crop("axis: -1 offset: 4"), ["2 3 8 9", "1 1 5 5"], "2 3 8 5"),
    (crop("offset: 3"), ["2 3 8 9", "1 1 5 6"], "2 3 5 6"),
    (crop("offset: 3 offset: 0"), ["2 3 8 9", "1 1 5 9"], "2 3 5 9"),
    (crop("axis: 0"), ["8 9", "5 6 7"], "5 6"),
    (tile("tiles: 3"), "2 3 4", "2 9 4"),
    (tile("tiles: 2 axis: -1"), "2 3 4", "2 3 8"),
    (REINDEX, ["4 3 2", "7"], "7 3 2"),
]

test_what_is_built = makes(BUILT)


# The layer, what it reads, how many tops it makes, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    (cut(), "2 5", 2, "cuts `b0`, which is 2 × 5, into 2 equal parts along axis 1: 5 is not"),
    (cut("axis: 2"), "2 6", 2, "works on axis 2, but `b0` is 2 × 6"),
    (cut("slice_dim: 2"), "2 6", 2, "works on axis 2, but `b0` is 2 × 6"),
    (cut("axis: 1 slice_dim: 1"), "2 6", 2, "has both axis and slice_dim, its older name"),
    (cut("slice_point: 1"), "2 6", 3, "has 1 slice_point and 3 tops: write 2, one fewer"),
    (cut("slice_point: 1"), "2 6", 1, "has 1 slice_point and 1 top: write none, one fewer"),
    (cut("slice_point: 1"), None, 3, "has 1 slice_point and 3 tops: write 2, one fewer"),
    (cut("slice_point: [4, 1]"), "2 6", 3, "has slice_point 1 after 4, which leaves an empty"),
    (cut("slice_point: [2, 2]"), None, 3, "has slice_point 2 after 2, which leaves an empty"),
    (cut("slice_point: 0"), "2 6", 2, "has slice_point 0 at the start, which leaves an empty"),
    # Caffe builds a last part without values, and cannot run it.
    (
        cut("slice_point: 3"),
        "2 3",
        2,
        "makes `t1` of 2 × 0, without values: slice_point 3 is where axis 1 of `b0`, 2 × 3, ends",
    ),
    (cut("slice_point: 7"), "2 6", 2, "the last from 7 of axis 1: that axis is 6 long"),
    (cut("slice_point: [1, 2]"), "2 2", 3, "into 3 parts, the last from 2 of axis 1"),
    (cut(), "2 0", 1, "reads `b0`, which is 2 × 0: it must have values"),
    (crop(), ["2 3 8 9", "2 3 8 10"], 1, "to `b1`, which is 2 × 3 × 8 × 10: 10 is more than 9"),
    (
        crop("offset: 4"),
        ["2 3 8 9", "2 3 5 5"],
        1,
        "crops `b0`, which is 2 × 3 × 8 × 9, to `b1`, which is 2 × 3 × 5 × 5: "
        "5, from 4 on, is more than 8 along axis 2",
    ),
    (crop("axis: 4"), ["2 3 8 9", "2 3 5 5"], 1, "works on axis 4, but `b0` is 2 × 3 × 8 × 9"),
    (crop(), ["2 3", "2 3"], 1, "works on axis 2, but `b0` is 2 × 3"),
    (crop("offset: [1, 1, 1]"), ["2 3 8 9", "2 3 5 5"], 1, "has 3 offset, but `b0` is 2 × 3"),
    (crop("offset: [1, 1, 1]"), ["2 3 8 9", None], 1, "of which it crops 2 axes from axis 2 on"),
    (crop(), ["2 3 8 9", "5 5"], 1, "to `b1`, which is 5 × 5: that needs at least 4 axes"),
    (tile(), "2 3", 1, "needs tiles, how many times it repeats"),
    (tile("tiles: 0"), "2 3", 1, "has tiles 0: it must be at least 1"),
    (tile("tiles: -2"), None, 1, "has tiles -2: it must be at least 1"),
    (tile("tiles: 2 axis: 2"), "2 3", 1, "works on axis 2, but `b0` is 2 × 3"),
    (REINDEX, ["4 3", "7 1"], 1, "takes its items by `b1`, which is 7 × 1: it must have one axis"),
    (REINDEX, ["4 3", ""], 1, "takes its items by `b1`, which is a single value"),
    (REINDEX, ["", "7"], 1, "takes items of `b0`, a single value, without axes"),
]

test_what_is_refused = refuses(REFUSED)


# The layer, what is known of its bottoms, and what follows of its tops.
UNKNOWN: list[Makes] = [
    (cut(), "? 6 ?", ["? 3 ?", "? 3 ?"]),
    (cut(), "2 ?", ["2 ?", "2 ?"]),
    (cut("slice_point: [1, 4]"), "2 ?", ["2 1", "2 3", "2 ?"]),
    (cut("slice_point: [1, 4]"), None, [None, None, None]),
    (cut("slice_dim: -1"), "2 6", [None, None]),
    (crop(), ["? 3 ? ?", "? 1 5 ?"], "? 3 5 ?"),
    (crop(), ["2 3 8 9", None], "2 3 ? ?"),
    (crop("offset: 3"), ["2 3 ? 9", "2 3 8 6"], "2 3 8 6"),
    (crop(), [None, "2 3 8 9"], None),
    (tile("tiles: 3"), "? 3", "? 9"),
    (tile("tiles: 3"), "2 ?", "2 ?"),
    (tile("tiles: 3"), None, None),
    (REINDEX, ["? 3", "?"], "? 3"),
    (REINDEX, ["4 3", None], "? 3"),
    (REINDEX, [None, "7"], None),
]

test_what_follows_from_what_is_known = makes(UNKNOWN)


@pytest.mark.parametrize(
    ("layer", "bottoms", "tops"),
    [
        (cut(), "2 5 3", ["2 ? 3", "2 ? 3"]),
        (cut("slice_point: 9"), "2 5 3", ["2 ? 3", "2 ? 3"]),
        (crop(), ["2 3 8 9", "2 3 10 4"], "2 3 ? 4"),
        (crop("offset: [1, 1, 1]"), ["2 3 8 9", "2 3 10 4"], "2 3 10 4"),
        (tile("tiles: 0"), "2 3", "2 ?"),
        (REINDEX, ["4 3", "7 1"], "? 3"),
    ],
)
def test_one_mistake_leaves_the_rest_known(layer: str, bottoms: Blobs, tops: Blobs) -> None:
    it = built(layer, *each(bottoms), tops=len(each(tops)))
    assert len(it.said) == 1
    assert it.tops == shapes_of(tops)


def test_a_slice_cannot_put_the_first_of_its_parts_where_it_reads() -> None:
    said = built(f'top: "b0" top: "t" {cut()}', "2 6", tops=0).said
    assert said == [
        "`x` cuts `b0` into 2 tops, of which the first is in place: give it another name than `b0`"
    ]
    # A single part is all of it.
    assert built(f'top: "b0" {cut()}', "2 6", tops=0).said == []


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ('slice_param { slice_point: 4 slice_point: 1 } top: "t"', "1"),
        ('slice_param { slice_point: [3, 2, 1] } top: "t"', "1"),
        ("slice_param { axis: 2 }", "axis: 2"),
        ("slice_param { axis: 1 slice_dim: 1 }", "slice_dim: 1"),
        ('top: "u"', '"u"'),
    ],
)
def test_where_a_refusal_points(fields: str, place: str) -> None:
    net = f"""
    layer {{ type: "Input" top: "b" input_param {{ shape {{ dim: 2 dim: 5 }} }} }}
    layer {{ name: "x" type: "Slice" bottom: "b" top: "r" top: "s" {fields} }}
    """
    it = built_net(net)
    assert [net[refusal.start : refusal.end] for refusal in it.refusals] == [place]
