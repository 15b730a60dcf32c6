"""What every test may lean on: the project's root, and the shared data where a checkout has it."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture
def fixtures() -> Path:
    return ROOT / "fixtures"
