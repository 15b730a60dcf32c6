"""Settings for all tests; being here it also lets them import `shared_data`."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings
from shared_data import needs_shared

# How long an example takes says more of the machine than of the code. What passes once is to pass
# again, so the examples are the same in each run; a fuzz on request tries new ones.
settings.register_profile(
    "protofix", deadline=None, derandomize="PROTOFIX_FUZZ_EXAMPLES" not in os.environ
)
settings.load_profile("protofix")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks by which tests can be chosen or left out, and let Ctrl-C reach programs.

    A shell lets what it starts in the background ignore it, and so would all that tests start.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "shared: needs ../shared")
    config.addinivalue_line(
        "markers", "lengthy: takes long, and says little of the libraries that it runs with"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs `../shared`."""
    for item in items:
        if needs_shared.mark in item.iter_markers():
            item.add_marker("shared")


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test find what another found, nor leave anything in the folder that it runs in."""
    monkeypatch.setenv("PROTOFIX_NO_CACHE", "1")
