"""The agent cannot write its log: breaker, guests and whoever reads the metrics do not notice."""

from __future__ import annotations

import pytest

from pms_drill.checks import bookings, breaker, failover, metrics, readiness
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.claims("breaker.failure_ratio=None")
@pytest.mark.property("BRK-02")
def test_breaker_without_a_log_opens_after_exactly_the_declared_number_of_failures(unlogged: Evidence) -> None:
    claim(breaker.opens_at_the_threshold(unlogged))


@pytest.mark.property("BRK-18")
def test_open_breaker_without_a_log_sends_no_call(unlogged: Evidence) -> None:
    claim(breaker.no_call_while_open(unlogged))


@pytest.mark.property("BRK-19")
def test_open_breaker_without_a_log_answers_at_once(unlogged: Evidence) -> None:
    claim(breaker.rejects_fast(unlogged))


@pytest.mark.property("BRK-22")
def test_breaker_without_a_log_stays_open_for_the_whole_wait_and_probes_soon_after_it(unlogged: Evidence) -> None:
    claim(breaker.stays_open_for_the_wait(unlogged))


@pytest.mark.property("BRK-27")
def test_agent_without_a_log_does_not_look_dead(unlogged: Evidence) -> None:
    claim(breaker.liveness_is_unaffected(unlogged))


@pytest.mark.property("BRK-34")
def test_failed_probe_without_a_log_opens_the_breaker_for_a_full_new_wait(unlogged: Evidence) -> None:
    claim(breaker.failed_probe_reopens_for_a_full_wait(unlogged))


@pytest.mark.property("BRK-16")
def test_no_guest_waits_for_a_log_that_cannot_be_written(unlogged: Evidence) -> None:
    claim(failover.guests_do_not_wait_for_ever(unlogged))


@pytest.mark.property("FAIL-01")
def test_answers_of_an_open_breaker_without_a_log_say_where_they_come_from(unlogged: Evidence) -> None:
    claim(failover.answers_are_marked(unlogged))


@pytest.mark.property("FAIL-02")
def test_guests_get_the_pms_back_soon_after_it_works_without_a_log(unlogged: Evidence) -> None:
    claim(breaker.recovers_after_the_heal(unlogged))


@pytest.mark.property("MET-01")
def test_gauge_equals_the_breakers_behaviour_without_a_log(unlogged: Evidence) -> None:
    claim(metrics.gauge_equals_behaviour(unlogged))


@pytest.mark.property("MET-03")
def test_transitions_without_a_log_are_legal_and_each_is_counted_once(unlogged: Evidence) -> None:
    claim(metrics.transitions_are_legal_and_counted(unlogged))


@pytest.mark.property("READY-01")
def test_readiness_tells_the_breaker_and_the_pms_as_they_are_without_a_log(unlogged: Evidence) -> None:
    claim(readiness.tells_state_and_status(unlogged))


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_without_a_log(unlogged: Evidence) -> None:
    claim(bookings.none_lost(unlogged))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_without_a_log(unlogged: Evidence) -> None:
    claim(bookings.none_duplicated(unlogged))


@pytest.mark.property("BOOK-05")
def test_every_pending_reservation_ends_without_a_log(unlogged: Evidence) -> None:
    claim(bookings.pending_ones_end(unlogged))
