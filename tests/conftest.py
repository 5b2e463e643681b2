"""Settings of all tests: how many examples the property tests try, chosen with HYPOTHESIS_PROFILE=nightly."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile("ci", deadline=None, max_examples=500, suppress_health_check=SLOW)
settings.register_profile("nightly", deadline=None, max_examples=20_000, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
