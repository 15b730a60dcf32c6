"""Two heads tried with the same batches: what each Caffe makes of the old one and of the new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.maths import Normalization
from protofix.infogain.proof.batches import Places, batches
from protofix.infogain.proof.heads import (
    Batch,
    Era,
    Head,
    LossSettings,
    Outcome,
    run,
    scores_at_loss,
    settings_of,
)
from protofix.infogain.proof.matrices import LossMatrix
from protofix.infogain.proof.operations import CannotRun
from protofix.infogain.proof.pairs import Heads
from protofix.infogain.proof.results import TOLERANCE, BatchProof, CurvePoint, Given, Numbers
from protofix.net.layers import Layer
from protofix.net.shapes import canonical_axis

_IMAGES = 8
_FURTHER_SIZES = (1, 32)
_MOST_CLASSES_DRAWN = 2_000
"""An H of random numbers for more would take gigabytes."""
_MARGINS = tuple(range(0, 121, 4))

Runner = Callable[[Head, Era, Batch, LossMatrix], Outcome]
"""How a head is computed: by formulas, or by an installed Caffe. Raises `CannotRun`."""


@dataclass(eq=False)
class Trial:
    """Both heads, the H that each is computed with, and the Caffes that count.

    `era` is the Caffe that the old net was written for, `target` the one that the new net is for.
    `classes` are those that an H is for, where one is known. `settings` may stand for the new
    loss's own. `aborts` gathers why a Caffe would
    abort, by column.
    """

    heads: Heads
    matrices: tuple[LossMatrix, LossMatrix]
    era: Era
    target: Era
    classes: int | None = None
    compute: Runner | None = None
    tolerance: float = TOLERANCE
    settings: LossSettings | None = None
    aborts: dict[str, str] = field(default_factory=dict)

    @property
    def losses(self) -> tuple[Layer, Layer]:
        """The old loss and the new one."""
        return self.heads.old.loss, self.heads.new.loss

    def batches(self) -> Iterator[Batch]:
        """The batches that both heads are given; none if the new one takes no scores at all."""
        for images in (_IMAGES, *_FURTHER_SIZES):
            found = self._shapes(images)
            if found is None:
                return
            shapes, places = found
            made = batches(shapes, self.heads.axes(), places, self._takes_matrices(places.classes))
            if self.heads.begin_with_probabilities:
                axes = tuple(self.heads.axes())
                made = (replace(batch, softmax_axes=axes) for batch in made)
            if images == _IMAGES:
                yield from made
            else:
                batch = next(made)
                plural = "" if images == 1 else "s"
                yield replace(batch, about=f"{batch.about}, {images} image{plural}")

    def row(self, batch: Batch) -> BatchProof:
        """One batch through the old net on both Caffes, and through the new one."""
        old, new = self.heads.old, self.heads.new
        ours, theirs = self.matrices
        legacy = self._try("legacy", old, "legacy", batch, ours)
        today = self._try("today", old, "fused", batch, ours)
        result = self._try("new", new, self.target, batch, theirs, self.settings)
        reference = legacy if self.era == "legacy" else today
        loss = gradient = None
        underflow = False
        if reference is not None and result is not None:
            loss, gradient = difference(reference, result)
            if max(loss, gradient) > self.tolerance:
                low = reference.underflows | result.underflows
                underflow = bool(low.any()) and self._equal_without(batch, low)
        return BatchProof(
            batch.about,
            batch.scores[0].shape,
            legacy and numbers_of(legacy),
            today and numbers_of(today),
            result and numbers_of(result),
            loss,
            gradient,
            underflow,
            self.tolerance,
            self._given(batch),
        )

    def _given(self, batch: Batch) -> Given:
        ours, theirs = (
            one.values if batch.matrix is None or loss.type != "InfogainLoss" else batch.matrix
            for one, loss in zip(self.matrices, self.losses, strict=True)
        )
        return Given(batch.scores, batch.labels, (ours, theirs), batch.softmax_axes)

    def old(self, batch: Batch, settings: LossSettings | None = None) -> Outcome:
        """The old net as the Caffe computes it that it was written for. Raises `CannotRun`."""
        return self._run(self.heads.old, self.era, batch, self.matrices[0], settings)

    def new(
        self, batch: Batch, matrix: LossMatrix | None = None, settings: LossSettings | None = None
    ) -> Outcome:
        """The new net on its Caffe, with another H or other settings if asked.

        Raises `CannotRun`.
        """
        chosen = settings or self.settings
        return self._run(self.heads.new, self.target, batch, matrix or self.matrices[1], chosen)

    def curve(self) -> Iterator[CurvePoint]:
        """The gradients of one image where a wrong class leads the right one more and more."""
        found = self._shapes(1)
        if found is None or len(self.heads.new.scores) > 1:
            return
        [shape], places = found
        axis = self.heads.axes()[0]
        if places.classes < 2 or places.count != 1 or shape[axis] != places.classes:
            return
        lead = np.zeros(places.classes)
        dims = [1] * len(shape)
        dims[axis] = places.classes
        for margin in _MARGINS:
            lead[1] = margin
            scores = np.broadcast_to(lead.reshape(dims), shape).copy()
            axes = (axis,) if self.heads.begin_with_probabilities else ()
            batch = Batch("a wrong class leads", (scores,), np.zeros(1, np.int64), None, axes)
            row = self.row(batch)
            yield CurvePoint(float(margin), *map(_size, (row.legacy, row.today, row.new)))

    def _takes_matrices(self, classes: int) -> bool:
        """Whether both losses can be tried with an H of any numbers, where their own fits."""
        sizes = {self.classes, *(one.classes for one in self.matrices)} - {None}
        if classes > _MOST_CLASSES_DRAWN or sizes - {classes}:
            return False
        types = {loss.type for loss in self.losses}
        return types == {"InfogainLoss"} and "computed" not in {one.kind for one in self.matrices}

    def _shapes(self, images: int) -> tuple[list[tuple[int, ...]], Places] | None:
        """Shapes that both heads take, and the labels that go with them."""
        for true_size in (False, True):
            shapes = self.heads.shapes(images, self.classes, true_size)
            zeros = [np.zeros(shape) for shape in shapes]
            try:
                reads = scores_at_loss(self.heads.new, zeros)
                ours = scores_at_loss(self.heads.old, zeros)
            except ValueError as error:
                self.aborts.setdefault("new", str(error))
                continue
            self.aborts.pop("new", None)
            return shapes, self._places(ours.shape, reads.shape)
        return None

    def _places(self, old: tuple[int, ...], new: tuple[int, ...]) -> Places:
        """What labels the nets want: where one of them takes maps of scores, those of the maps."""
        first, second = self.losses
        to_legacy = self.target == "legacy" and second.type == "InfogainLoss"
        shape, loss = (old, first) if to_legacy else (new, second)
        axis = canonical_axis(settings_of(loss).axis, len(shape))
        classes = shape[min(1, len(shape) - 1) if axis is None else axis]
        ignore = effective_settings(first, self.era).ignore_label
        if ignore is None:
            # To the old net such a label is one like others, or none that it can be given.
            other = effective_settings(second, self.target).ignore_label
            ignore = other if other is not None and 0 <= other < classes else None
        return Places(classes, int(np.prod(shape)) // max(classes, 1), ignore)

    def _try(
        self,
        column: str,
        head: Head,
        era: Era,
        batch: Batch,
        matrix: LossMatrix,
        settings: LossSettings | None = None,
    ) -> Outcome | None:
        if column == "legacy" and head.loss.type == "InfogainLoss" and self.era != "legacy":
            self.aborts.setdefault(column, _why_not_legacy(head))
            return None
        try:
            return self._run(head, era, batch, matrix, settings)
        except CannotRun as error:
            self.aborts.setdefault(column, str(error))
            return None

    def _run(
        self,
        head: Head,
        era: Era,
        batch: Batch,
        matrix: LossMatrix,
        settings: LossSettings | None = None,
    ) -> Outcome:
        if self.compute is not None and settings is None:
            return self.compute(head, era, batch, matrix)
        return compute_head(head, era, batch, matrix, settings)

    def _equal_without(self, batch: Batch, low: NDArray[np.bool_]) -> bool:
        """Whether the difference is gone once the images that underflow have plain scores."""
        scores = tuple(one.copy() for one in batch.scores)
        for one in scores:
            one[low[: len(one)]] = 0
        plain = replace(batch, scores=scores)
        try:
            return max(difference(self.old(plain), self.new(plain))) <= self.tolerance
        except CannotRun:
            return False


def _why_not_legacy(head: Head) -> str:
    """Why the layer before April 2017 is not tried with what a loss reads."""
    maker = head.graph.maker_of(head.scores[0])
    if maker is not None and maker.type == "Dropout":
        return f"`{maker.name}` drops some of what the loss reads, each time others"
    return "the loss reads scores, that layer took probabilities"


def compute_head(
    head: Head, era: Era, batch: Batch, matrix: LossMatrix, settings: LossSettings | None = None
) -> Outcome:
    """Compute a head by this program's own formulas. Raises `CannotRun`."""
    return run(head, era, batch, lambda classes: h_of(head, batch, matrix, classes), settings)


def h_of(head: Head, batch: Batch, matrix: LossMatrix, classes: int) -> NDArray[np.float64]:
    """The H that a batch is computed with. Raises `CannotRun` if it is for other classes."""
    own = batch.matrix if head.loss.type == "InfogainLoss" else None
    if own is None:
        try:
            return matrix.of_batch(batch.labels, classes)
        except ValueError as error:
            raise CannotRun(str(error)) from None
    if len(own) != classes:
        raise CannotRun(f"H is for {len(own)} classes, the scores have {classes}")
    return own


def effective_settings(loss: Layer, era: Era) -> LossSettings:
    """What a loss of an era computes with, whatever its layer says."""
    setting = settings_of(loss)
    if loss.type == "MultinomialLogisticLoss" or (loss.type == "InfogainLoss" and era == "legacy"):
        return LossSettings(1, Normalization.BATCH_SIZE, None, setting.loss_weight, None)
    return setting


def difference(one: Outcome, other: Outcome) -> tuple[float, float]:
    """Relative differences of two losses and of their gradients, each to the larger one.

    A difference that is not a number counts as infinite.
    """
    loss = abs(one.loss - other.loss) / max(abs(one.loss), abs(other.loss), 1e-12)
    pairs = list(zip(one.gradients, other.gradients, strict=True))
    scale = max(max(float(np.abs(a).max()), float(np.abs(b).max())) for a, b in pairs)
    with np.errstate(invalid="ignore"):
        largest = max(float(np.abs(a - b).max()) for a, b in pairs)
    return _finite(loss), _finite(largest / max(scale, 1e-12))


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("inf")


def numbers_of(outcome: Outcome) -> Numbers:
    """What is told of an outcome."""
    # Not -0.0, which a sum of nothing is.
    return Numbers(outcome.loss + 0.0, max(float(np.abs(one).max()) for one in outcome.gradients))


def _size(numbers: Numbers | None) -> float | None:
    return None if numbers is None else numbers.max_gradient
