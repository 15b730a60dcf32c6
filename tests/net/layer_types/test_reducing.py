"""Reduction and ArgMax: what they make, and what Caffe would refuse."""

from __future__ import annotations

from building import Makes, Refuses, built, makes, refuses


def reduction(fields: str = "") -> str:
    return f'type: "Reduction" reduction_param {{ {fields} }}'


def argmax(fields: str = "") -> str:
    return f'type: "ArgMax" argmax_param {{ {fields} }}'


# The layer, what it reads and what it makes.
BUILT: list[Makes] = [
    (reduction(), "2 3 4", ""),
    (reduction("axis: 1"), "2 3 4", "2"),
    (reduction("axis: -1 operation: MEAN coeff: 0"), "2 3 4", "2 3"),
    # Only sums of the values themselves need some.
    (reduction("axis: 1 operation: SUMSQ"), "2 0", "2"),
    (reduction("axis: 1"), "0 2", "0"),
    # The place of the best in each item, in at least three axes.
    (argmax(), "2 5", "2 1 1"),
    (argmax(), "5", "5 1 1"),
    (argmax("top_k: 3"), "2 5", "2 1 3"),
    (argmax("top_k: 3 out_max_val: true"), "2 5 1 1", "2 2 3 1"),
    (argmax(), "2 3 4 5 6", "2 1 1 1 1"),
    (argmax("axis: 1"), "2 5 6 7", "2 1 6 7"),
    (argmax("axis: -1 top_k: 2 out_max_val: true"), "2 5", "2 2"),
]

test_what_is_built = makes(BUILT)


# The layer, what it reads, and a piece of what is said of it.
REFUSED: list[Refuses] = [
    (reduction("axis: 2"), "2 3", "works on axis 2, but `b0` is 2 × 3"),
    (reduction(), "", "works on axis 0, but `b0` is a single value"),
    (reduction("axis: 1"), "2 0", "sums `b0`, which is 2 × 0, from axis 1 on: there are no values"),
    (reduction("operation: 4"), "0", "sums `b0`, which is 0, from axis 0 on: there are no values"),
    (argmax("top_k: 0"), "2 5", "has top_k 0: it must be at least 1"),
    (argmax("top_k: 0"), None, "has top_k 0: it must be at least 1"),
    (argmax("top_k: 6"), "2 5", "asks for the best 6 in each item of `b0`, which is 2 × 5: there"),
    (argmax("top_k: 6"), "2 2 2", "in each item of `b0`, which is 2 × 2 × 2: there are 4"),
    (argmax("top_k: 6 axis: 1"), "2 5", "the best 6 along axis 1 of `b0`, which is 2 × 5"),
    (argmax("axis: 2"), "2 5", "works on axis 2, but `b0` is 2 × 5"),
    (argmax(), "", "reads `b0`, a single value, without axes"),
    (argmax(), "2 0", "asks for the best 1 in each item of `b0`, which is 2 × 0: there are 0"),
]

test_what_is_refused = refuses(REFUSED)


# The layer, what is known of its bottom, and what follows of its top.
UNKNOWN: list[Makes] = [
    (reduction(), None, ""),
    (reduction("axis: 2"), None, "? ?"),
    (reduction("axis: -1"), None, None),
    (reduction("axis: 1"), "? 3", "?"),
    (argmax(), "? 5", "? 1 1"),
    (argmax("top_k: 9"), "2 ?", "2 1 9"),
    (argmax("axis: 1"), "? ? 4", "? 1 4"),
    (argmax(), None, None),
    (argmax("axis: 7"), None, None),
]

test_what_follows_from_what_is_known = makes(UNKNOWN)


def test_one_mistake_leaves_the_rest_known() -> None:
    assert built(argmax("top_k: 6 axis: 1"), "2 5 3").tops == ((2, None, 3),)
    assert built(argmax("top_k: 0"), "2 5").tops == ((2, 1, None),)
