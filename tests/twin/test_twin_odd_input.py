"""Whatever is sent, the twin answers as QloApps would: 200, 400 or 500, and goes on working."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.twin.desk import Desk, ari, booking

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e300,
    "",
    "0",
    "abc",
    "\x00",
    "é\ud800",
    [],
    {},
    [[]],
    {"a": 1},
    "9" * 400,
    10**30,
]


def spoiled(tree: Any, rng: random.Random) -> Any:
    """A copy of a tree with one member, somewhere, replaced by something odd or taken away."""
    copy = json.loads(json.dumps(tree))
    place, parent, name = copy, None, None
    while isinstance(place, dict | list) and place and (parent is None or rng.random() < 0.75):
        parent, name = place, rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        place = place[name]
    if parent is not None and rng.random() < 0.2:
        del parent[name]
    elif parent is not None:
        parent[name] = rng.choice(ODD)
    return copy


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_odd_booking_is_answered_and_the_next_one_is_made(desk: Desk, method: str) -> None:
    rng = random.Random(4711)
    rooms = [{"id_room": 3, "adults": 2, "child": 1, "child_ages": [4], "total_tax": 1, "unit_price_without_tax": 2}]
    whole = booking(rooms=rooms, prices={"total_paid": 1}, payment={"payment_type": "online"}, remark="x", source="s")
    if method == "PUT":
        whole["booking"]["id"] = desk.book(booking()).order
    told = {}
    for _ in range(600):
        body = spoiled(spoiled(whole, rng), rng)
        answer = desk.ask(method, "/bookings", body)
        told[answer.status] = told.get(answer.status, 0) + 1
        if answer.status == 200 and answer.text != "Fatal error":
            answer.json()
    assert set(told) == {200, 400, 500}
    desk.service.reset()
    assert desk.book(booking()).rooms == [1]


@pytest.mark.parametrize(
    "text", ["<", "<a>", "\x00", "xml=", "<?xml?>", "<a><b/></a>", "&amp;", "<qloapps><hotel_ari/></qloapps>"]
)
@pytest.mark.parametrize("path", ["/hotel_ari", "/customers", "/order_histories", "/bookings"])
def test_odd_xml_is_refused(desk: Desk, path: str, text: str) -> None:
    assert desk.ask("POST", path, text).status in (400, 500)


@pytest.mark.parametrize(
    "date", ["0000-00-00", "9999-12-31", "2027-13-01", "2027-02-29", "²027-01-01", "2027-01-01 99:99:99"]
)
def test_odd_dates_of_availability_are_answered(desk: Desk, date: str) -> None:
    assert desk.ask("POST", "/hotel_ari", ari("2027-01-01", date)).status in (200, 400)
    assert desk.ask("POST", "/hotel_ari", ari(date, "2027-03-01")).status in (200, 400)


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=x", "sort=", "display=", "filter[id]=", "filter[id]=[|]", "filter[id]=%[", "filter[]=1"],
)
def test_odd_list_parameters_are_answered(desk: Desk, query: str) -> None:
    assert desk.ask("GET", f"/orders?{query}").status in (200, 500)
