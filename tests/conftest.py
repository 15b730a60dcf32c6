"""Settings for all tests; being here it also lets them import `shared_data`."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("protofix", deadline=None)
settings.load_profile("protofix")


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test find what another found, nor leave anything in the folder that it runs in."""
    monkeypatch.setenv("PROTOFIX_NO_CACHE", "1")
