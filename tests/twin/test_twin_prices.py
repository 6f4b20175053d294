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
