"""Under load the integration stays within the runbook's targets, before and after an outage of the PMS.

The band critical fails its property. Off target and warning are told in the property's text and decide the exit code
by the tier's `fail_on`, or `--fail-on`. What a sample is too small to show is told as not shown, never as met.
"""

from __future__ import annotations

import pytest

from pms_drill.checks.verdict import claim
from pms_drill.load.run import LoadRun
from pms_drill.load.schedule import Endpoint

# The run itself is the fixture's and has a time limit of its own.
pytestmark = pytest.mark.timeout(60, func_only=True)


@pytest.mark.property("LOAD-01")
def test_guests_operations_are_answered_by_the_pms(load_run: LoadRun, load_phase: str) -> None:
    """Availability, the share answered from the PMS, is not past the runbook's critical limit."""
    claim(load_run.target("availability", load_phase))


@pytest.mark.property("LOAD-02")
@pytest.mark.parametrize("endpoint", ["availability", "reservations"])
def test_guests_are_answered_in_time(load_run: LoadRun, load_phase: str, endpoint: str) -> None:
    """The 95th percentile from the intended arrival is not past the runbook's critical limit."""
    claim(load_run.target(f"response_time:{endpoint}", load_phase))


@pytest.mark.property("LOAD-03")
def test_guests_see_few_errors(load_run: LoadRun, load_phase: str) -> None:
    """The share of 5xx, lost and senseless answers is not past the runbook's critical limit."""
    claim(load_run.target("error_rate", load_phase))


@pytest.mark.property("LOAD-04")
def test_the_breaker_is_closed_while_the_pms_works(load_run: LoadRun, load_phase: str) -> None:
    """The breaker was open in no scrape of the phase."""
    claim(load_run.target("circuit_breaker", load_phase))


@pytest.mark.property("LOAD-05")
def test_every_planned_arrival_is_recorded_once_with_one_outcome(load_run: LoadRun) -> None:
    claim(load_run.conservation())


@pytest.mark.property("LOAD-06")
def test_the_generator_sends_every_guest_in_time(load_run: LoadRun, load_phase: str) -> None:
    """Lateness (start - due) stays below a tenth of the response-time target; above it nothing is proven."""
    claim(load_run.punctuality(load_phase))


@pytest.mark.property("LOAD-07")
@pytest.mark.parametrize("endpoint", ["availability", "reservations"])
def test_the_agent_is_itself_again_after_an_outage(load_run: LoadRun, after_outage: str, endpoint: Endpoint) -> None:
    """After an outage guests are answered about as fast as before it: nothing was lost with each call that hung."""
    claim(load_run.itself_again(after_outage, endpoint))
