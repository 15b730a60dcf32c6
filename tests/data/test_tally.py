"""Labels counted as they come, held against numpy's own count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from protofix.data.bytes import UnreadableError
from protofix.data.label_rules import LabelRules
from protofix.data.tally import Tally, occurrences

SOME = np.random.default_rng(0)
LABELS: dict[str, NDArray[Any]] = {
    "none": np.zeros(0, np.uint8),
    "few": SOME.integers(0, 21, 100).astype(np.uint8),
    "noise": SOME.integers(0, 256, 100_001).astype(np.uint8),
    "long runs": np.repeat(SOME.integers(0, 19, 500), 200).astype(np.uint8),
    "one run": np.full(100_000, 7, np.uint8),
    "noise of 16 bits": SOME.integers(0, 3000, 100_000).astype(np.uint16),
    "long runs of 16 bits": np.repeat(SOME.integers(0, 3000, 500), 200).astype(np.uint16),
    "noise of 64 bits": SOME.integers(0, 3000, 100_000),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_occurrences(labels: NDArray[Any]) -> None:
    found, expected = (
        np.trim_zeros(counts, "b").tolist() for counts in (occurrences(labels), np.bincount(labels))
    )
    assert found == expected


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "i4", "<i8", "<f4", "f8"])
def test_maps_of_any_numbers(dtype: str) -> None:
    tally = Tally(LabelRules(ignore_label=9), maps=True)
    tally.add_map(np.array([[0, 3], [3, 9]], dtype))
    tally.add_map(np.array([[9, 9]], dtype))
    tally.add_map(np.array([[3, 1]], dtype).T)
    counts = tally.counts()
    assert counts.counts.tolist() == [1, 1, 0, 3]
    assert counts.among.tolist() == [3, 2, 0, 5]
    assert (counts.items, counts.ignored) == (3, 3)


REFUSED = {
    "has the label -2, and classes count from 0": [0.0, -2.0],
    "has the label 1,048,576, which is beyond": [2.0**20],
    "has the label 1.5, which is no class": [1.5],
    "has the label nan, which is no class": [float("nan")],
    "has the label inf, which is no class": [float("inf")],
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_no_label(why: str) -> None:
    tally = Tally(LabelRules(), maps=True)
    with pytest.raises(UnreadableError, match=why):
        tally.add_map(np.array(REFUSED[why]))
    assert tally.counts().total == tally.items == 0
