"""Refused bookings: which defect is told first, and that nothing is kept."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pms_drill.contract.qloapps import QloApps, changed, errors
from pms_drill.episodes.guests import GuestBook

_CUSTOMER = "booking.associations.customer_detail"
_ROOMS = "booking.associations.room_types.0"

#: Text of the refusal -> what is wrong, in the order in which QloApps looks.
DEFECTS: dict[str, tuple[str, Any]] = {
    "id is forbidden when adding a new resource": ("booking.id", 1),
    "Please provide valid currency.": ("booking.currency", "XXX"),
    "Please provide a valid id_property.": ("booking.id_property", 999),
    "Please provide a valid email.": (f"{_CUSTOMER}.email", None),
    "Please provide a valid phone number.": (f"{_CUSTOMER}.phone", None),
    "Invalid check in date in the request": (f"{_ROOMS}.checkin_date", "01.03.2027"),
    "number of rooms is missing": (f"{_ROOMS}.number_of_rooms", None),
    "Invalid room type in the request": (f"{_ROOMS}.id_room_type", 999),
    "Invalid check in and check out dates in the request": (f"{_ROOMS}.checkout_date", "2026-01-01"),
    "Requested room(s) not available.": (f"{_ROOMS}.number_of_rooms", 1000),
}
ORDER = list(DEFECTS)


@pytest.mark.property("PMS-24")
@pytest.mark.parametrize("text", DEFECTS)
def test_refused_booking_is_400_with_code_404_and_nothing_is_kept(
    pms: QloApps, guest_book: GuestBook, text: str
) -> None:
    guest = guest_book.guest()
    answer = pms.post("bookings", json=changed(pms.booking(guest, source=guest.email), *DEFECTS[text]))
    assert (answer.status_code, errors(answer)) == (400, [(404, text)])
    assert pms.orders_with(guest.email) == []


@pytest.mark.property("PMS-25")
@pytest.mark.parametrize(
    ("first", "second"),
    [pair for pair in itertools.pairwise(ORDER) if DEFECTS[pair[0]][0] != DEFECTS[pair[1]][0]],
)
def test_of_two_defects_the_earlier_one_is_told(pms: QloApps, guest_book: GuestBook, first: str, second: str) -> None:
    body = pms.booking(guest_book.guest())
    for text in (first, second):
        body = changed(body, *DEFECTS[text])
    assert errors(pms.post("bookings", json=body)) == [(404, first)]
