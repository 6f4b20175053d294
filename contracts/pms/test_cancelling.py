"""Cancelling: a new entry in the order's history is the shortest way, and frees the room."""

from __future__ import annotations

import pytest

from pms_drill.contract.qloapps import QloApps, is_live
from pms_drill.episodes.guests import GuestBook


@pytest.mark.property("PMS-26")
def test_cancelled_booking_frees_its_room_at_once(pms: QloApps, guest_book: GuestBook) -> None:
    guest = guest_book.guest()
    before = pms.rooms_left(guest)
    booking = pms.booked(guest)
    assert pms.rooms_left(guest) == before - 1
    answer = pms.cancel(booking["id"])
    assert answer.status_code == 201
    assert int(answer.json()["order_history"]["id_order"]) == booking["id"]
    assert pms.rooms_left(guest) == before


@pytest.mark.property("PMS-27")
def test_room_line_of_a_cancelled_booking_is_not_live(pms: QloApps, guest_book: GuestBook) -> None:
    booking = pms.booked(guest_book.guest())
    pms.cancel(booking["id"])
    [line] = pms.lines(booking["id"])
    assert not is_live(line)
    order = pms.get(f"orders/{booking['id']}").json()["order"]
    assert int(order["current_state"]) == 4
