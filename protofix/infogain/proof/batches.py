"""Scores and labels to try two losses with: random ones, and those where losses go wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.proof.heads import Batch
from protofix.infogain.proof.operations import Array

Labels = NDArray[np.int64]

_SPREAD = 3.0
_SURE = 15.0
"""A lead of one class that is large, and leaves the others above 1e-7."""


@dataclass(frozen=True)
class Places:
    """What labels a batch wants.

    Attributes:
        classes: L.
        count: labels in a batch.
        ignore_label: the label that one of the losses leaves out.

    """

    classes: int
    count: int
    ignore_label: int | None


def batches(
    shapes: Sequence[tuple[int, ...]], axes: Sequence[int], places: Places, with_matrices: bool
) -> Iterator[Batch]:
    """Batches of scores in these shapes, the classes along `axes`.

    `with_matrices` adds batches with an H of their own. The same arguments give the same numbers.
    """
    random = np.random.default_rng(0)
    classes = places.classes

    def labels() -> Labels:
        return random.integers(0, classes, places.count)

    def normal(scale: float = _SPREAD) -> tuple[Array, ...]:
        return tuple(random.normal(0, scale, shape) for shape in shapes)

    def signs(size: float) -> tuple[Array, ...]:
        return tuple(random.choice((-size, size), shape) for shape in shapes)

    yield Batch("random scores", normal(), labels())
    yield Batch("all scores alike", tuple(np.zeros(shape) for shape in shapes), labels())
    yield Batch("ties for the largest", tuple(map(_tied, normal(), axes)), labels())
    yield Batch("sure of one class", tuple(map(_sure, normal(1.0), axes)), labels())
    yield Batch("one class only", normal(), np.full(places.count, classes - 1))
    yield Batch("scores far from 0", tuple(one + 10_000 for one in normal()), labels())
    for size in (45, 1000):
        scores = signs(float(size))
        hit = _least_likely(scores[0], axes[0], labels())
        yield Batch(f"scores of ±{size}", scores, hit)
    if places.ignore_label is not None:
        some = labels()
        some[::2] = places.ignore_label
        yield Batch("half of the labels ignored", normal(), some)
        yield Batch("all labels ignored", normal(), np.full(places.count, places.ignore_label))
    if with_matrices:
        full = random.uniform(-1, 2, (classes, classes))
        yield Batch("H full of numbers, some negative", normal(), labels(), full)
        rows = random.uniform(0, 2, (classes, classes))
        rows[::2] = 0
        yield Batch("H with rows of zeros", normal(), labels(), rows)


def _least_likely(scores: Array, axis: int, labels: Labels) -> Labels:
    """Let every other label be the class with the least score, whose probability underflows."""
    least = scores.argmin(axis=axis).ravel()
    if len(least) == len(labels):
        labels[::2] = least[::2]
    return labels


def _tied(scores: Array, axis: int) -> Array:
    """Let two classes share the largest score."""
    last = np.moveaxis(scores, axis, -1)
    if last.shape[-1] > 1:
        last[..., :2] = last.max(axis=-1, keepdims=True)
    return scores


def _sure(scores: Array, axis: int) -> Array:
    """Let the first class lead all others."""
    np.moveaxis(scores, axis, -1)[..., 0] += _SURE
    return scores
