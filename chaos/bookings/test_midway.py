"""Bookings that are lost, late or unreadable on their way: the guest is told the truth and booked at most once."""

from __future__ import annotations

import pytest

from pms_drill.checks import bookings
from pms_drill.checks.verdict import claim
from pms_drill.evidence.bundle import Evidence

#: Under these the agent cannot know at once; under the others a read-back may settle all before the guest is told.
leaves_doubt = pytest.mark.only_under("answer_withheld", "late_request")


@pytest.mark.property("BOOK-01")
def test_no_acknowledged_booking_is_lost_on_the_way(midway: Evidence) -> None:
    claim(bookings.none_lost(midway))


@pytest.mark.property("BOOK-02")
def test_no_booking_is_doubled_on_the_way(midway: Evidence) -> None:
    claim(bookings.none_duplicated(midway))


@pytest.mark.property("BOOK-03")
def test_nothing_is_booked_that_was_refused_on_the_way(midway: Evidence) -> None:
    claim(bookings.no_phantom(midway))


@pytest.mark.property("BOOK-05")
@leaves_doubt
def test_every_booking_that_is_doubtful_on_the_way_ends(midway: Evidence) -> None:
    claim(bookings.pending_ones_end(midway))


@pytest.mark.property("BOOK-06")
def test_nothing_is_confirmed_that_was_lost_on_the_way(midway: Evidence) -> None:
    claim(bookings.confirmed_only_when_held(midway))


@pytest.mark.property("BOOK-07")
def test_no_guest_is_left_with_an_error_and_a_booking(midway: Evidence) -> None:
    claim(bookings.no_orphan(midway))
