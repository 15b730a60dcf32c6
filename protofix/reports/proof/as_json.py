"""A proof as one JSON object."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from protofix.infogain.proof.results import BatchProof, LossProof, Proof


def proof_record(proof: Proof) -> dict[str, Any]:
    """Everything that a proof says, for `json.dumps`.

    `holds` tells whether all numbers are equal (but for underflow and for an H that is new),
    `problems` are mistakes of the net's structure. Each of `losses` has its `verdict`, the
    `causes` of a difference, and its `batches`; in each batch `legacy`, `today` and `new` are a
    loss before its weight and the largest size of an entry of its gradient at the scores, or null
    where that Caffe aborts, and `aborts` says why.
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
        "apart_from_h": loss.apart_from_h,
        "reference": loss.reference,
        "target": loss.target,
        "scores": list(loss.scores),
        "matrix": {"old": old, "new": new},
        "weighted": None if loss.weighted is None else asdict(loss.weighted),
        "difference": _finite(loss.difference),
        "causes": list(loss.causes),
        "remarks": list(loss.remarks),
        "aborts": dict(loss.aborts),
        "batches": [_batch(batch) for batch in loss.batches],
        "layers": {
            "old": [asdict(step) for step in loss.old_steps],
            "new": [asdict(step) for step in loss.new_steps],
        },
        "curve": [asdict(point) for point in loss.curve],
    }


def _batch(batch: BatchProof) -> dict[str, Any]:
    return {
        "about": batch.about,
        "shape": list(batch.shape),
        "legacy": None if batch.legacy is None else asdict(batch.legacy),
        "today": None if batch.today is None else asdict(batch.today),
        "new": None if batch.new is None else asdict(batch.new),
        "loss_difference": _finite(batch.loss_difference),
        "gradient_difference": _finite(batch.gradient_difference),
        "underflow": batch.underflow,
        "equal": batch.equal,
    }


def _finite(value: float | None) -> float | None:
    """JSON has no infinity: what differs without bound has no difference to tell."""
    return None if value is None or value == float("inf") else value
