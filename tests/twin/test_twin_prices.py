"""A price that changes between quote and booking, and a minimum stay, by the control listener's `POST /state`."""

from __future__ import annotations

from typing import Any

import pytest

from qloapps_twin.control import seed
from tests.twin.desk import Desk, ari, booking


def quoted(desk: Desk, kind: int = 1) -> Any:
    [offer] = desk.ask("POST", "/hotel_ari", ari("2027-03-01", "2027-03-03", kind)).json()["hotel_ari"]["room_types"]
    return offer["base_price"]


def charged(desk: Desk) -> Any:
    told = desk.book(booking()).json()["booking"]["associations"]["price_details"]
    return told["total_price_without_tax"]


def test_price_that_changes_between_quote_and_booking_is_charged(desk: Desk) -> None:
    before = quoted(desk), charged(desk)
    seed(desk.service, {"prices": {"1": "1200.50"}})
    assert before == (1250, 2000)
    assert (quoted(desk), charged(desk)) == (1450.5, 2401)
    assert desk.ask("GET", "/room_types/1").json()["room_type"]["price"] == "1200.500000"
    assert quoted(desk, kind=2) == 1750, "another type keeps its price"


def test_reset_brings_the_old_price_back(desk: Desk) -> None:
    seed(desk.service, {"prices": {"1": 1}})
    desk.service.reset()
    assert quoted(desk) == 1250


def test_minimum_stay_is_told_and_not_kept(desk: Desk) -> None:
    seed(desk.service, {"minimum_stays": {"1": 3}})
    shown = desk.ask("GET", "/hotel_room_types?display=[id,min_los]").json()["hotel_room_types"]
    assert [row["min_los"] for row in shown] == [3, 1, 1, 1]
    assert desk.book(booking()).status == 200, "two nights"


@pytest.mark.parametrize(
    "state", [{"prices": {"1": -1}}, {"prices": {"1": "much"}}, {"prices": {"9": 1}}, {"minimum_stays": {"1": 0}}]
)
def test_price_or_stay_that_cannot_be_is_an_error(desk: Desk, state: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        seed(desk.service, state)


KUWAIT = {"currency": "KWD", "room_types": [{"name": "Suite", "price": "12.345"}, {"name": "Hall", "price": 99}]}


def elsewhere(kind: int = 5, currency: str = "KWD", hotel: int = 2) -> dict[str, Any]:
    body = booking(kind=kind)
    body["booking"] |= {"id_property": hotel, "currency": currency}
    return body


def test_second_hotel_sells_in_a_currency_of_its_own(desk: Desk) -> None:
    seed(desk.service, {"hotels": [KUWAIT]})
    asked = ari("2027-03-01", "2027-03-03", 5).replace("<id_hotel>1<", "<id_hotel>2<")
    told = desk.ask("POST", "/hotel_ari", asked).json()["hotel_ari"]
    assert (told["currency"], told["total_available_rooms"]) == ("KWD", 5)
    assert desk.ask("POST", "/hotel_ari", ari("2027-03-01", "2027-03-03", 1)).json()["hotel_ari"]["currency"] == "PLN"
    made = desk.book(elsewhere()).json()["booking"]
    assert (made["id_property"], made["currency"]) == (2, "KWD")
    assert made["associations"]["price_details"]["total_price_without_tax"] == 24.69
    assert [row["id"] for row in desk.ask("GET", "/hotels").json()["hotels"]] == [1, 2]
    codes = desk.ask("GET", "/currencies?display=[iso_code]").json()["currencies"]
    assert [row["iso_code"] for row in codes] == ["PLN", "KWD"]


def test_hotels_share_neither_currency_nor_room_types(desk: Desk) -> None:
    seed(desk.service, {"hotels": [KUWAIT]})
    assert desk.book(elsewhere(currency="PLN")).messages == ["Please provide valid currency."]
    assert desk.book(elsewhere(kind=1)).messages == ["Requested room(s) not available."]
    assert desk.book(elsewhere(kind=5, hotel=1, currency="PLN")).messages == ["Requested room(s) not available."]
    assert desk.book(booking()).status == 200


@pytest.mark.parametrize(
    "hotel", [{"currency": "dollars", "room_types": []}, {"currency": "KWD", "room_types": []}, {"currency": "KWD"}]
)
def test_hotel_that_cannot_be_is_an_error(desk: Desk, hotel: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        seed(desk.service, {"hotels": [hotel]})
