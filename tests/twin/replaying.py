"""Replays one recorded exchange against a twin in a state that was built for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from qloapps_twin import auth, catalogue
from qloapps_twin.answers import Crashed
from qloapps_twin.booking_input import read as read_booking
from qloapps_twin.control import seed
from qloapps_twin.hotel import Hotel
from qloapps_twin.service import WebService
from tests.twin.recordings import KEYS, MAIN_KEY, Exchange, exchanges, to_bytes
from tests.twin.wire import Reply, ask, served

_LOST = "silently cancelled: "
READ_ONLY = {name: ["GET", "HEAD"] for name in ("hotels", "room_types", "hotel_room_types", "hotel_rooms", "bookings")}


@dataclass(frozen=True)
class Setup:
    """What happened before an exchange.

    Attributes:
        after: recorded exchanges that are sent first, in this order, each in a state of its own answer
            (`silently cancelled: <name>` makes it the loser of a race), or seeds for what was not recorded.
        state: put in with the control listener's `POST /state` (bookings, rooms, cancelled, next_ids).
        ids: next ids, set last; what the answer names is derived and need not be said.
        switches: of the control listener.
        domain: whether only the configured host name is served.
    """

    after: tuple[str | dict[str, Any], ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    switches: dict[str, Any] = field(default_factory=dict)
    domain: bool = False


class Clock:
    """The hotel's time, which is that of the exchange under way."""

    def __init__(self) -> None:
        self.now = ""

    def __call__(self) -> str:
        return self.now


async def replay(exchange: Exchange, setup: Setup) -> tuple[Reply, str]:
    """Build the state, send the request; gives the reply and the host name used."""
    clock = Clock()
    service = WebService(lambda: catalogue.build(catalogue.RECORDED_ROOMS_PER_TYPE), MAIN_KEY, now=clock)
    service.keys.put(auth.Key(KEYS["{{PMS_KEY_READ_ONLY}}"], permissions=READ_ONLY))
    service.keys.put(auth.Key(KEYS["{{PMS_KEY_NO_PERMISSION}}"], permissions={}))
    service.keys.put(auth.Key(KEYS["{{PMS_KEY_NO_SHOP}}"], shop=False))
    clock.now = exchange.at
    async with served(service) as port:
        host = f"127.0.0.1:{port}"
        for step in setup.after:
            if isinstance(step, dict):
                seed(service, step)
                continue
            lost, name = step.startswith(_LOST), step.removeprefix(_LOST)
            before = exchanges()[name]
            clock.now = before.at
            prepare(service.hotel, service, before)
            service.switches.silent_cancel = lost
            reply = await ask(port, to_bytes(before, host))
            service.switches.silent_cancel = False
            assert reply.status == before.status, f"{name}, sent before, is answered {reply.status} {reply.body!r}"
        clock.now = exchange.at
        if setup.state:
            seed(service, setup.state)
        prepare(service.hotel, service, exchange)
        seed(service, {"next_ids": setup.ids})
        for name, value in setup.switches.items():
            service.switches.set(name, value)
        if setup.domain:
            service.domain = host
        return await ask(port, to_bytes(exchange, host), head=exchange.method == "HEAD"), host


def prepare(hotel: Hotel, service: WebService, exchange: Exchange) -> None:
    """Make the state in which a booking gets the ids and rooms that its recorded answer names."""
    if (
        exchange.method not in ("POST", "PUT")
        or not exchange.path.startswith("/api/bookings")
        or exchange.status != 200
    ):
        return
    try:
        told = read_booking(exchange.answer_body.encode())
    except Crashed:
        return
    lines = [
        (kind, room)
        for kind in told["associations"]["room_types"] or []
        for room in (kind["rooms"] if isinstance(kind["rooms"], list) else [])
    ]
    known = set(hotel.lines)
    new = [int(room["id_hotel_booking"]) for _, room in lines if int(room["id_hotel_booking"]) not in known]
    if exchange.method == "POST":
        _fill_lower_rooms(hotel, service, lines)
        ids = {"orders": int(told["id"])}
        customer = int(told["associations"]["customer_detail"]["id_customer"])
        if customer not in hotel.customers:
            ids["customers"] = customer
        seed(service, {"next_ids": ids})
    if new:
        seed(service, {"next_ids": {"lines": min(new)}})


def _fill_lower_rooms(hotel: Hotel, service: WebService, lines: list[tuple[Any, Any]]) -> None:
    """QloApps gives the lowest free room: those below the told ones must have been taken."""
    told = {int(room["id_room"]) for _, room in lines}
    for kind, _ in lines:
        type_id = int(kind["id_room_type"])
        first, end = catalogue.day(kind["checkin_date"]), catalogue.day(kind["checkout_date"])
        occupancy = hotel.occupancy[type_id]
        free = set(occupancy.rooms(occupancy.free_mask(first, end)))
        highest = max(room for room in told if occupancy.knows(room))
        for room in hotel.rooms_of[type_id]:
            if room.id in free and room.id not in told and room.id < highest:
                occupancy.hold(room.id, first, end)


def body_of(reply: Reply) -> Any:
    """A body as plain values that can be compared: JSON, or XML as nested lists, or text."""
    return _plain(reply.body.decode(), reply.headers.get("Content-Type", ""))


def recorded_body(exchange: Exchange, host: str) -> Any:
    """The recorded body in the same form."""
    text = exchange.answer_body.replace("{{PMS_HOST}}", host)
    return _plain(text, exchange.answer_headers.get("Content-Type", ""))


def _plain(text: str, content_type: str) -> Any:
    if content_type.startswith("application/json"):
        return json.loads(text)
    if content_type.startswith("text/xml") and text:
        return _tree(etree.fromstring(text.encode()))
    return text


def _tree(element: etree._Element) -> Any:
    inner = [_tree(child) for child in element]
    return [element.tag, dict(element.attrib), inner or (element.text or "").strip()]
