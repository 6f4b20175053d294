"""Bookings while the PMS limps, and while the agent itself is stopped or killed: none lost, none doubled."""

from __future__ import annotations

import pytest

from pms_drill.checks import bookings, degraded, failover, intents
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_while_the_pms_limps(limping: Evidence) -> None:
    claim(bookings.none_lost(limping))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_while_the_pms_limps(limping: Evidence) -> None:
    claim(bookings.none_duplicated(limping))


@pytest.mark.property("BOOK-03")
def test_nothing_is_held_that_was_refused_while_the_pms_limps(limping: Evidence) -> None:
    claim(bookings.no_phantom(limping))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_that_the_pms_does_not_hold_while_the_pms_limps(limping: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(limping))


@pytest.mark.property("BOOK-07")
def test_no_guest_is_left_with_an_error_and_a_booking_while_the_pms_limps(limping: Evidence) -> None:
    claim(bookings.no_orphan(limping))


@pytest.mark.property("BRK-16")
def test_no_guest_waits_longer_than_twice_the_deadline_while_the_pms_limps(limping: Evidence) -> None:
    claim(failover.guests_do_not_wait_for_ever(limping))


@pytest.mark.property("FAIL-06")
def test_question_is_told_as_what_it_is_while_the_pms_limps(limping: Evidence) -> None:
    claim(degraded.told_as_it_is(limping))


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(bookings.none_lost(patchy))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(bookings.none_duplicated(patchy))


@pytest.mark.property("BOOK-03")
def test_nothing_is_held_that_was_refused_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(bookings.no_phantom(patchy))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_that_the_pms_does_not_hold_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(patchy))


@pytest.mark.property("BOOK-07")
def test_no_guest_is_left_with_an_error_and_a_booking_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(bookings.no_orphan(patchy))


@pytest.mark.property("BRK-16")
def test_no_guest_waits_longer_than_twice_the_deadline_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(failover.guests_do_not_wait_for_ever(patchy))


@pytest.mark.property("FAIL-06")
def test_question_is_told_as_what_it_is_while_the_pms_fails_now_and_then(patchy: Evidence) -> None:
    claim(degraded.told_as_it_is(patchy))


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_when_the_agent_is_interrupted(interrupted: Evidence) -> None:
    claim(bookings.none_lost(interrupted))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_when_the_agent_is_interrupted(interrupted: Evidence) -> None:
    claim(bookings.none_duplicated(interrupted))


@pytest.mark.property("BOOK-03")
def test_nothing_is_held_that_was_refused_when_the_agent_is_interrupted(interrupted: Evidence) -> None:
    claim(bookings.no_phantom(interrupted))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_that_the_pms_does_not_hold_when_the_agent_is_interrupted(interrupted: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(interrupted))


@pytest.mark.property("BOOK-07")
def test_no_guest_is_left_with_an_error_and_a_booking_when_the_agent_is_interrupted(interrupted: Evidence) -> None:
    claim(bookings.no_orphan(interrupted))


@pytest.mark.property("BOOK-08")
def test_request_repeated_with_its_key_when_the_agent_is_interrupted_is_one_booking(interrupted: Evidence) -> None:
    claim(intents.same_key_same_reservation(interrupted))


@pytest.mark.claims("breaker.slow_call=None")
@pytest.mark.property("BRK-62")
def test_pms_that_is_slow_within_the_deadline_or_seldom_fails_stays_in_use(limping: Evidence) -> None:
    claim(degraded.stays_in_use(limping))
