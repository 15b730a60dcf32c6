"""What a proof says: for each loss the batches tried, the numbers side by side, the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOLERANCE = 1e-6
"""Largest relative difference at which two losses or gradients count as equal.

Both are computed in double precision, where two ways to the same number differ by rounding alone;
the floors under a probability (1e-20 and float32's smallest) are what makes room necessary.
"""


Aspect = Literal["H", "loss_param", "maps"]
"""In what a net may be asked to differ: its H; the `loss_param` that the old layer never read; a
loss for each place of a map, which the old layer could not take."""


class Verdict(str, Enum):
    """How the new net's numbers are to the old one's."""

    EQUAL = "equal"
    EQUAL_BUT_UNDERFLOW = "equal but where a probability underflows"
    EQUAL_BUT_H = "equal but for H"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Numbers:
    """A loss, before its weight, and the largest size of an entry of its gradient at the scores."""

    loss: float
    max_gradient: float


@dataclass(frozen=True, eq=False)
class Given:
    """The numbers that both nets were given in a batch, so that anyone can compute them again.

    With `softmax_axes` they were the softmaxes of the scores along these axes. `matrices` are H of
    the old net and of the new one, None for the identity and for what a ComputeH makes of `labels`.
    """

    scores: tuple[NDArray[np.float64], ...]
    labels: NDArray[np.int64]
    matrices: tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]
    softmax_axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class BatchProof:
    """One batch of scores and labels through both nets.

    `about` says what the batch is. `legacy` is the old net as Caffe computed it before April 2017,
    `today` the same net on today's Caffe, `new` the new net on the Caffe that it is for; None where
    that Caffe would abort. Differences are between the new net and the one of the old net's
    columns that counts (`LossProof.reference`): relative, of the losses and of the gradients, each
    to the larger one. `underflow` tells that images in which a probability fell below the old
    layer's floor make a difference, and all others none. `given` is what all were computed of.
    """

    about: str
    shape: tuple[int, ...]
    legacy: Numbers | None
    today: Numbers | None
    new: Numbers | None
    loss_difference: float | None
    gradient_difference: float | None
    underflow: bool = False
    tolerance: float = TOLERANCE
    given: Given | None = field(default=None, compare=False, repr=False)

    @property
    def difference(self) -> float | None:
        """The larger of both differences."""
        if self.loss_difference is None or self.gradient_difference is None:
            return None
        return max(self.loss_difference, self.gradient_difference)

    @property
    def equal(self) -> bool:
        """Whether the numbers agree, underflow apart."""
        return self.underflow or (self.difference is not None and self.difference <= self.tolerance)


@dataclass(frozen=True)
class DrawnLayer:
    """A layer between scores and loss, for a drawing: its name, type, bottoms and tops."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]


@dataclass(frozen=True)
class CurvePoint:
    """The largest size of an entry of the gradient where a wrong class leads the right one.

    It leads by `margin`; the columns are those of `BatchProof`.
    """

    margin: float
    legacy: float | None
    today: float | None
    new: float | None


@dataclass(frozen=True)
class LossProof:
    """One loss of both nets, in the states in which it is the same.

    Attributes:
        loss: its name in the new net; `old_loss` is the one in the old net.
        states: as text, such as "TRAIN".
        reference: "legacy" where the old net's loss was written for the Caffe before April 2017,
            else "today".
        target: which Caffe the new net is for, "fused" (today's) or "legacy".
        scores: the blobs that both nets are given, as the new net calls them.
        matrices: where the old net's H and the new net's came from, None where a loss has none.
        batches: empty where both nets have the same layer over the same blobs (`unchanged`).
        causes: what makes a difference, by field, a sentence each.
        remarks: what is to be known of the numbers all the same.
        aborts: why a Caffe would abort, by column ("legacy", "today", "new").
        old_steps, new_steps: the layers from the scores to the loss.
        unchanged: whether the loss, and all that it is made of, is the same layer in both nets.
        apart: the largest difference once both losses are alike in these, where they are equal
            then and what makes their scores and labels is the same.
        weighted: the last batch with the new loss's own H, where the old one has none by its type
            and the batches were computed with the identity.
        curve: gradients of one image against how sure the net is of a wrong class.

    """

    loss: str
    old_loss: str
    type: str
    states: tuple[str, ...]
    verdict: Verdict
    reference: Literal["legacy", "today"]
    target: str
    scores: tuple[str, ...]
    matrices: tuple[str | None, str | None]
    batches: tuple[BatchProof, ...]
    causes: tuple[str, ...]
    remarks: tuple[str, ...]
    aborts: dict[str, str]
    old_steps: tuple[DrawnLayer, ...]
    new_steps: tuple[DrawnLayer, ...]
    unchanged: bool = False
    apart: Mapping[frozenset[Aspect], float] = field(default_factory=dict)
    weighted: Numbers | None = None
    curve: tuple[CurvePoint, ...] = ()

    @property
    def difference(self) -> float | None:
        """The largest difference over all batches in which nothing underflows."""
        found = [b.difference for b in self.batches if not b.underflow]
        return max((one for one in found if one is not None), default=None)

    @property
    def underflowing(self) -> tuple[BatchProof, ...]:
        """The batches whose difference is of underflow alone."""
        return tuple(batch for batch in self.batches if batch.underflow)

    @property
    def holds(self) -> bool:
        """Whether the numbers are what they should be, an H given to a loss without one aside."""
        if self.verdict is Verdict.EQUAL_BUT_H:
            return self.matrices[0] is None
        return self.verdict in (Verdict.EQUAL, Verdict.EQUAL_BUT_UNDERFLOW)

    @property
    def apart_from_h(self) -> float | None:
        """The largest difference once both losses have one H, if they are equal then."""
        return self.apart.get(frozenset[Aspect](("H",)))

    @property
    def old_aborts(self) -> bool:
        """Whether the Caffe of the old net aborts at it, so that there is nothing to hold."""
        return all(getattr(batch, self.reference) is None for batch in self.batches)

    def holds_apart_from(self, asked: frozenset[Aspect]) -> bool:
        """Whether the numbers are what they should be, but for what was asked to be another."""
        if self.holds or any(alike <= asked for alike in self.apart):
            return True
        only_new = self.old_aborts and all(batch.new is not None for batch in self.batches)
        return "maps" in asked and bool(self.batches) and only_new


@dataclass(frozen=True)
class Proof:
    """What a new net is held against; `problems` are mistakes of its structure, a line each.

    `engine` names the Caffe that computed, "" where formulas did.
    """

    problems: tuple[str, ...]
    losses: tuple[LossProof, ...]
    engine: str = ""

    @property
    def tolerance(self) -> float:
        """The largest difference at which numbers count as equal."""
        batches = (batch for loss in self.losses for batch in loss.batches)
        return next((batch.tolerance for batch in batches), TOLERANCE)

    @property
    def holds(self) -> bool:
        """Whether there is no problem and every loss's numbers are what they should be."""
        return not self.problems and all(loss.holds for loss in self.losses)

    def holds_apart_from(self, asked: frozenset[Aspect]) -> bool:
        """Whether there is no problem, and no loss differs but in what was asked to be another."""
        return not self.problems and all(loss.holds_apart_from(asked) for loss in self.losses)
