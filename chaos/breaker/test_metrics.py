"""What operators see is what happened: metrics compared with answers and ledger, each in a property of its own."""

from __future__ import annotations

import pytest

from pms_drill.checks import metric_figures as figures
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


@pytest.mark.property("MET-08")
def test_durations_fit_each_other_and_the_calls_at_the_pms(outage: Evidence) -> None:
    claim(figures.durations_fit_the_calls(outage))


@pytest.mark.property("MET-09")
def test_surplus_bookings_are_counted_as_often_as_one_was_cancelled(outage: Evidence) -> None:
    claim(figures.surplus_is_counted(outage))


@pytest.mark.property("MET-09")
@pytest.mark.only_under("heal_midway")
def test_surplus_booking_that_was_cancelled_is_counted_once(booking_case: Evidence) -> None:
    claim(figures.surplus_is_counted(booking_case))


@pytest.mark.property("MET-10")
def test_only_calls_of_guests_are_counted_as_rejected(outage: Evidence) -> None:
    claim(figures.only_guests_are_rejected(outage))
