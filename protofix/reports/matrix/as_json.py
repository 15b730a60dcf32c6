"""A matrix as JSON: what its table tells.

file, format, shape, dtype   as it is stored
classes                      L
smallest, largest, trace     of the numbers
mean_weight                  what a label weighs on average; without counts, a class
ratio                        the largest row sum above 0 over the smallest; null if none is
concerns                     kind, severity and message of each
rows                         of each class:
  label, name                name is null if none was given
  count, share               how many labels are of it, and what part that is; null if they were
                             not counted
  diagonal, rest, sum        of its row
  share_of_loss              its part of the weight of all labels, null if weights are negative
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from protofix.reports.matrix.facts import MatrixFacts


def as_json(facts: MatrixFacts) -> str:
    """The facts of a matrix as a JSON object."""
    matrix, values = facts.matrix, facts.values
    record = {
        "file": str(matrix.path),
        "format": matrix.format,
        "shape": list(matrix.shape),
        "dtype": matrix.dtype,
        "classes": matrix.classes,
        "smallest": float(values.min()),
        "largest": float(values.max()),
        "trace": _number(facts.trace),
        "mean_weight": _number(facts.mean_weight),
        "ratio": None if facts.ratio is None else _number(facts.ratio),
        "concerns": [asdict(concern) for concern in facts.concerns],
        "rows": [_row(facts, index) for index in range(matrix.classes)],
    }
    return json.dumps(record, indent=2)


def _row(facts: MatrixFacts, index: int) -> dict[str, Any]:
    counts, shares, of_loss = facts.counts, facts.label_shares, facts.loss_shares
    return {
        "label": index,
        "name": None if facts.names is None else facts.names[index],
        "count": None if counts is None else int(counts.counts[index]),
        "share": None if shares is None else float(shares[index]),
        "diagonal": float(facts.diagonal[index]),
        "rest": _number(facts.rest[index]),
        "sum": _number(facts.sums[index]),
        "share_of_loss": None if of_loss is None else float(of_loss[index]),
    }


def _number(value: float) -> float | str:
    """A number, or its name: JSON has none that are not finite."""
    return float(value) if math.isfinite(value) else str(float(value))
