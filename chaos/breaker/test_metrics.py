"""What operators see is what happened: metrics compared with answers and ledger, each in a property of its own."""

from __future__ import annotations

import pytest

from pms_drill.checks import metrics
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("MET-01")
def test_gauge_equals_the_breakers_behaviour_at_every_scrape(outage: Evidence) -> None:
    claim(metrics.gauge_equals_behaviour(outage))


@pytest.mark.property("MET-02")
def test_calls_that_are_counted_are_the_calls_that_arrived(outage: Evidence) -> None:
    claim(metrics.calls_are_conserved(outage))


@pytest.mark.property("MET-03")
def test_transitions_are_legal_and_each_is_counted_once(outage: Evidence) -> None:
    claim(metrics.transitions_are_legal_and_counted(outage))


@pytest.mark.property("MET-04")
def test_rejections_and_failover_answers_are_what_guests_were_told(outage: Evidence) -> None:
    claim(metrics.rejections_equal_what_guests_were_told(outage))


@pytest.mark.property("MET-05")
def test_errors_are_counted_under_the_kind_of_the_fault(outage: Evidence) -> None:
    claim(metrics.errors_have_the_faults_kind(outage))


@pytest.mark.property("MET-06")
def test_rejections_leave_no_sample_of_latency(outage: Evidence) -> None:
    claim(metrics.rejections_have_no_latency(outage))


@pytest.mark.property("MET-07")
def test_gauge_of_pending_reservations_equals_the_outbox(outage: Evidence) -> None:
    claim(metrics.pending_gauge_equals_the_outbox(outage))
