"""A PMS that fails now and then is still a PMS: the failover does not flap."""

from __future__ import annotations

import pytest

from pms_drill.checks import flapping
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("FAIL-07")
@pytest.mark.only_under("alternating_errors")
def test_alternating_errors_never_open_the_breaker(some_errors: Evidence) -> None:
    claim(flapping.alternating_errors_never_open(some_errors))


@pytest.mark.property("FAIL-08")
@pytest.mark.only_under("random_errors")
def test_random_errors_open_the_breaker_at_most_once_per_recovery_time(some_errors: Evidence) -> None:
    claim(flapping.opens_at_most_once_per_wait(some_errors))
