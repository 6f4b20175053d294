"""Concurrent guests under mixed faults, the agent killed and restarted: no booking lost, none doubled."""

from __future__ import annotations

import pytest

from pms_drill.checks import bookings, intents
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_in_the_storm(workload: Evidence) -> None:
    claim(bookings.none_lost(workload))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_in_the_storm(workload: Evidence) -> None:
    claim(bookings.none_duplicated(workload))


@pytest.mark.property("BOOK-03")
def test_the_pms_holds_nothing_after_the_storm_that_was_refused(workload: Evidence) -> None:
    claim(bookings.no_phantom(workload))


@pytest.mark.property("BOOK-04")
def test_every_booking_of_the_storm_is_what_the_guest_asked_for(workload: Evidence) -> None:
    claim(bookings.none_mangled(workload))


@pytest.mark.property("BOOK-05")
def test_every_pending_reservation_of_the_storm_ends(workload: Evidence) -> None:
    claim(bookings.pending_ones_end(workload))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_in_the_storm_that_the_pms_does_not_hold(workload: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(workload))


@pytest.mark.property("BOOK-07")
def test_no_guest_of_the_storm_is_left_with_an_error_and_a_booking(workload: Evidence) -> None:
    claim(bookings.no_orphan(workload))


@pytest.mark.property("BOOK-08")
def test_request_repeated_with_its_key_in_the_storm_is_one_booking(workload: Evidence) -> None:
    claim(intents.same_key_same_reservation(workload))


@pytest.mark.property("BOOK-11")
def test_no_booking_of_the_storm_is_sent_while_the_pms_is_at_work_on_another_one(workload: Evidence) -> None:
    claim(intents.one_at_a_time(workload))


@pytest.mark.property("BOOK-12")
def test_no_room_is_sold_twice_in_the_storm_because_of_the_agent(workload: Evidence) -> None:
    claim(intents.no_room_sold_twice(workload))
