"""The moments at which bookings get lost or doubled, each set up on purpose."""

from __future__ import annotations

import pytest

from pms_drill.checks import bookings, failover, intents
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BOOK-08")
@pytest.mark.only_under("lost_reply", "opening_midway")
def test_request_repeated_with_its_key_is_the_same_reservation_and_one_booking(booking_case: Evidence) -> None:
    claim(intents.same_key_same_reservation(booking_case))


@pytest.mark.property("BOOK-09")
@pytest.mark.only_under("opening_midway")
def test_booking_on_its_way_when_the_breaker_opens_is_sent_once_and_held_once(booking_case: Evidence) -> None:
    claim(intents.in_flight_when_it_opened(booking_case))


@pytest.mark.property("BOOK-10")
@pytest.mark.only_under("heal_midway")
def test_of_several_bookings_for_one_reservation_only_the_one_told_stays(booking_case: Evidence) -> None:
    claim(intents.one_of_late_ones_stays(booking_case))


@pytest.mark.property("BOOK-11")
def test_no_booking_is_sent_while_the_pms_is_at_work_on_another_one(booking_case: Evidence) -> None:
    claim(intents.one_at_a_time(booking_case))


@pytest.mark.property("BOOK-12")
def test_no_room_is_sold_to_two_guests_because_of_the_agent(booking_case: Evidence) -> None:
    claim(intents.no_room_sold_twice(booking_case))


@pytest.mark.property("FAIL-03")
@pytest.mark.only_under("opening_midway")
def test_mock_that_takes_over_during_a_booking_confirms_nothing(booking_case: Evidence) -> None:
    claim(failover.writes_are_pending_while_open(booking_case))


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_at_that_moment(booking_case: Evidence) -> None:
    claim(bookings.none_lost(booking_case))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_at_that_moment(booking_case: Evidence) -> None:
    claim(bookings.none_duplicated(booking_case))


@pytest.mark.property("BOOK-03")
def test_nothing_is_held_that_was_refused_at_that_moment(booking_case: Evidence) -> None:
    claim(bookings.no_phantom(booking_case))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_at_that_moment_that_the_pms_does_not_hold(booking_case: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(booking_case))
