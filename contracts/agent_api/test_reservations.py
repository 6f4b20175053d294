"""Reservations: confirmed only when the PMS holds the room, found again by their id, and made once per key."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pms_drill.checks.problems import is_problem
from pms_drill.checks.verdict import claim
from pms_drill.contract.agent import Agent
from pms_drill.contract.calls import Calls
from pms_drill.contract.qloapps import QloApps, is_live
from pms_drill.episodes.guests import GuestBook
from pms_drill.evidence.history import Guest
from pms_drill.money import written

#: A night that no other guest asks for, so that it may be sold out.
SOLD_OUT_NIGHT = 480


@pytest.mark.property("API-09")
def test_reservation_is_201_and_its_location_leads_to_it(agent: Agent, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    answer = agent.reserve(guest.reservation())
    assert answer.status_code == 201
    told = answer.json()
    assert told | {"status": "confirmed", "source": "pms", "reason": None} == told
    assert told | guest.reservation() | {"hotel_id": guest.hotel_id} == told
    for found in (agent.follow(answer), agent.reservation(told["reservation_id"])):
        assert (found.status_code, found.headers["Content-Type"], found.json()) == (200, "application/json", told)


@pytest.mark.property("API-10")
def test_confirmed_reservation_is_held_by_the_pms_for_its_nights(
    agent: Agent, pms: QloApps, guest_book: GuestBook
) -> None:
    guest = guest_book.guest()
    told = agent.reserve(guest.reservation()).json()
    booking = pms.get(f"bookings/{told['pms_booking_id']}").json()["booking"]
    first, _, last = guest.name.rpartition(" ")
    customer, [stay] = booking["associations"]["customer_detail"], booking["associations"]["room_types"]
    assert [customer[name] for name in ("firstname", "lastname", "email")] == [first, last, guest.email]
    assert (int(booking["id_property"]), int(stay["id_room_type"])) == (guest.hotel_id, guest.room_type)
    [line] = pms.lines(told["pms_booking_id"])
    assert is_live(line)
    assert (line["date_from"][:10], line["date_to"][:10]) == (guest.check_in, guest.check_out)


@pytest.mark.property("API-31")
def test_total_of_a_reservation_is_what_the_order_costs_with_tax(
    agent: Agent, pms: QloApps, guest_book: GuestBook
) -> None:
    answer = agent.reserve(guest_book.guest().reservation())
    total, order = answer.json().get("total"), answer.json()["pms_booking_id"]
    price = pms.get(f"orders/{order}").json()["order"]["total_paid_tax_incl"]
    currency = pms.get(f"bookings/{order}").json()["booking"]["currency"]
    assert total == {"amount": written(price, currency), "currency": currency}
    assert agent.follow(answer).json().get("total") == total


@pytest.mark.property("API-11")
def test_booking_carries_a_reference_of_its_own_in_source(agent: Agent, pms: QloApps, guest_book: GuestBook) -> None:
    orders = [agent.reserve(guest.reservation()).json()["pms_booking_id"] for guest in guest_book.guests(2)]
    references = [pms.source_of(order) for order in orders]
    assert [pms.orders_with(reference) for reference in references] == [[order] for order in orders]


@pytest.mark.property("API-12")
def test_same_key_and_body_give_the_same_reservation_and_one_booking(
    agent: Agent, pms: QloApps, guest_book: GuestBook
) -> None:
    guest = guest_book.guest()
    left = pms.rooms_left(guest)
    first, again = (agent.reserve(guest.reservation(), key=guest.email) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert pms.rooms_left(guest) == left - 1


@pytest.mark.property("API-13")
@pytest.mark.parametrize("field", ["guest_name", "email", "check_in", "check_out", "room_type", "hotel_id"])
def test_same_key_with_another_body_is_422_and_books_nothing(
    agent: Agent, guest_book: GuestBook, calls: Calls, field: str
) -> None:
    guest = guest_book.guest(nights=3, room_type=1)
    first = guest.reservation() | {"hotel_id": guest.hotel_id}
    assert agent.reserve(first, key=guest.email).status_code == 201
    before = calls.made()
    answer = agent.reserve(first | {field: _other(guest, field)}, key=guest.email)
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=422))
    assert calls.made() == before


def _other(guest: Guest, field: str) -> object:
    """Another right value for one field of the guest's request."""
    arrival = date.fromisoformat(guest.check_in)
    others: dict[str, object] = {
        "guest_name": f"{guest.name}a",
        "email": f"other.{guest.email}",
        "check_in": (arrival + timedelta(days=1)).isoformat(),
        "check_out": (arrival + timedelta(days=2)).isoformat(),
        "room_type": guest.room_type + 1,
        "hotel_id": guest.hotel_id + 1,
    }
    return others[field]


@pytest.mark.property("API-14")
def test_without_a_key_each_request_is_a_new_reservation(agent: Agent, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    first, again = (agent.reserve(guest.reservation()).json() for _ in range(2))
    assert first["reservation_id"] != again["reservation_id"]
    assert first["pms_booking_id"] != again["pms_booking_id"]


@pytest.mark.property("API-15")
def test_sold_out_is_409_and_books_nothing(agent: Agent, pms: QloApps, guest_book: GuestBook) -> None:
    night = guest_book.today() + timedelta(days=SOLD_OUT_NIGHT)
    guest, late = (guest_book.guest(check_in=night, nights=1, room_type=1) for _ in range(2))
    pms.fill(guest)
    before = pms.newest_order()
    answer = agent.reserve(late.reservation())
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=409))
    assert pms.rooms_left(guest) == 0
    assert late.email not in pms.guests_after(before)
