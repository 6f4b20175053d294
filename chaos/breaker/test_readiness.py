"""Readiness tells what is: the breaker, the PMS, the last call and what is pending."""

from __future__ import annotations

import pytest

from pms_drill.checks import readiness
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("READY-01")
def test_readiness_tells_the_breaker_and_the_pms_as_they_are(outage: Evidence) -> None:
    claim(readiness.tells_state_and_status(outage))


@pytest.mark.property("READY-04")
@pytest.mark.only_under("hang", "drip")
def test_health_is_answered_at_once_while_calls_wait_for_the_pms(outage: Evidence) -> None:
    claim(readiness.answers_at_once(outage))


@pytest.mark.property("READY-02")
@pytest.mark.seen_at_the_pms
def test_readiness_tells_when_the_last_call_ended(outage: Evidence) -> None:
    claim(readiness.tells_the_last_call(outage))


@pytest.mark.property("READY-03")
def test_readiness_and_gauge_count_the_same_pending_reservations(outage: Evidence) -> None:
    claim(readiness.tells_what_is_pending(outage))
