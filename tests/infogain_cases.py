"""InfogainLoss as Caffe computed it: the recorded cases, for tests to be parametrised over."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from shared_data import SHARED

FOLDER = SHARED / "golden" / "infogain"
FLOAT32 = np.finfo(np.float32)


def golden_cases() -> list[Any]:
    """Each case as a parameter; without the recordings one that is skipped, and says so."""
    if not FOLDER.is_dir():
        reason = "needs ../shared, which this checkout has not"
        return [pytest.param({}, id="golden", marks=pytest.mark.skip(reason=reason))]
    cases = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=f"{case['key']}-{case['layer']}") for case in cases]


def recordings() -> dict[str, NDArray[np.float32]]:
    """The numbers of all cases."""
    with np.load(FOLDER / "cases.npz") as arrays:
        return dict(arrays)
