"""Concat, Eltwise and Filter: what they make of several bottoms, and what Caffe would refuse."""

from __future__ import annotations

import pytest
from building import Makes, Refuses, built, built_net, last_of, makes, refuses, shape_of


def concat(fields: str = "") -> str:
    return f'type: "Concat" concat_param {{ {fields} }}'


def eltwise(fields: str = "") -> str:
    return f'type: "Eltwise" eltwise_param {{ {fields} }}'


FILTER = 'type: "Filter"'

# The layer, what it reads and what it makes.
BUILT: list[Makes] = [
    (concat(), ["2 3 4", "2 5 4"], "2 8 4"),
    (concat(), "2 3 4", "2 3 4"),
    (concat("axis: 0"), ["2 3", "4 3", "1 3"], "7 3"),
    (concat("axis: -1"), ["2 3", "2 1"], "2 4"),
    (concat("concat_dim: 0"), ["2 3", "4 3"], "6 3"),
    (concat(), ["2 3", "2 0"], "2 3"),
    (eltwise(), ["2 3 4", "2 3 4"], "2 3 4"),
    (eltwise("operation: MAX"), ["", "", ""], ""),
    (eltwise("operation: SUM coeff: 1 coeff: -1"), ["2 3", "2 3"], "2 3"),
    (eltwise("coeff: [1, -1]"), ["2 3", "2 3"], "2 3"),
    (eltwise("operation: 1 coeff: 1 coeff: -1"), ["2 3", "2 3"], "2 3"),
    (eltwise("operation: PROD"), ["2 3", "2 3", "2 3"], "2 3"),
    (FILTER, ["4 3 2", "4"], "4 3 2"),
    (FILTER, ["4 3 2", "4 7", "4 1 1"], ["4 3 2", "4 7"]),
]

test_what_is_built = makes(BUILT)


UNLIKE = "reads `b1`, which is 2 × 3 × 5, beside `b0`, which is 2 × 3 × 4: "

# The layer, what it reads, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    (concat(), ["2 3 4", "2 3 5"], UNLIKE + "they may differ along axis 1 alone"),
    (concat(), ["2 3 4", "2 3"], "reads `b1`, which is 2 × 3, beside `b0`, which is 2 × 3 × 4"),
    (concat("axis: 3"), ["2 3 4", "2 3 4"], "works on axis 3, but `b0` is 2 × 3 × 4"),
    (concat("axis: -4"), ["2 3 4", "2 3 4"], "works on axis -4, but `b0` is 2 × 3 × 4"),
    (concat("concat_dim: 3"), "2 3 4", "works on axis 3, but `b0` is 2 × 3 × 4"),
    (concat(), ["5", "5"], "works on axis 1, but `b0` is 5"),
    (concat("axis: 1 concat_dim: 1"), ["2 3", "2 3"], "has both axis and concat_dim"),
    (concat("axis: 1 concat_dim: 1"), [None, None], "has both axis and concat_dim"),
    (concat(), "0 3", "reads `b0`, which is 0 × 3: it must have values"),
    (eltwise(), ["2 3 4", "2 3 5"], UNLIKE + "all its bottoms must be of one shape"),
    (eltwise(), ["2 3", "2 3 1"], "reads `b1`, which is 2 × 3 × 1, beside `b0`, which is 2 × 3:"),
    (eltwise(), ["2 3", "2 3", "3 3"], "reads `b2`, which is 3 × 3, beside `b0`, which is 2 × 3:"),
    (eltwise("coeff: 1"), ["2 3", "2 3"], "has 1 coeff and 2 bottoms: write it once for each"),
    (eltwise("coeff: 1"), [None, None], "has 1 coeff and 2 bottoms: write it once for each"),
    (
        eltwise("operation: PROD coeff: 1 coeff: 2"),
        ["2 3", "2 3"],
        "has coeff and operation PROD: coeff is for SUM",
    ),
    (eltwise("operation: 0 coeff: [1, 2]"), ["2", "2"], "has coeff and operation PROD"),
    (FILTER, ["4 3", "4 3"], "selects by `b1`, which is 4 × 3: it must be one value for each item"),
    (FILTER, ["4 3", ""], "selects by `b1`, which is a single value: it must be one value"),
    (FILTER, ["0 3", "0"], "selects by `b1`, which is 0: it must have values"),
    (FILTER, ["4 3", "5"], "filters `b0`, which is 4 × 3, beside `b1`, which is 5: the first axis"),
    (FILTER, ["", "5"], "filters `b0`, a single value, without axes"),
    (FILTER, ["4", "4", "4"], "makes 1 top of 2 bottoms and a last one that selects"),
]

test_what_is_refused = refuses(REFUSED)


# The layer, what is known of its bottoms, and what follows of its tops.
UNKNOWN: list[Makes] = [
    # What any bottom tells holds for all.
    (concat(), ["? 3 4", "2 5 ?"], "2 8 4"),
    (concat(), ["2 ? 4", "2 5 4"], "2 ? 4"),
    (concat(), [None, "2 5 4"], "2 ? 4"),
    (concat("axis: -1"), [None, "2 5"], "2 ?"),
    (concat(), [None, None], None),
    (concat("axis: 9"), [None, None], None),
    (concat("concat_dim: -1"), ["2 3", "2 3"], None),
    (eltwise(), ["? 3 ?", "2 ? ?"], "2 3 ?"),
    (eltwise(), [None, "2 3"], "2 3"),
    (eltwise(), [None, None], None),
    (eltwise("operation: WIBBLE coeff: 1 coeff: 2"), ["2 3", "2 3"], "2 3"),
    (FILTER, ["? 3", "? 5", "4"], ["4 3", "4 5"]),
    (FILTER, ["4 3", None, None], ["4 3", None]),
    (FILTER, ["? 3", "4 ? 5", None], ["4 3", "4 ? 5"]),
]

test_what_follows_from_what_is_known = makes(UNKNOWN)


@pytest.mark.parametrize(
    ("layer", "bottoms", "top", "pieces"),
    [
        # The bottom that told the dimension is named, not only the first.
        (concat(), ["? 3 4", "2 3 4", "5 3 4"], "? 9 4", ["reads `b2`", "beside `b1`"]),
        (eltwise(), ["2 ?", "2 3", "2 4"], "2 ?", ["reads `b2`", "beside `b1`"]),
        (eltwise(), [None, "2", "2 3"], None, ["reads `b2`", "beside `b1`"]),
        (FILTER, ["4 3", "5"], "? 3", ["filters `b0`", "beside `b1`"]),
    ],
)
def test_one_mistake_leaves_the_rest_known(
    layer: str, bottoms: list[str | None], top: str | None, pieces: list[str]
) -> None:
    it = built(layer, *bottoms)
    assert it.tops == (shape_of(top),)
    assert len(it.said) == 1
    assert all(piece in it.said[0] for piece in pieces)


def test_each_bottom_that_does_not_fit_is_said() -> None:
    said = built(eltwise(), "2 3", "2 4", "2 3", "2 5").said
    assert [line.split(",")[0] for line in said] == ["`x` reads `b1`", "`x` reads `b3`"]


def test_a_v0_layer_joins_by_concat_dim() -> None:
    net = """
        input: "b" input_dim: 2 input_dim: 3 input_dim: 4 input_dim: 5
        layers { layer { name: "x" type: "concat" concat_dim: 0 } bottom: "b" bottom: "b" top: "t" }
    """
    it = last_of(built_net(net))
    assert it.said == []
    assert it.tops == ((4, 3, 4, 5),)
