"""Availability and rates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.twin.desk import Desk, ari, booking


def offer(desk: Desk, body: str) -> dict[str, Any]:
    answer: dict[str, Any] = desk.ask("POST", "/hotel_ari", body).json()["hotel_ari"]["room_types"][0]
    return answer


def guests(*adults: int) -> str:
    of = "".join(f"<room_occupancy><adults>{n}</adults><children>0</children></room_occupancy>" for n in adults)
    return f"<associations><room_occupancies>{of}</room_occupancies></associations>"


@pytest.mark.parametrize(("kind", "per_night"), [(1, 1250), (2, 1750), (3, 2250), (4, 2750)])
def test_rate_counts_the_fee_that_a_booking_drops(desk: Desk, kind: int, per_night: int) -> None:
    told = offer(desk, ari("2027-03-01", "2027-03-04", kind))
    assert (told["base_price"], told["total_price"]) == (per_night, 3 * per_night)
    assert told["total_price_with_tax"] == 3 * per_night * 1.23
    booked = desk.book(booking("2027-03-01", "2027-03-04", kind=kind)).json()["booking"]["associations"]
    assert booked["price_details"]["total_price_without_tax"] == 3 * (per_night - 250)


def test_price_is_for_as_many_rooms_as_occupancies_were_sent(desk: Desk) -> None:
    assert offer(desk, ari("2027-03-01", "2027-03-03", 1, guests(2, 1, 1)))["total_price"] == 3 * 2 * 1250


def test_too_many_guests_filter_nothing(desk: Desk) -> None:
    assert len(offer(desk, ari("2027-03-01", "2027-03-03", 1, guests(9)))["rooms"]["available"]) == 5


def test_whole_prices_have_no_point_and_others_do(desk: Desk) -> None:
    text = desk.ask("POST", "/hotel_ari", ari("2027-03-01", "2027-03-03", 4)).text
    assert '"base_price":2750,"base_price_with_tax":3382.5,"total_price":5500,"total_price_with_tax":6765,' in text


def test_groups_are_objects_by_room_and_lists_when_empty(desk: Desk) -> None:
    desk.book(booking())
    flags = "".join(f"<{name}>1</{name}>" for name in ("get_booked_rooms", "get_unavailable_rooms"))
    rooms = offer(desk, ari("2027-03-01", "2027-03-03", 1, flags))["rooms"]
    assert list(rooms["booked"]) == ["1"]
    assert rooms["unavailable"] == []
    assert "available" not in rooms


def test_partly_booked_stay_counts_as_booked(desk: Desk) -> None:
    desk.book(booking("2027-03-02", "2027-03-03"))
    assert desk.free(1, "2027-03-01", "2027-03-05") == [2, 3, 4, 5]


def test_nights_are_told_one_by_one_when_asked_for(desk: Desk) -> None:
    desk.book(booking("2027-03-02", "2027-03-03"))
    more = "<date_wise_breakdown>1</date_wise_breakdown>"
    nights = desk.ask("POST", "/hotel_ari", ari("2027-03-01", "2027-03-04", 1, more)).json()["hotel_aris"]
    assert [(one["date_from"], one["total_available_rooms"]) for one in nights] == [
        ("2027-03-01", 5),
        ("2027-03-02", 4),
        ("2027-03-03", 5),
    ]


@pytest.mark.parametrize(("old", "new"), [("<id_hotel>1<", "<id_hotel>9<"), ("<id_room_type>1<", "<id_room_type>9<")])
def test_unknown_hotel_or_type_is_200_without_rooms(desk: Desk, old: str, new: str) -> None:
    told = desk.ask("POST", "/hotel_ari", ari("2027-03-01", "2027-03-03", 1).replace(old, new))
    assert told.status == 200
    assert list(told.json()["hotel_ari"]) == ["id_hotel", "date_from", "date_to", "currency"]


def test_json_body_is_refused_with_warnings_in_front(desk: Desk) -> None:
    told = desk.ask("POST", "/hotel_ari", {"hotel_ari": {"id_hotel": 1}})
    assert told.status == 400
    assert told.codes == [3, 3, 3, 85]


def test_past_and_far_dates_have_rooms(desk: Desk) -> None:
    assert len(desk.free(1, "1999-01-01", "1999-01-02")) == 5
    assert len(desk.free(1, "2099-01-01", "2099-01-02")) == 5


def test_xml_answer_names_the_same_rooms(desk: Desk) -> None:
    desk.book(booking())
    text = desk.ask("POST", "/hotel_ari?output_format=XML", ari("2027-03-01", "2027-03-03", 1)).text
    assert [f'<room id="{room}">' in text for room in range(1, 6)] == [False, True, True, True, True]
