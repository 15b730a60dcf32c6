"""What the layers compute that can stand between a net's scores and its loss, and the way back.

Everything is float64. An operation takes a layer and what it reads, and gives what it makes and
a function that takes gradients of its tops to gradients of its bottoms. The formulas are those of
Caffe 1.0's layers of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.maths import softmax, softmax_backward
from protofix.net.layers import Layer
from protofix.net.values import Values
from protofix.textproto.literals import parse_float

Array = NDArray[np.float64]
Backward = Callable[[Sequence[Array]], list[Array]]


class CannotRun(ValueError):
    """Why Caffe would abort at a layer, in words that continue "`layer` "."""


@dataclass(frozen=True, eq=False)
class Step:
    """What a layer made, and the way back through it."""

    tops: list[Array]
    backward: Backward


Operation = Callable[[Layer, list[Array]], Step]


def _elementwise(values: Array, slope: Array) -> Step:
    return Step([values], lambda up: [up[0] * slope])


def _softmax(layer: Layer, bottoms: list[Array]) -> Step:
    axis = layer.values("softmax_param").integer("axis", 1)
    result = softmax(bottoms[0], _axis(axis, bottoms[0]))
    return Step([result], lambda up: [softmax_backward(up[0], result, _axis(axis, result))])


def _sigmoid(layer: Layer, bottoms: list[Array]) -> Step:
    # As Caffe writes it since 1.0: no large number is raised to a power.
    result = 0.5 * np.tanh(0.5 * bottoms[0]) + 0.5
    return _elementwise(result, result * (1 - result))


def _log(layer: Layer, bottoms: list[Array]) -> Step:
    param = layer.values("log_param")
    base, scale = param.real("base", -1.0), param.real("scale", 1.0)
    shift = param.real("shift", 0.0)
    factor = 1.0 if base == -1 else 1 / math.log(base)
    inner = scale * bottoms[0] + shift
    with np.errstate(divide="ignore", invalid="ignore"):
        return _elementwise(factor * np.log(inner), factor * scale / inner)


def _power(layer: Layer, bottoms: list[Array]) -> Step:
    param = layer.values("power_param")
    power, scale = param.real("power", 1.0), param.real("scale", 1.0)
    inner = scale * bottoms[0] + param.real("shift", 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = power * scale * np.power(inner, power - 1) if power * scale else inner * 0
        return _elementwise(np.power(inner, power), slope)


def _relu(layer: Layer, bottoms: list[Array]) -> Step:
    slope = layer.values("relu_param").real("negative_slope", 0.0)
    factor = np.where(bottoms[0] > 0, 1.0, slope)
    return _elementwise(bottoms[0] * factor, factor)


def _absolute(layer: Layer, bottoms: list[Array]) -> Step:
    return _elementwise(np.abs(bottoms[0]), np.sign(bottoms[0]))


def _same(layer: Layer, bottoms: list[Array]) -> Step:
    return Step([bottoms[0]], lambda up: [up[0]])


def _split(layer: Layer, bottoms: list[Array]) -> Step:
    count = len(layer.tops)

    def backward(up: Sequence[Array]) -> list[Array]:
        return [np.sum(np.stack(up), axis=0)]

    return Step([bottoms[0]] * count, backward)


def _eltwise(layer: Layer, bottoms: list[Array]) -> Step:
    if len({bottom.shape for bottom in bottoms}) > 1:
        raise CannotRun("reads blobs of different shapes")
    param = layer.values("eltwise_param")
    kind = param.enum("operation", ("PROD", "SUM", "MAX"), "SUM")
    if kind == "SUM":
        written = [parse_float(scalar.value) or 0.0 for scalar in param.scalars("coeff")]
        factors = written or [1.0] * len(bottoms)
        if len(factors) != len(bottoms):
            raise CannotRun(f"has {len(factors)} coeff for {len(bottoms)} bottoms")
        total: Array = sum(f * b for f, b in zip(factors, bottoms, strict=True)) + np.zeros(1)
        return Step([total], lambda up: [up[0] * factor for factor in factors])
    if kind == "PROD":
        product = np.prod(np.stack(bottoms), axis=0)

        def of_product(up: Sequence[Array]) -> list[Array]:
            others = [
                np.prod(np.stack([b for j, b in enumerate(bottoms) if j != i]), axis=0)
                for i in range(len(bottoms))
            ]
            return [up[0] * other for other in others]

        return Step([product], of_product)
    chosen = np.argmax(np.stack(bottoms), axis=0)
    largest = np.max(np.stack(bottoms), axis=0)
    return Step([largest], lambda up: [up[0] * (chosen == i) for i in range(len(bottoms))])


def _concat(layer: Layer, bottoms: list[Array]) -> Step:
    param = layer.values("concat_param")
    axis = _axis(param.integer("axis", param.integer("concat_dim", 1)), bottoms[0])
    try:
        joined = np.concatenate(bottoms, axis=axis)
    except ValueError:
        raise CannotRun("reads blobs that differ off the axis") from None
    ends = np.cumsum([bottom.shape[axis] for bottom in bottoms])[:-1]
    return Step([joined], lambda up: list(np.split(up[0], ends, axis=axis)))


def _slice(layer: Layer, bottoms: list[Array]) -> Step:
    param = layer.values("slice_param")
    axis = _axis(param.integer("axis", param.integer("slice_dim", 1)), bottoms[0])
    points = param.integers("slice_point")
    try:
        parts = np.split(bottoms[0], points if points else len(layer.tops), axis=axis)
    except ValueError:
        raise CannotRun("cannot cut its bottom into equal parts") from None
    if len(parts) != len(layer.tops) or any(part.size == 0 for part in parts):
        raise CannotRun(f"cuts its bottom into other parts than its {len(layer.tops)} tops")
    return Step(list(parts), lambda up: [np.concatenate(list(up), axis=axis)])


def _flatten(layer: Layer, bottoms: list[Array]) -> Step:
    param = layer.values("flatten_param")
    shape = bottoms[0].shape
    start = _axis(param.integer("axis", 1), bottoms[0])
    end = _axis(param.integer("end_axis", -1), bottoms[0])
    inner = math.prod(shape[start : end + 1])
    return _reshaped(bottoms[0], (*shape[:start], inner, *shape[end + 1 :]))


def _reshape(layer: Layer, bottoms: list[Array]) -> Step:
    param = layer.values("reshape_param")
    old = bottoms[0].shape
    start = param.integer("axis", 0)
    start = start + len(old) + 1 if start < 0 else start
    covered = param.integer("num_axes", -1)
    end = len(old) if covered == -1 else start + covered
    if not 0 <= start <= end <= len(old):
        raise CannotRun("has an axis or num_axes beyond its bottom's")
    dims = [dim for shape in param.shapes("shape") for dim in shape]
    middle = []
    for offset, dim in enumerate(dims):
        if dim == 0 and start + offset >= len(old):
            raise CannotRun("copies an axis that its bottom has not")
        middle.append(old[start + offset] if dim == 0 else dim)
    new = [*old[:start], *middle, *old[end:]]
    if new.count(-1) == 1:
        known = math.prod(dim for dim in new if dim != -1)
        if known < 1 or math.prod(old) % known:
            raise CannotRun("cannot give its bottom that shape")
        new[new.index(-1)] = math.prod(old) // known
    return _reshaped(bottoms[0], tuple(new))


def _reshaped(values: Array, shape: tuple[int, ...]) -> Step:
    if math.prod(shape) != values.size or any(dim < 0 for dim in shape):
        raise CannotRun("cannot give its bottom that shape")
    old = values.shape
    return Step([values.reshape(shape)], lambda up: [up[0].reshape(old)])


def _axis(axis: int, values: Array) -> int:
    rank = values.ndim
    if not -rank <= axis < rank:
        raise CannotRun(f"has axis {axis}, and its bottom has {rank} axes")
    return axis % rank


OPERATIONS: Mapping[str, Operation] = {
    "AbsVal": _absolute,
    "Concat": _concat,
    "Dropout": _same,
    "Eltwise": _eltwise,
    "Flatten": _flatten,
    "Log": _log,
    "Power": _power,
    "ReLU": _relu,
    "Reshape": _reshape,
    "Sigmoid": _sigmoid,
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
}
"""The layer types that can be computed from their prototxt alone: they learn nothing."""

MAKERS_OF_PROBABILITIES = frozenset({"Log", "Sigmoid", "Softmax"})
"""The types that make scores probabilities, or the other way round."""


def can_run(layer: Layer, phase: str) -> bool:
    """Whether what a layer makes follows from what it reads."""
    if layer.type not in OPERATIONS or not layer.bottoms:
        return False
    if layer.type == "Dropout":
        values: Values = layer.values("dropout_param")
        return phase == "TEST" or values.real("dropout_ratio", 0.5) == 0
    return True
