"""Class weights by each recipe: worked examples, what is true of them, and the page about them."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared_data import ROOT

from protofix.data.counts import LabelCounts
from protofix.infogain.compute_h import compute_h_weights
from protofix.infogain.matrix.recipes import (
    BETA,
    RECIPES,
    Absent,
    class_weights,
    mean_weight,
)

PAGE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")


def labels(*counts: int) -> LabelCounts:
    """One label an image."""
    numbers = np.array(counts, np.int64)
    return LabelCounts(numbers, numbers, int(numbers.sum()))


def maps(counts: list[int], among: list[int], items: int) -> LabelCounts:
    return LabelCounts(np.array(counts, np.int64), np.array(among, np.int64), items, maps=True)


EXAMPLE = labels(900, 90, 10)

BY_HAND = {
    "balanced": [1000 / 2700, 1000 / 270, 1000 / 30],
    "inverse": [1000 / 900, 1000 / 90, 100],
    "compute-h": [1 / 101, 10 / 101, 90 / 101],
    "median-frequency": [0.1, 1, 9],
    "one-minus-frequency": [0.1, 0.91, 0.99],
    "log": [1 / math.log(1.92), 1 / math.log(1.11), 1 / math.log(1.03)],
    "identity": [1, 1, 1],
}


@pytest.mark.parametrize("recipe", BY_HAND)
def test_the_weights_of_an_example_are_those_worked_out_by_hand(recipe: str) -> None:
    assert class_weights(EXAMPLE, recipe) == pytest.approx(BY_HAND[recipe], rel=1e-14)


def effective(counts: list[int], beta: float) -> list[float]:
    """The formula in exact fractions."""
    exact = Fraction(beta)
    weights = [(1 - exact) / (1 - exact**count) for count in counts]
    return [float(weight * len(counts) / sum(weights)) for weight in weights]


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.999, 0.9999, 1 - 2**-30, 1 - 2**-53])
def test_effective_numbers_keep_their_digits_for_every_beta(beta: float) -> None:
    counts = [900, 90, 10, 1]
    weights = class_weights(labels(*counts), "effective-number", beta=beta)
    assert weights == pytest.approx(effective(counts, beta), rel=1e-13)


def test_the_ends_of_effective_number_are_no_weighing_and_inverse_weighing() -> None:
    many = labels(10**12, 10**9, 3)
    assert class_weights(many, "effective-number", beta=0).tolist() == [1, 1, 1]
    # So many that beta^n is nothing: they weigh 1 to the third's 1 / (1 - beta^3).
    rare = 1 / (1 - BETA**3)
    assert class_weights(many, "effective-number") == pytest.approx(
        [3 / (2 + rare), 3 / (2 + rare), 3 * rare / (2 + rare)], rel=1e-9
    )
    steep = class_weights(labels(4, 2, 1), "effective-number", beta=1 - 2**-53)
    assert steep == pytest.approx([3 / 7, 6 / 7, 12 / 7], rel=1e-12)


def test_compute_h_is_what_the_python_layer_makes_of_a_batch_of_all() -> None:
    batch = np.repeat([0, 1, 3], [9, 4, 1])
    layer = compute_h_weights(batch, 4).diagonal()
    assert class_weights(labels(9, 4, 0, 1), "compute-h", absent=Absent.ZERO) == pytest.approx(
        layer
    )


def test_median_frequency_of_maps_is_over_the_images_in_which_a_class_is() -> None:
    # Class 2 is rare, and half of the one image of 100 labels that has it.
    seen = maps([900, 50, 50], [1000, 500, 100], 10)
    assert class_weights(seen, "median-frequency") == pytest.approx([0.5 / 0.9, 0.5 / 0.1, 1])


COUNTS = st.lists(st.integers(1, 10**12), min_size=1, max_size=12)
FALLING = [name for name in RECIPES if name != "identity"]


@pytest.mark.parametrize("recipe", FALLING)
@given(counts=COUNTS)
def test_what_is_rarer_never_weighs_less(recipe: str, counts: list[int]) -> None:
    weights = class_weights(labels(*counts), recipe)
    assert np.isfinite(weights).all() and (weights >= 0).all()
    by_count = weights[np.argsort(counts, kind="stable")]
    assert (np.diff(by_count) <= 1e-12 * by_count[:-1]).all()


@given(counts=COUNTS)
def test_the_scales_are_those_that_are_promised(counts: list[int]) -> None:
    seen, classes = labels(*counts), len(counts)
    assert mean_weight(class_weights(seen, "balanced"), seen) == pytest.approx(1)
    assert mean_weight(class_weights(seen, "inverse"), seen) == pytest.approx(classes)
    assert class_weights(seen, "compute-h").sum() == pytest.approx(1)
    assert class_weights(seen, "effective-number").sum() == pytest.approx(classes)
    log = class_weights(seen, "log")
    assert log.min() > 1.42 and log.max() < 50.5
    if classes % 2:
        assert np.median(class_weights(seen, "median-frequency")) == pytest.approx(1)


# --- classes that never occur --------------------------------------------------------------------


@pytest.mark.parametrize("recipe", FALLING)
def test_a_class_that_never_occurs_is_refused_in_one_line(recipe: str) -> None:
    with pytest.raises(ValueError) as caught:
        class_weights(labels(5, 0, 7, 0), recipe)
    assert str(caught.value) == (
        "classes 1, 3 (of 4) never occur: say what absent classes weigh, "
        "zero, one, or clamp (as though each occurred once)"
    )


def test_many_absent_classes_are_counted_and_one_is_one() -> None:
    with pytest.raises(ValueError, match=r"^classes 1, 2, 3, 4, 5, 6, 7, 8 and 92 more \(of 101\)"):
        class_weights(labels(5, *[0] * 100), "balanced")
    with pytest.raises(ValueError, match=r"^class 1 \(of 2\) never occurs: "):
        class_weights(labels(5, 0), "balanced")


@pytest.mark.parametrize("recipe", FALLING)
@pytest.mark.parametrize(("absent", "weight"), [(Absent.ZERO, 0), (Absent.ONE, 1)])
def test_zero_and_one_leave_the_others_as_they_would_be_alone(
    recipe: str, absent: Absent, weight: float
) -> None:
    alone = class_weights(EXAMPLE, recipe)
    weights = class_weights(labels(0, 900, 90, 0, 10), recipe, absent=absent)
    assert weights.tolist() == [weight, alone[0], alone[1], weight, alone[2]]


@pytest.mark.parametrize("recipe", FALLING)
def test_clamp_takes_each_to_occur_once(recipe: str) -> None:
    clamped = class_weights(labels(900, 0, 10, 0), recipe, absent=Absent.CLAMP)
    assert clamped.tolist() == class_weights(labels(900, 1, 10, 1), recipe).tolist()


def test_clamp_takes_a_class_of_maps_to_be_one_label_of_an_average_image() -> None:
    clamped = class_weights(
        maps([900, 100, 0], [1000, 500, 0], 10), "median-frequency", absent=Absent.CLAMP
    )
    assert clamped == pytest.approx([0.2 / 0.9, 1, 0.2 / 0.01])


def test_the_identity_reads_no_counts() -> None:
    absent = labels(5, 0, 7)
    assert class_weights(absent, "identity").tolist() == [1, 1, 1]
    assert class_weights(absent, "identity", absent=Absent.CLAMP).tolist() == [1, 1, 1]
    assert class_weights(absent, "identity", absent=Absent.ZERO).tolist() == [1, 0, 1]


REFUSED = {
    "no such recipe": (labels(1), "balance", {}, "recipe 'balance' is unknown, give one of: bal"),
    "beta of 1": (labels(1), "effective-number", {"beta": 1}, "beta 1: give a number from 0 to"),
    "beta below 0": (labels(1), "effective-number", {"beta": -0.1}, "beta -0.1: give a number"),
    "beta is nan": (labels(1), "effective-number", {"beta": math.nan}, "beta nan: give a number"),
    "no labels": (labels(0, 0), "balanced", {"absent": Absent.CLAMP}, "there are no labels"),
    "no classes": (labels(), "identity", {}, "there are no labels"),
    "negative": (labels(5, -1), "balanced", {}, "a class has a negative number of labels"),
    "too many": (maps([5, 5], [9, 4], 2), "median-frequency", {}, "a class has more labels than"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_weighed_is_refused_in_one_line(case: str) -> None:
    counts, recipe, options, said = REFUSED[case]
    with pytest.raises(ValueError) as caught:
        class_weights(counts, recipe, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


# --- docs/recipes.md -----------------------------------------------------------------------------


def shown(number: float) -> str:
    return f"{number:.4g}"


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_page_has_the_formula_the_source_and_the_numbers_of_a_recipe(recipe: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{recipe}` | "))
    weights = class_weights(EXAMPLE, recipe)
    cells = [*map(shown, weights), shown(mean_weight(weights, EXAMPLE))]
    assert row == f"| `{recipe}` | {' | '.join(cells)} |"
    section = PAGE.split(f"\n### {recipe}\n")[1].split("\n### ")[0]
    flat = " ".join(section.split())
    assert RECIPES[recipe].formula in flat
    assert RECIPES[recipe].source in flat


def test_the_page_names_no_other_recipe_and_the_betas_that_are() -> None:
    assert re.findall(r"^### (\S+)$", PAGE, re.MULTILINE) == list(RECIPES)
    for beta in (0.9, 0.99, 0.999, BETA):
        weights = class_weights(EXAMPLE, "effective-number", beta=beta)
        assert f"| {beta} | {' | '.join(map(shown, weights))} |" in PAGE


def test_the_page_has_the_numbers_of_label_maps() -> None:
    seen = maps([900, 50, 50], [1000, 500, 100], 10)
    weights = class_weights(seen, "median-frequency")
    assert f"weights {', '.join(map(shown, weights))}" in " ".join(PAGE.split())
