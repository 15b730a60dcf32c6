"""How far protofix's loss maths are from Caffe's own numbers.

Usage: python benchmarks/golden_infogain.py [FOLDER]

FOLDER holds cases.json and cases.npz, recorded from Caffe in float32; ../shared/golden/infogain
if it is not given. For each kind of layer two lines are printed, each with the largest difference
over all cases, relative to

* the value: |ours - Caffe's| / |Caffe's|; for the gradient and the probabilities the largest
  difference over the largest value of the case's blob;
* the terms: the same difference over the size of the terms that the value is the sum of, which is
  what float32's rounding (6e-8) goes by where they cancel: for the loss the sum of
  |H[y, j]| max(1, |log p_j|) / n, for the gradient the largest sum_j |H[y, j]| w / n.

The last column counts the cases with a difference above 1e-5. Relative to the value these are the
cases whose value is next to nothing beside its terms: a loss of 0.0002 where p is 0.9998, an old
gradient that faded to 1e-25 with an underflowing probability.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protofix.infogain.maths import (
    LOG_THRESHOLD,
    LossResult,
    Normalization,
    fused_loss,
    legacy_chain,
)

Array = NDArray[np.float64]
GOLDEN = Path(__file__).parents[2] / "shared" / "golden" / "infogain"
LIMIT = 1e-5


def main(arguments: list[str]) -> int:
    """Print the table; return the exit code."""
    folder = Path(arguments[0]) if arguments else GOLDEN
    if not (folder / "cases.json").is_file():
        print(f"{folder}: no cases.json there", file=sys.stderr)
        return 2
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    with np.load(folder / "cases.npz") as arrays:
        recorded = dict(arrays)
    header = ("loss", "gradient", "probabilities", "above 1e-5")
    print(f"{'layer':8}{'cases':>5}  {'relative to':13}" + "".join(f"{h:>14}" for h in header))
    for layer in ("legacy", "fused"):
        table = np.array([differences(c, recorded) for c in cases if c["layer"] == layer])
        for at, name in enumerate(("the value", "the terms")):
            figures = [f"{figure:.1e}" for figure in table[:, at].max(axis=0)]
            figures.append(str(int((table[:, at] > LIMIT).any(axis=1).sum())))
            print(f"{layer:8}{len(table):5}  {name:13}" + "".join(f"{f:>14}" for f in figures))
    return 0


def differences(case: dict[str, Any], recorded: dict[str, NDArray[np.float32]]) -> Array:
    """Return one case's differences, 2 x 3: to value and terms; loss, gradient, probabilities."""
    scores, labels, matrix, loss, gradient, probabilities = (
        recorded[f"{case['key']}_{name}"].astype(np.float64)
        for name in ("score", "label", "H", "loss", "diff", "prob")
    )
    result = compute(case, scores, labels, matrix)
    apart = [
        abs(result.loss - loss[0]),
        np.abs(result.gradient - gradient).max(),
        np.abs(result.probabilities - probabilities).max(),
    ]
    values = [abs(loss[0]), np.abs(gradient).max(), probabilities.max()]
    terms = [*sizes_of_terms(case, labels, matrix, result.probabilities), probabilities.max()]
    scales = np.array([values, terms])
    # Where Caffe's own number is 0 there is nothing to be relative to.
    relative: Array = np.divide(apart, scales, out=np.zeros((2, 3)), where=scales > 0)
    return relative


def compute(case: dict[str, Any], scores: Array, labels: Array, matrix: Array) -> LossResult:
    """Return what protofix computes for a case."""
    weight = case["loss_weight"]
    if case["layer"] == "legacy":
        return legacy_chain(scores, labels, matrix, softmax_axis=case["axis"], loss_weight=weight)
    return fused_loss(
        scores,
        labels,
        matrix,
        axis=case["axis"],
        normalization=Normalization(case["normalization"] or "VALID"),
        ignore_label=case["ignore_label"],
        loss_weight=weight,
    )


def sizes_of_terms(
    case: dict[str, Any], labels: Array, matrix: Array, probabilities: Array
) -> tuple[float, float]:
    """Return the size of the terms that the loss and the gradient are made of."""
    axis = case["axis"] % probabilities.ndim
    rows = np.moveaxis(probabilities, axis, -1).reshape(labels.size, -1)
    counted = labels.ravel() != case["ignore_label"]
    # The old layer knows no normalization: it divides by the batch.
    mode = "BATCH_SIZE" if case["layer"] == "legacy" else case["normalization"] or "VALID"
    divisor = {
        "FULL": labels.size,
        "VALID": max(1, counted.sum()),
        "BATCH_SIZE": math.prod(probabilities.shape[:axis]),
        "NONE": 1,
    }[mode]
    gains = np.abs(matrix)[labels.ravel()[counted].astype(np.intp)]
    logs = np.maximum(-np.log(np.maximum(rows[counted], LOG_THRESHOLD)), 1)
    largest = gains.sum(axis=1).max(initial=0)
    return (gains * logs).sum() / divisor, case["loss_weight"] * largest / divisor


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
