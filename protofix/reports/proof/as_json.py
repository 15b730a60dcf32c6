"""A proof as one JSON object."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from protofix.infogain.proof.results import BatchProof, Given, LossProof, Numbers, Proof

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_LISTED = 4096
"""Numbers of one kind in a batch that are all told."""


def proof_record(proof: Proof) -> dict[str, Any]:
    """Everything that a proof says, for `json.dumps`.

    `holds` tells whether all numbers are equal (but for underflow and for an H that is new),
    `problems` are mistakes of the net's structure. Each of `losses` has its `verdict`, the
    `causes` of a difference, and its `batches`; in each batch `legacy`, `today` and `new` are a
    loss before its weight and the largest size of an entry of its gradient at the scores, or null
    where that Caffe aborts, and `aborts` says why. What is infinite or no number is null. `given`
    are the numbers that these were computed of, scores and H in their shapes: null where they are
    more than 4096, and H for the identity and for what a ComputeH makes of the labels.
    """
    return {
        "holds": proof.holds,
        "engine": proof.engine or "formulas",
        "problems": list(proof.problems),
        "losses": [_loss(loss) for loss in proof.losses],
    }


def _loss(loss: LossProof) -> dict[str, Any]:
    old, new = loss.matrices
    return {
        "loss": loss.loss,
        "old_loss": loss.old_loss,
        "type": loss.type,
        "states": list(loss.states),
        "verdict": loss.verdict.value,
        "holds": loss.holds,
        "unchanged": loss.unchanged,
        "apart_from_h": _finite(loss.apart_from_h),
        "reference": loss.reference,
        "target": loss.target,
        "scores": list(loss.scores),
        "matrix": {"old": old, "new": new},
        "weighted": _numbers(loss.weighted),
        "difference": _finite(loss.difference),
        "causes": list(loss.causes),
        "remarks": list(loss.remarks),
        "aborts": dict(loss.aborts),
        "batches": [_batch(batch) for batch in loss.batches],
        "layers": {
            "old": [asdict(step) for step in loss.old_steps],
            "new": [asdict(step) for step in loss.new_steps],
        },
        "curve": [_all_finite(asdict(point)) for point in loss.curve],
    }


def _batch(batch: BatchProof) -> dict[str, Any]:
    return {
        "about": batch.about,
        "shape": list(batch.shape),
        "legacy": _numbers(batch.legacy),
        "today": _numbers(batch.today),
        "new": _numbers(batch.new),
        "loss_difference": _finite(batch.loss_difference),
        "gradient_difference": _finite(batch.gradient_difference),
        "underflow": batch.underflow,
        "equal": batch.equal,
        "given": None if batch.given is None else _given(batch.given),
    }


def _given(given: Given) -> dict[str, Any]:
    old, new = given.matrices
    return {
        "scores": [_listed(scores) for scores in given.scores],
        "softmax_axes": list(given.softmax_axes),
        "labels": _listed(given.labels),
        "H": {"old": _listed(old), "new": _listed(new)},
    }


def _listed(numbers: NDArray[Any] | None) -> list[Any] | None:
    if numbers is None or numbers.size > _MOST_LISTED:
        return None
    listed: list[Any] = numbers.tolist()
    return listed


def _numbers(numbers: Numbers | None) -> dict[str, float | None] | None:
    return None if numbers is None else _all_finite(asdict(numbers))


def _all_finite(record: dict[str, float | None]) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in record.items()}


def _finite(value: float | None) -> float | None:
    """JSON has no infinity, and nothing that is no number: null stands for both."""
    return value if value is not None and math.isfinite(value) else None
