"""Settings for all tests; being here it also lets them import `shared_data`."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("protofix", deadline=None)
settings.load_profile("protofix")
