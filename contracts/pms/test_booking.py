"""Booking: `POST /api/bookings`. What became of it stands in `orders` and `room_bookings`."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pms_drill.contract.qloapps import QloApps, errors, is_live
from pms_drill.episodes.guests import GuestBook

#: A night that no other guest asks for, so that it may be sold out.
SOLD_OUT_NIGHT = 460


@pytest.mark.property("PMS-17")
def test_booking_is_answered_200_with_the_booking_and_no_location(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    answer = pms.book(guest, source=guest.email)
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    booking = answer.json()["booking"]
    [room_type] = booking["associations"]["room_types"]
    assert (booking["source"], room_type["id_room_type"]) == (guest.email, guest.room_type)
    assert room_type["checkin_date"].startswith(guest.check_in)
    assert room_type["checkout_date"].startswith(guest.check_out)
    assert booking["associations"]["price_details"]["total_price_without_tax"] > 0


@pytest.mark.property("PMS-18")
def test_guest_stay_and_currency_are_enough_for_a_booking(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    body = pms.booking(guest)
    assert set(body["booking"]) == {"id_property", "currency", "associations"}
    answer = pms.post("bookings", json=body)
    assert answer.status_code == 200
    customer = answer.json()["booking"]["associations"]["customer_detail"]
    assert customer["email"] == guest.email


@pytest.mark.property("PMS-19")
def test_reference_in_source_finds_exactly_its_order(pms: QloApps, guest_book: GuestBook) -> None:
    mine, other = guest_book.guests(2)
    booking = pms.booked(mine, source=mine.email)
    pms.booked(other, source=other.email)
    assert pms.orders_with(mine.email) == [booking["id"]]
    assert pms.source_of(booking["id"]) == mine.email


@pytest.mark.property("PMS-20")
def test_booking_has_one_live_room_line_for_its_nights(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    [line] = pms.lines(pms.booked(guest)["id"])
    assert is_live(line)
    assert (line["date_from"][:10], line["date_to"][:10]) == (guest.check_in, guest.check_out)


@pytest.mark.property("PMS-21")
def test_booking_takes_one_room_from_availability(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    before = pms.rooms_left(guest)
    pms.booked(guest)
    assert pms.rooms_left(guest) == before - 1


@pytest.mark.property("PMS-22")
def test_second_guest_of_the_same_nights_gets_another_room(pms: QloApps, guest_book: GuestBook) -> None:
    first = guest_book.guest(nights=1)
    arrival = date.fromisoformat(first.check_in)
    second = guest_book.guest(check_in=arrival, nights=1, room_type=first.room_type)
    [mine], [yours] = (pms.lines(pms.booked(guest)["id"]) for guest in (first, second))
    assert mine["id_room"] != yours["id_room"]


@pytest.mark.property("PMS-23")
def test_sold_out_room_type_is_refused_with_400_and_code_404(pms: QloApps, guest_book: GuestBook) -> None:
    night = guest_book.today() + timedelta(days=SOLD_OUT_NIGHT)
    guest, late = guest_book.guest(check_in=night, nights=1, room_type=1), guest_book.guest(check_in=night, room_type=1)
    pms.fill(guest)
    assert pms.rooms_left(guest) == 0
    answer = pms.book(late, source=late.email)
    assert answer.status_code == 400
    [(code, text)] = errors(answer)
    assert code == 404
    assert text.startswith("Requested room(s) not available")
    assert pms.orders_with(late.email) == []
