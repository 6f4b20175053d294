"""Changing bookings with PUT, and what became of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twin.desk import Desk, booking


def change(desk: Desk, order: int, path: str = "", **what: Any) -> Any:
    return desk.ask("PUT", f"/bookings{path}", booking(id=order, **what))


@pytest.mark.parametrize("path", ["", "/5", "/nonsense"])
def test_body_says_which_booking_is_changed_and_the_path_does_not(desk: Desk, path: str) -> None:
    order = desk.book(booking()).order
    other = desk.book(booking()).order
    assert change(desk, order, path, booking_status=3).order == order
    assert (desk.state(order), desk.state(other)) == (4, 1)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"booking": {}}, "id is required with PUT requests."),
        ({"booking": {"id": 999}}, "Booking not found."),
        ({"booking": {"id": 1, "booking_status": 3}}, "Rooms not found in the request."),
        (booking(id=1, email="nobody@example.com"), "Please provide a valid email."),
    ],
)
def test_refusals_of_a_change(desk: Desk, body: Any, text: str) -> None:
    told = desk.ask("PUT", "/bookings/1", body)
    assert (told.status, told.messages) == (400, [text])


def test_new_dates_are_a_new_line_with_a_new_price(desk: Desk) -> None:
    order = desk.book(booking()).order
    before = desk.lines(order)[0].id
    told = change(desk, order, first="2027-04-01", end="2027-04-04").json()["booking"]["associations"]
    assert told["price_details"]["total_price_without_tax"] == 3000
    assert desk.lines(order)[0].id != before
    assert desk.free(1, "2027-03-01", "2027-03-03") == [1, 2, 3, 4, 5]
    assert desk.free(1, "2027-04-01", "2027-04-03") == [2, 3, 4, 5]


def test_list_of_rooms_is_complete(desk: Desk) -> None:
    order = desk.book(booking()).order
    assert change(desk, order, count=3).rooms == [1, 2, 3]
    assert change(desk, order, count=1).rooms == [1]
    assert change(desk, order, kind=2).rooms == [6]
    assert desk.free(1, "2027-03-01", "2027-03-03") == [1, 2, 3, 4, 5]


def test_change_to_sold_out_is_refused_without_a_full_stop_and_changes_nothing(desk: Desk) -> None:
    desk.book(booking(kind=2, count=5, email="x@example.com"))
    order = desk.book(booking()).order
    assert change(desk, order, kind=2).messages == ["Requested room(s) not available"]
    assert [line.room_id for line in desk.lines(order)] == [1]


def test_occupancy_of_a_line_is_not_changed(desk: Desk) -> None:
    order = desk.book(booking()).order
    change(desk, order, rooms=[{"id_room": 1, "adults": 1, "child": 0, "total_tax": 460}])
    assert desk.lines(order)[0].adults == 2


def test_sending_back_what_get_told_multiplies_the_price_by_the_nights(desk: Desk) -> None:
    order = desk.book(booking("2027-03-01", "2027-03-04")).order
    prices = []
    for _ in range(3):
        told = desk.ask("GET", f"/bookings/{order}").json()
        prices.append(told["booking"]["associations"]["price_details"]["total_price_without_tax"])
        assert desk.ask("PUT", "/bookings", told).status == 200
    assert prices == [3000, 9000, 27000]


def test_cancelled_booking_looks_like_a_good_one(desk: Desk) -> None:
    order = desk.book(booking()).order
    before = desk.ask("GET", f"/bookings/{order}").text
    assert change(desk, order, booking_status=3).text == before
    assert desk.ask("GET", f"/bookings/{order}").text == before
    line = desk.ask("GET", f"/room_bookings?filter[id_order]={order}&display=[is_cancelled,is_refunded]").json()
    assert line == {"bookings": [{"is_refunded": 1, "is_cancelled": 1}]}
    assert desk.free(1, "2027-03-01", "2027-03-03") == [1, 2, 3, 4, 5]


def test_refunded_booking_is_free_and_not_cancelled(desk: Desk) -> None:
    order = desk.book(booking()).order
    change(desk, order, booking_status=4)
    line = desk.lines(order)[0]
    assert (desk.state(order), line.refunded, line.cancelled) == (5, True, False)
    assert len(desk.free(1, "2027-03-01", "2027-03-03")) == 5


def test_cancelled_booking_made_new_again_holds_no_room(desk: Desk) -> None:
    order = desk.book(booking()).order
    change(desk, order, booking_status=3)
    assert change(desk, order, booking_status=1).status == 200
    assert desk.state(order) == 1
    assert not desk.lines(order)[0].live
    assert len(desk.free(1, "2027-03-01", "2027-03-03")) == 5


def test_remark_is_added_again_with_each_change(desk: Desk) -> None:
    order = desk.book(booking(remark="late")).order
    for _ in range(2):
        told = change(desk, order, booking_status=3, remark="late")
    assert told.json()["booking"]["associations"]["remarks"] == ["late"] * 3


def test_room_without_tax_is_changed_and_answered_with_500(desk: Desk) -> None:
    order = desk.book(booking()).order
    assert change(desk, order, count=2, rooms=[{"adults": 1}, {"adults": 1}]).codes == [3, 3]
    assert len(desk.lines(order)) == 2


def test_bookings_cannot_be_deleted(desk: Desk) -> None:
    told = desk.ask("DELETE", "/bookings/1")
    assert (told.status, told.codes) == (405, [101])


def test_cancel_by_order_history_is_the_shortest(desk: Desk) -> None:
    order = desk.book(booking(count=2)).order
    told = desk.cancel(order)
    assert (told.status, told.json()["order_history"]["id_order_state"]) == (201, 4)
    assert desk.state(order) == 4
    assert not any(line.live for line in desk.lines(order))
