"""Which rooms are free, and which one a booking gets."""

from __future__ import annotations

from qloapps_twin.occupancy import Occupancy
from tests.twin.desk import Desk, ari, booking


def test_booking_takes_the_lowest_free_room(desk: Desk) -> None:
    assert desk.book(booking(kind=2)).rooms == [6]
    assert desk.book(booking(kind=2)).rooms == [7]


def test_stays_that_share_a_night_do_not_share_a_room(desk: Desk) -> None:
    assert desk.book(booking("2027-03-01", "2027-03-04")).rooms == [1]
    assert desk.book(booking("2027-03-03", "2027-03-05")).rooms == [2]
    assert desk.book(booking("2027-02-27", "2027-03-02")).rooms == [2]
    assert desk.book(booking("2027-02-01", "2027-04-01")).rooms == [3]


def test_day_of_departure_is_free_again(desk: Desk) -> None:
    desk.book(booking("2027-03-01", "2027-03-03"))
    assert desk.book(booking("2027-03-03", "2027-03-05")).rooms == [1]
    assert desk.free(1, "2027-03-02", "2027-03-03") == [2, 3, 4, 5]


def test_one_room_of_each_type_is_as_free_as_the_other(desk: Desk) -> None:
    desk.book(booking(kind=1, count=5))
    assert desk.free(1, "2027-03-01", "2027-03-02") == []
    assert desk.free(2, "2027-03-01", "2027-03-02") == [6, 7, 8, 9, 10]


def test_sold_out_is_400_with_the_code_404(desk: Desk) -> None:
    desk.book(booking(count=5))
    refused = desk.book(booking())
    assert (refused.status, refused.codes) == (400, [404])
    assert refused.messages == ["Requested room(s) not available."]


def test_more_rooms_than_free_books_none_of_them(desk: Desk) -> None:
    desk.book(booking(count=3))
    assert desk.book(booking(count=3)).status == 400
    assert desk.free(1, "2027-03-01", "2027-03-03") == [4, 5]


def test_one_type_twice_in_a_request_gets_different_rooms(desk: Desk) -> None:
    body = booking()
    body["booking"]["associations"]["room_types"] *= 2
    assert desk.book(body).rooms == [1, 2]


def test_named_room_is_given_and_the_others_stay_free(desk: Desk) -> None:
    told = desk.book(booking(rooms=[{"id_room": 4, "adults": 1, "child": 0, "total_tax": 0}]))
    assert told.rooms == [4]
    assert desk.book(booking()).rooms == [1]


def test_named_room_that_is_taken_is_refused_though_others_are_free(desk: Desk) -> None:
    desk.book(booking())
    told = desk.book(booking(rooms=[{"id_room": 1, "adults": 1, "child": 0, "total_tax": 0}]))
    assert told.messages == ["Requested room(s) not available."]


def test_cancelled_booking_frees_its_room_at_once(desk: Desk) -> None:
    order = desk.book(booking(count=5)).order
    assert desk.cancel(order).status == 201
    assert desk.free(1, "2027-03-01", "2027-03-03") == [1, 2, 3, 4, 5]
    assert [(line.cancelled, line.refunded) for line in desk.lines(order)] == [(True, True)] * 5


def test_cancelling_twice_does_not_free_the_next_guest(desk: Desk) -> None:
    first = desk.book(booking()).order
    desk.cancel(first)
    assert desk.book(booking()).rooms == [1]
    desk.cancel(first)
    assert desk.free(1, "2027-03-01", "2027-03-03") == [2, 3, 4, 5]


def test_room_held_twice_is_free_only_after_both_are_gone() -> None:
    rooms = Occupancy([7])
    rooms.hold(7, 100, 103)
    rooms.hold(7, 102, 105)
    rooms.free(7, 100, 103)
    assert list(rooms.rooms(rooms.free_mask(100, 102))) == [7]
    assert list(rooms.rooms(rooms.free_mask(102, 103))) == []
    rooms.free(7, 102, 105)
    assert list(rooms.rooms(rooms.free_mask(100, 105))) == [7]


def test_room_out_of_order_is_unavailable_and_not_booked(desk: Desk) -> None:
    hotel = desk.service.hotel
    hotel.rooms[1].status = 2
    hotel.occupancy[1].set_out_of_order(1, True)
    flags = "<get_available_rooms>1</get_available_rooms><get_unavailable_rooms>1</get_unavailable_rooms>"
    told = desk.ask("POST", "/hotel_ari", ari("2027-03-01", "2027-03-03", 1, flags)).json()["hotel_ari"]
    assert (told["total_available_rooms"], told["total_unavailable_rooms"]) == (4, 1)
    assert desk.book(booking()).rooms == [2]


def test_hotel_of_another_size_is_numbered_through() -> None:
    desk = Desk(rooms_per_type=40)
    assert desk.book(booking(kind=3)).rooms == [81]
    assert len(desk.free(4, "2027-03-01", "2027-03-03")) == 40
