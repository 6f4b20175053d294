"""The fate of every booking, judged by the guests' answers, the ledger and a final read of the PMS."""

from __future__ import annotations

import pytest

from pms_drill.checks import bookings
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost(outage: Evidence) -> None:
    claim(bookings.none_lost(outage))


@pytest.mark.property("BOOK-02")
def test_no_guest_is_booked_twice_and_no_doubtful_request_is_repeated_too_early(outage: Evidence) -> None:
    claim(bookings.none_duplicated(outage))


@pytest.mark.property("BOOK-03")
def test_the_pms_holds_nothing_that_no_guest_asked_for_or_that_was_refused(outage: Evidence) -> None:
    claim(bookings.no_phantom(outage))


@pytest.mark.property("BOOK-04")
def test_every_booking_has_the_dates_and_the_room_that_the_guest_asked_for(outage: Evidence) -> None:
    claim(bookings.none_mangled(outage))


@pytest.mark.property("BOOK-05")
def test_every_pending_reservation_ends(outage: Evidence) -> None:
    claim(bookings.pending_ones_end(outage))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_that_the_pms_does_not_hold(outage: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(outage))


@pytest.mark.property("BOOK-07")
def test_no_guest_who_was_told_of_an_error_is_left_with_a_booking(outage: Evidence) -> None:
    claim(bookings.no_orphan(outage))
