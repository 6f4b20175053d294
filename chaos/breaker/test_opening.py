"""The breaker is closed until the declared number of failures, and opens at exactly that number."""

from __future__ import annotations

import pytest

from pms_drill.checks import breaker, failover
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BRK-01")
def test_breaker_is_closed_at_start_and_the_first_call_reaches_the_pms(outage: Evidence) -> None:
    claim(breaker.starts_closed(outage))


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-02")
def test_breaker_opens_after_exactly_the_declared_number_of_failures(outage: Evidence) -> None:
    claim(breaker.opens_at_the_threshold(outage))


@pytest.mark.property("BRK-10")
def test_business_answers_of_the_pms_never_open_the_breaker(refusal: Evidence) -> None:
    claim(breaker.stays_closed(refusal))


@pytest.mark.property("BRK-16")
def test_no_guest_waits_longer_than_twice_the_deadline(outage: Evidence) -> None:
    claim(failover.guests_do_not_wait_for_ever(outage))
