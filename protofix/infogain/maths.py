"""What Caffe computes for an infogain loss, before and after the layer took the softmax in.

Everything here is float64 inside, whatever comes in: Caffe's own float32 numbers are what these
are compared with, not what they are made of. Shapes are Caffe's: an axis counts from 0, a negative
one from the end; "outer" is the product of the axes before the class axis, "inner" of those after.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOG_THRESHOLD = 1e-20
"""The smallest probability whose logarithm Caffe takes (kLOG_THRESHOLD of its loss layers)."""

FLOAT32_SMALLEST = float(np.finfo(np.float32).tiny)
"""The floor of SoftmaxWithLoss (C's FLT_MIN)."""

_LEGACY_AXES = 4

Array = NDArray[np.float64]


class Normalization(str, Enum):
    """What a loss is divided by (`LossParameter.NormalizationMode` of Caffe 1.0)."""

    FULL = "FULL"
    VALID = "VALID"
    BATCH_SIZE = "BATCH_SIZE"
    NONE = "NONE"


@dataclass(frozen=True, eq=False)
class LossResult:
    """A loss, its gradient and the probabilities it was computed from.

    Attributes:
        loss: the top's number, before the loss weight.
        gradient: of `loss_weight * loss` to the scores; the scores' shape.
        probabilities: the result of the last softmax before the logarithm; the scores' shape.

    """

    loss: float
    gradient: Array
    probabilities: Array


def softmax(scores: ArrayLike, axis: int = 1) -> Array:
    """Return exp(s_j) / sum_k exp(s_k) along `axis`; any shape in, the same shape out.

    The largest score is taken off first, so no finite score overflows (Caffe 1.0, SoftmaxLayer).
    A score that is nan or +inf gives nan along its line, as in Caffe.

    Raises:
        ValueError: the scores have no such axis, or no numbers.

    """
    values = _as_scores(scores)
    return _softmax(values, _resolve_axis(axis, values.shape, "softmax axis"))


def legacy_chain(
    scores: ArrayLike,
    labels: ArrayLike,
    matrix: ArrayLike,
    *,
    softmax_axis: int = 1,
    loss_weight: float = 1.0,
) -> LossResult:
    """Compute Softmax, then InfogainLoss as it was before 14 April 2017.

    With p = softmax(scores), N = the scores' first axis and dim = count / N:

    * loss = -(1/N) sum_i sum_j H[y_i, j] log max(p_ij, 1e-20)
    * gradient to p: -(w/N) H[y_i, j] / max(p_ij, 1e-20), then back through the Softmax layer:
      p_j (g_j - sum_k g_k p_k) along the softmax axis.

    Source: Caffe, InfogainLossLayer before pull request 3855, and Caffe 1.0, SoftmaxLayer. Where a
    probability falls below 1e-20 this gradient is not that of the loss without the threshold: the
    old chain's gradient fades there, and so it does here.

    Args:
        scores: N x ..., at most four axes, as the old layer reads them.
        labels: one per image: N, or N x 1 up to N x 1 x 1 x 1; whole numbers in 0..dim-1.
        matrix: H, dim x dim or 1 x 1 x dim x dim.
        softmax_axis: the Softmax layer's axis.
        loss_weight: w, which scales the gradient and not the loss.

    Raises:
        ValueError: a shape, a label or the axis does not fit.

    """
    values = _as_scores(scores)
    axis = _resolve_axis(softmax_axis, values.shape, "softmax axis")
    probabilities = _softmax(values, axis)
    loss, to_probabilities = legacy_loss(probabilities, labels, matrix, loss_weight=loss_weight)
    gradient = softmax_backward(to_probabilities, probabilities, axis)
    return LossResult(loss, gradient, probabilities)


def legacy_loss(
    probabilities: ArrayLike, labels: ArrayLike, matrix: ArrayLike, *, loss_weight: float = 1.0
) -> tuple[float, Array]:
    """Compute InfogainLoss as it was before 14 April 2017, on probabilities.

    With N = the probabilities' first axis and dim = count / N:

    * loss = -(1/N) sum_i sum_j H[y_i, j] log max(p_ij, 1e-20)
    * gradient to p: -(w/N) H[y_i, j] / max(p_ij, 1e-20)

    Source: Caffe, InfogainLossLayer before pull request 3855. With H the identity it is Caffe
    1.0's MultinomialLogisticLossLayer.

    Args:
        probabilities: N x ..., at most four axes.
        labels: one per image: N, or N x 1 up to N x 1 x 1 x 1; whole numbers in 0..dim-1.
        matrix: H, dim x dim or 1 x 1 x dim x dim.
        loss_weight: w, which scales the gradient and not the loss.

    Returns:
        The loss, and its gradient in the probabilities' shape.

    Raises:
        ValueError: a shape or a label does not fit.

    """
    values = _as_scores(probabilities)
    if values.ndim > _LEGACY_AXES:
        raise ValueError(
            f"scores {_text(values.shape)}: the old InfogainLoss reads at most four axes,"
            f" give N x C or N x C x H x W"
        )
    images = values.shape[0]
    dim = values.size // images
    infogain = _as_matrix(matrix, dim)
    shape = np.shape(labels)
    if not 1 <= len(shape) <= _LEGACY_AXES or shape[0] != images or math.prod(shape[1:]) != 1:
        raise ValueError(
            f"labels {_text(shape)}: scores {_text(values.shape)} need one label per image,"
            f" {images} or {images} x 1 x 1 x 1"
        )
    targets, _ = _as_labels(labels, dim, None)
    floored = np.maximum(values.reshape(images, dim), LOG_THRESHOLD)
    gains = infogain[targets]
    loss = -float(np.sum(gains * np.log(floored))) / images
    return loss, (-loss_weight / images * gains / floored).reshape(values.shape)


def fused_loss(
    scores: ArrayLike,
    labels: ArrayLike,
    matrix: ArrayLike,
    *,
    axis: int = 1,
    normalization: Normalization = Normalization.VALID,
    ignore_label: int | None = None,
    loss_weight: float = 1.0,
    floor: float = LOG_THRESHOLD,
) -> LossResult:
    """Compute InfogainLoss as it is since 14 April 2017, with the softmax inside.

    With p = softmax(scores) and the sums over the positions that are not ignored:

    * loss = -(1/n) sum H[y, j] log max(p_j, 1e-20)
    * gradient to the scores: (w/n) (p_j sum_k H[y, k] - H[y, j]), 0 where ignored
    * n: FULL outer * inner, VALID the positions not ignored, BATCH_SIZE outer, NONE 1; at least 1.

    Source: Caffe 1.0, InfogainLossLayer. The gradient has no threshold, so it stays right where a
    probability underflows.

    Args:
        scores: outer x classes x inner, the classes on `axis`.
        labels: outer * inner of them in any shape, outer first; whole numbers in 0..L-1, or
            `ignore_label`.
        matrix: H, L * L numbers in any shape, row by row.
        axis: the class axis.
        normalization: what the loss is divided by.
        ignore_label: positions with this label count for nothing.
        loss_weight: w, which scales the gradient and not the loss.
        floor: the smallest probability whose logarithm is taken.

    Raises:
        ValueError: a shape, a label or the axis does not fit.

    """
    values = _as_scores(scores)
    class_axis = _resolve_axis(axis, values.shape, "axis")
    classes = values.shape[class_axis]
    infogain = _as_matrix(matrix, classes, any_shape=True)
    outer = math.prod(values.shape[:class_axis])
    positions = values.size // classes
    if np.size(labels) != positions:
        raise ValueError(
            f"labels {_text(np.shape(labels))}: scores {_text(values.shape)} with axis {axis}"
            f" need {positions} labels, one for each place off that axis"
        )
    targets, counted = _as_labels(labels, classes, ignore_label)

    probabilities = _softmax(values, class_axis)
    # One row for each label, in the labels' own order (outer first, then inner).
    last = np.moveaxis(probabilities, class_axis, -1)
    rows = last.reshape(positions, classes)
    gains = infogain[targets] * counted[:, np.newaxis]
    divisor = max(_divisor(normalization, positions, int(counted.sum()), outer), 1)
    # An ignored position is left out, not multiplied by zero: its scores may be nan.
    logs = np.log(np.maximum(rows[counted], floor))
    loss = -float(np.sum(gains[counted] * logs)) / divisor
    to_rows = np.zeros_like(rows)
    kept = gains[counted]
    to_rows[counted] = (
        loss_weight / divisor * (rows[counted] * kept.sum(axis=1, keepdims=True) - kept)
    )
    gradient = np.ascontiguousarray(np.moveaxis(to_rows.reshape(last.shape), -1, class_axis))
    return LossResult(loss, gradient, probabilities)


@lru_cache(1)
def identity(classes: int) -> Array:
    """H as SoftmaxWithLoss has it, classes x classes; not to be written to.

    A proof asks for it a hundred times, and of a thousand classes it takes longer to make than to
    compute with.
    """
    matrix = np.eye(classes)
    matrix.setflags(write=False)
    return matrix


def softmax_with_loss(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = 1,
    normalization: Normalization = Normalization.VALID,
    ignore_label: int | None = None,
    loss_weight: float = 1.0,
) -> LossResult:
    """Compute SoftmaxWithLoss: `fused_loss` with H the identity, and another floor.

    loss = -(1/n) sum log max(p_y, 1.18e-38), float32's smallest normal number; the gradient is that
    of `fused_loss`. Source: Caffe 1.0, SoftmaxWithLossLayer. Arguments and errors are those of
    `fused_loss`.
    """
    values = _as_scores(scores)
    classes = values.shape[_resolve_axis(axis, values.shape, "axis")]
    return fused_loss(
        values,
        labels,
        identity(classes),
        axis=axis,
        normalization=normalization,
        ignore_label=ignore_label,
        loss_weight=loss_weight,
        floor=FLOAT32_SMALLEST,
    )


def doubled_chain(
    scores: ArrayLike,
    labels: ArrayLike,
    matrix: ArrayLike,
    *,
    softmax_axis: int = 1,
    axis: int = 1,
    normalization: Normalization = Normalization.VALID,
    ignore_label: int | None = None,
    loss_weight: float = 1.0,
) -> LossResult:
    """Compute the old chain as today's Caffe runs it: softmax twice.

    A Softmax layer's probabilities enter the fused loss as if they were scores. The gradient goes
    back through both: that of `fused_loss` to the probabilities, then p_j (g_j - sum_k g_k p_k).
    The result's `probabilities` are those of the second softmax, which the loss layer's second top
    would give.

    Source: Caffe 1.0, SoftmaxLayer and InfogainLossLayer. Arguments and errors are those of
    `fused_loss`; `softmax_axis` is the Softmax layer's axis.
    """
    values = _as_scores(scores)
    first_axis = _resolve_axis(softmax_axis, values.shape, "softmax axis")
    first = _softmax(values, first_axis)
    second = fused_loss(
        first,
        labels,
        matrix,
        axis=axis,
        normalization=normalization,
        ignore_label=ignore_label,
        loss_weight=loss_weight,
    )
    gradient = softmax_backward(second.gradient, first, first_axis)
    return LossResult(second.loss, gradient, second.probabilities)


def _softmax(scores: Array, axis: int) -> Array:
    """Softmax along a known axis."""
    # inf - inf: the nan says what there is to say. A difference that overflows is exp's 0.
    with np.errstate(invalid="ignore", over="ignore"):
        powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result


def softmax_backward(gradient: Array, probabilities: Array, axis: int) -> Array:
    """Take a gradient to the probabilities back to the scores (Caffe 1.0, SoftmaxLayer)."""
    inner = (gradient * probabilities).sum(axis=axis, keepdims=True)
    result: Array = probabilities * (gradient - inner)
    return result


def _divisor(normalization: Normalization, full: int, valid: int, outer: int) -> int:
    """Return what the loss is divided by, before Caffe's floor of 1."""
    return {
        Normalization.FULL: full,
        Normalization.VALID: valid,
        Normalization.BATCH_SIZE: outer,
        Normalization.NONE: 1,
    }[normalization]


def _as_scores(scores: ArrayLike) -> Array:
    """Return the scores as float64, refusing a blob without numbers."""
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim == 0 or values.size == 0:
        raise ValueError(f"scores {_text(values.shape)}: no numbers there, give N x C scores")
    return values


def _resolve_axis(axis: int, shape: tuple[int, ...], name: str) -> int:
    """Return the axis counted from 0."""
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"{name} {axis}: scores {_text(shape)} have axes {-len(shape)} to {len(shape) - 1}"
        )
    return axis % len(shape)


def _as_matrix(matrix: ArrayLike, classes: int, *, any_shape: bool = False) -> Array:
    """Return H as float64, classes x classes."""
    values = np.asarray(matrix, dtype=np.float64)
    square = (classes, classes)
    exact = values.shape in (square, (1, 1, *square))
    if not exact and not (any_shape and values.size == classes * classes):
        raise ValueError(
            f"infogain matrix {_text(values.shape)}: {classes} classes need {classes} x {classes}"
        )
    return values.reshape(square)


def _as_labels(
    labels: ArrayLike, classes: int, ignore_label: int | None
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the flat labels, with 0 for an ignored one, and which of them count."""
    values = np.asarray(labels, dtype=np.float64).ravel()
    counted = np.ones(values.shape, np.bool_) if ignore_label is None else values != ignore_label
    # Compared as floats: a nan or a huge label must not be cast first.
    good = (values >= 0) & (values < classes) & (np.floor(values) == values)
    wrong = np.flatnonzero(counted & ~good)
    if wrong.size:
        at = int(wrong[0])
        allowed = f"0..{classes - 1}"
        if ignore_label is not None:
            allowed += f" or {ignore_label}, the ignored one"
        raise ValueError(
            f"label {values[at]:.9g} at place {at}: a label is a whole number {allowed}"
        )
    return np.where(counted, values, 0).astype(np.intp), counted


def _text(shape: tuple[int, ...]) -> str:
    """Write a shape as the field does: 2 x 3 x 4."""
    return " x ".join(map(str, shape)) if shape else "without axes"
