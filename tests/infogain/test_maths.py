"""The maths against Caffe's own numbers, and against what must hold without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from infogain_cases import FLOAT32, golden_cases, recordings
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from protofix.infogain.maths import (
    LossResult,
    Normalization,
    doubled_chain,
    fused_loss,
    legacy_chain,
    softmax,
)

Array = NDArray[np.float64]
Function = Callable[..., Any]

# --- against Caffe -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded() -> dict[str, NDArray[np.float32]]:
    return recordings()


@pytest.mark.parametrize("case", golden_cases())
def test_agrees_with_caffe(case: dict[str, Any], recorded: dict[str, NDArray[np.float32]]) -> None:
    """Loss, gradient and probabilities, number by number, to 1e-5 of the number.

    Caffe computed in float32. A number that is the small difference of larger terms, such as
    p - 1 where p is nearly 1, keeps the rounding of those terms, so each comparison also allows
    four float32 roundings of the largest term that went into it: a label's row of H over n.
    Probabilities below float32's smallest normal number are denormal or 0 in Caffe.

    The gradients of the legacy cases are compared in full: where a probability is below 1e-20 the
    old chain's gradient fades, and `legacy_chain` fades with it.
    """
    scores, labels, matrix, loss, gradient, probabilities = (
        recorded[f"{case['key']}_{name}"]
        for name in ("score", "label", "H", "loss", "diff", "prob")
    )
    weight = case["loss_weight"]
    divisor: float
    if case["layer"] == "legacy":
        result = legacy_chain(scores, labels, matrix, softmax_axis=case["axis"], loss_weight=weight)
        divisor = len(scores)
    else:
        # A file without a normalization has VALID.
        normalization = Normalization(case["normalization"] or "VALID")
        result = fused_loss(
            scores,
            labels,
            matrix,
            axis=case["axis"],
            normalization=normalization,
            ignore_label=case["ignore_label"],
            loss_weight=weight,
        )
        axis = case["axis"] % scores.ndim
        divisor = {
            Normalization.FULL: labels.size,
            Normalization.VALID: max(1, int(np.sum(labels != case["ignore_label"]))),
            Normalization.BATCH_SIZE: int(np.prod(scores.shape[:axis])),
            Normalization.NONE: 1,
        }[normalization]
    rounding = 4 * float(FLOAT32.eps) * float(np.abs(matrix).sum(axis=1).max()) / divisor

    assert_allclose(result.probabilities, probabilities, rtol=1e-5, atol=float(FLOAT32.tiny))
    # One label's rounding, times the labels whose terms were added up.
    assert_allclose(result.loss, float(loss[0]), rtol=1e-5, atol=rounding * labels.size)
    assert_allclose(result.gradient, gradient, rtol=1e-5, atol=rounding * weight)


# --- without Caffe -----------------------------------------------------------------------------


@st.composite
def problems(draw: st.DrawFn) -> dict[str, Any]:
    """Scores of two to four axes with labels and H for one of them, moderate enough for
    probabilities to stay well above the threshold."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    axis = draw(st.integers(0, len(shape)))
    classes = draw(st.integers(2, 5))
    shape = (*shape[:axis], classes, *shape[axis:])
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = rng.integers(0, classes, np.delete(shape, axis))
    ignore_label = draw(st.sampled_from([None, -1, 0, 255]))
    if ignore_label in (-1, 255):
        labels = np.where(rng.random(labels.shape) < 0.3, ignore_label, labels)
    return {
        "scores": rng.normal(0, 3, shape),
        "labels": labels,
        "matrix": rng.normal(0, 2, (classes, classes)),
        "axis": draw(st.sampled_from([axis, axis - len(shape)])),
        "normalization": draw(st.sampled_from(Normalization)),
        "ignore_label": ignore_label,
        "loss_weight": draw(st.sampled_from([0.5, 1.0, 2.0])),
    }


def numerical_gradient(loss: Callable[[Array], float], scores: Array, step: float = 1e-5) -> Array:
    """Central differences, one score at a time."""
    gradient = np.zeros_like(scores)
    for at in np.ndindex(scores.shape):
        up, down = scores.copy(), scores.copy()
        up[at] += step
        down[at] -= step
        gradient[at] = (loss(up) - loss(down)) / (2 * step)
    return gradient


def assert_gradient(function: Function, scores: Array, arguments: dict[str, Any]) -> None:
    result = function(scores, **arguments)
    weight = arguments["loss_weight"]
    numerical = numerical_gradient(lambda x: weight * function(x, **arguments).loss, scores)
    assert result.gradient.shape == scores.shape
    assert_allclose(result.gradient, numerical, rtol=1e-5, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_fused_gradient_is_the_derivative(problem: dict[str, Any]) -> None:
    assert_gradient(fused_loss, problem.pop("scores"), problem)


@settings(max_examples=60, deadline=None)
@given(problems(), st.data())
def test_doubled_gradient_is_the_derivative(problem: dict[str, Any], data: st.DataObject) -> None:
    scores = problem.pop("scores")
    softmax_axis = data.draw(st.integers(-scores.ndim, scores.ndim - 1))
    assert_gradient(doubled_chain, scores, problem | {"softmax_axis": softmax_axis})


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(2, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_legacy_gradient_is_the_derivative(
    images: int, channels: int, height: int, seed: int
) -> None:
    """Also for N x C x H x W, where the old layer takes all of C * H * W as one row."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, (images, channels, height, 1))
    dim = channels * height
    arguments = {
        "labels": rng.integers(0, dim, (images, 1, 1, 1)),
        "matrix": rng.normal(0, 2, (dim, dim)),
        "loss_weight": 2.0,
    }
    assert_gradient(legacy_chain, scores, arguments)


def loops(problem: dict[str, Any]) -> float:
    """The fused loss, written out position by position."""
    scores = np.moveaxis(problem["scores"], problem["axis"], -1)
    total, valid = 0.0, 0
    for at in np.ndindex(scores.shape[:-1]):
        label = int(problem["labels"][at])
        if label == problem["ignore_label"]:
            continue
        valid += 1
        powers = [np.exp(score) for score in scores[at]]
        for j, power in enumerate(powers):
            total -= problem["matrix"][label, j] * np.log(power / sum(powers))
    axis = problem["axis"] % scores.ndim
    outer = int(np.prod(problem["scores"].shape[:axis]))
    full = int(np.prod(scores.shape[:-1]))
    counts = {"FULL": full, "VALID": valid, "BATCH_SIZE": outer, "NONE": 1}
    return total / max(1, counts[problem["normalization"].value])


@settings(max_examples=100, deadline=None)
@given(problems())
def test_fused_loss_is_the_formula(problem: dict[str, Any]) -> None:
    assert_allclose(fused_loss(**problem).loss, loops(problem), rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_identity_is_the_negative_log_likelihood(problem: dict[str, Any]) -> None:
    problem |= {"ignore_label": None, "normalization": Normalization.VALID}
    scores, axis = problem["scores"], problem["axis"]
    labels = problem["labels"] % scores.shape[axis]
    problem |= {"labels": labels, "matrix": np.eye(scores.shape[axis])}
    result = fused_loss(**problem)
    chosen = np.take_along_axis(result.probabilities, np.expand_dims(labels, axis), axis)
    assert_allclose(result.loss, -np.log(chosen).mean(), rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(problems(), st.floats(-1e4, 1e4))
def test_a_constant_on_all_scores_changes_nothing(problem: dict[str, Any], shift: float) -> None:
    for function in (fused_loss, doubled_chain):
        before = function(**problem)
        after = function(**(problem | {"scores": problem["scores"] + shift}))
        assert_allclose(after.probabilities, before.probabilities, rtol=1e-6)
        assert_allclose(after.loss, before.loss, rtol=1e-6, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_ignored_labels_contribute_nothing(problem: dict[str, Any]) -> None:
    problem |= {"ignore_label": 255}
    labels = problem["labels"] = np.where(problem["labels"] < 0, 255, problem["labels"])
    result = fused_loss(**problem)
    ignored = np.broadcast_to(
        np.expand_dims(labels == 255, problem["axis"]), problem["scores"].shape
    )
    assert not result.gradient[ignored].any()
    other = fused_loss(**(problem | {"scores": np.where(ignored, np.nan, problem["scores"])}))
    assert other.loss == result.loss
    assert np.array_equal(other.gradient, result.gradient)


def test_all_labels_ignored() -> None:
    result = fused_loss(np.ones((2, 3)), [7, 7], np.eye(3), ignore_label=7)
    assert result.loss == 0
    assert not result.gradient.any()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_the_old_chain_is_the_fused_layer_for_n_by_c(images: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 3, (images, classes, 1, 1))
    labels = rng.integers(0, classes, (images, 1, 1, 1))
    matrix = rng.normal(0, 2, (classes, classes))
    old = legacy_chain(scores, labels, matrix, loss_weight=0.5)
    for normalization in (Normalization.FULL, Normalization.VALID, Normalization.BATCH_SIZE):
        new = fused_loss(scores, labels, matrix, normalization=normalization, loss_weight=0.5)
        assert_allclose(new.loss, old.loss, rtol=1e-12, atol=1e-12)
        assert_allclose(new.gradient, old.gradient, rtol=1e-9, atol=1e-12)


def test_the_old_gradient_fades_where_a_probability_underflows() -> None:
    """Scores 100 apart: the true gradient is +-1, the old chain's is next to nothing."""
    scores, labels = [[0.0, 100.0]], [0]
    old, new = (function(scores, labels, np.eye(2)) for function in (legacy_chain, fused_loss))
    assert old.loss == new.loss == pytest.approx(-np.log(1e-20))
    assert np.abs(old.gradient).max() < 1e-20
    assert_allclose(new.gradient, [[-1, 1]])


def test_softmax_twice_is_another_loss_with_a_flat_gradient() -> None:
    arguments: Any = ([[4.0, 0.0, 0.0]], [1], np.eye(3))
    fused, doubled = fused_loss(*arguments), doubled_chain(*arguments)
    assert fused.loss > 2 * doubled.loss
    assert np.abs(fused.gradient).max() > 10 * np.abs(doubled.gradient).max()
    assert_allclose(doubled.probabilities, softmax(fused.probabilities))


def test_loss_weight_scales_the_gradient_only() -> None:
    arguments: Any = (np.arange(6.0).reshape(2, 3), [0, 2], np.eye(3))
    for function in (legacy_chain, fused_loss, doubled_chain):
        one: LossResult = function(*arguments)
        two: LossResult = function(*arguments, loss_weight=2)
        assert two.loss == one.loss
        assert_allclose(two.gradient, 2 * one.gradient)


def test_softmax_of_extremes() -> None:
    assert_allclose(softmax([[1e308, -1e308, 1e308]]), [[0.5, 0, 0.5]])
    assert np.isnan(softmax([[np.inf, 0]])).all()
    assert_allclose(softmax(np.zeros((2, 3, 4)), -1), np.full((2, 3, 4), 0.25))


def test_float32_comes_in_and_float64_goes_out() -> None:
    result = fused_loss(np.ones((1, 2), np.float32), np.zeros(1, np.float32), np.eye(2, dtype="f4"))
    assert result.gradient.dtype == result.probabilities.dtype == np.float64


def test_the_fused_layer_takes_h_in_any_shape_and_the_old_one_not() -> None:
    scores, labels, matrix = np.arange(8.0).reshape(2, 4), [0, 3], np.arange(16.0)
    assert (
        fused_loss(scores, labels, matrix).loss
        == fused_loss(scores, labels, matrix.reshape(1, 1, 4, 4)).loss
    )
    with pytest.raises(ValueError, match="infogain matrix 16: 4 classes need 4 x 4"):
        legacy_chain(scores, labels, matrix)


S23: Any = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (softmax, (S23, 2), "softmax axis 2: scores 2 x 3 have axes -2 to 1"),
        (softmax, (np.zeros((2, 0)),), "scores 2 x 0: no numbers"),
        (softmax, (1.0, 0), "scores without axes: no numbers"),
        (fused_loss, (S23, [0, 1], np.eye(2)), "matrix 2 x 2: 3 classes need 3 x 3"),
        (fused_loss, (S23, [0], np.eye(3)), "labels 1: scores 2 x 3 with axis 1 need 2 labels"),
        (fused_loss, (S23, [0, 3], np.eye(3)), r"label 3 at place 1: .* whole number 0\.\.2$"),
        (fused_loss, (S23, [-1, 0], np.eye(3)), "label -1 at place 0"),
        (fused_loss, (S23, [0.5, 0], np.eye(3)), "label 0.5 at place 0"),
        (fused_loss, (S23, [np.nan, 0], np.eye(3)), "label nan at place 0"),
        (legacy_chain, (S23, [[0, 1]], np.eye(3)), "labels 1 x 2: .* one label per image"),
        (legacy_chain, (S23, 0, np.eye(3)), "labels without axes"),
        (legacy_chain, (S23, [0, 9], np.eye(3)), "label 9 at place 1"),
        (legacy_chain, (np.zeros((1, 2, 1, 1, 1)), [0], np.eye(2)), "at most four axes"),
        (doubled_chain, (S23, [0, 1], np.eye(2)), "matrix 2 x 2: 3 classes need 3 x 3"),
    ],
)
def test_refuses(function: Function, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "keyword"),
    [(legacy_chain, "softmax_axis"), (fused_loss, "axis"), (doubled_chain, "softmax_axis")],
)
def test_refuses_a_bad_axis(function: Function, keyword: str) -> None:
    with pytest.raises(ValueError, match="axis -3: scores 2 x 3 have axes -2 to 1"):
        function(S23, [0, 1], np.eye(3), **{keyword: -3})


def test_a_bad_label_is_told_what_is_ignored() -> None:
    with pytest.raises(ValueError, match="255, the ignored one"):
        fused_loss(S23, [0, 9], np.eye(3), ignore_label=255)
