"""A PMS that is neither up nor down does not make the agent flap."""

from __future__ import annotations

import pytest

from pms_drill.checks import unsteady as flapping
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("FAIL-07")
def test_alternating_errors_never_open_the_breaker(unsteady: Evidence) -> None:
    claim(flapping.alternating_errors_never_open_it(unsteady))


@pytest.mark.property("FAIL-08")
def test_random_errors_open_the_breaker_at_most_once_in_each_wait(unsteady: Evidence) -> None:
    claim(flapping.random_errors_do_not_make_it_flap(unsteady))
