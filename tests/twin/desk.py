"""A twin without a network: ask it in one line, look into its hotel."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from qloapps_twin import catalogue
from qloapps_twin.answers import Answer, Request
from qloapps_twin.hotel import Line
from qloapps_twin.service import WebService, run
from tests.twin.recordings import MAIN_KEY

NOW = "2026-11-23 12:00:00"


class Desk:
    """A web service with five rooms per type and a clock that stands still."""

    def __init__(self, rooms_per_type: int = 5, window: float = 0.0, seed: int = 0) -> None:
        self.service = WebService(
            lambda: catalogue.build(rooms_per_type), MAIN_KEY, seed=seed, window=window, now=lambda: NOW
        )

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = MAIN_KEY, **headers: str) -> Told:
        """Send a request (JSON wanted); `body` is text, or an object that becomes JSON."""
        return Told(run(self.service.answer(self.request(method, path, body, key=key, **headers))))

    def request(
        self, method: str, path: str, body: Any = None, *, key: str | None = MAIN_KEY, **headers: str
    ) -> Request:
        """The request that `ask` sends."""
        place, _, query = path.partition("?")
        parts = {"output_format": "JSON"} | dict(parse_qsl(query, keep_blank_values=True))
        if key is not None:
            parts["ws_key"] = key
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        return Request(method, f"/api{place}", parts, headers, text.encode())

    def book(self, body: Any) -> Told:
        """Send a booking request."""
        return self.ask("POST", "/bookings", body)

    def set_state(self, order: int, state: int) -> Told:
        """Give an order a state, over the web service."""
        parts = f"<id_order>{order}</id_order><id_order_state>{state}</id_order_state>"
        return self.ask("POST", "/order_histories", f"<qloapps><order_history>{parts}</order_history></qloapps>")

    def cancel(self, order: int) -> Told:
        """Cancel an order the shortest way."""
        return self.set_state(order, 4)

    def state(self, order: int) -> int:
        """The order's `current_state`."""
        return int(self.ask("GET", f"/orders/{order}").json()["order"]["current_state"])

    def lines(self, order: int) -> list[Line]:
        """The room lines of an order."""
        return list(self.service.hotel.lines_of.get(order, []))

    def free(self, kind: int, first: str, end: str) -> list[int]:
        """The rooms that availability offers."""
        told = self.ask("POST", "/hotel_ari", ari(first, end, kind)).json()["hotel_ari"]
        return [int(room) for room in told["room_types"][0]["rooms"]["available"]]


@dataclass
class Told:
    """An answer."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def text(self) -> str:
        return self.answer.body.decode()

    def json(self) -> Any:
        return json.loads(self.answer.body)

    @property
    def messages(self) -> list[str]:
        """The texts of an error body."""
        return [one["message"] for one in self.json()["errors"]]

    @property
    def codes(self) -> list[int]:
        """The numbers of an error body."""
        return [one["code"] for one in self.json()["errors"]]

    @property
    def order(self) -> int:
        """The id of a booking."""
        return int(self.json()["booking"]["id"])

    @property
    def rooms(self) -> list[int]:
        """The rooms of a booking."""
        kinds = self.json()["booking"]["associations"]["room_types"]
        return [room["id_room"] for kind in kinds for room in kind["rooms"]]


def ari(first: str, end: str, kind: int | None = None, more: str = "") -> str:
    """An availability request."""
    of_kind = f"<id_room_type>{kind}</id_room_type>" if kind else ""
    dates = f"<date_from>{first}</date_from><date_to>{end}</date_to>"
    return f"<qloapps><hotel_ari><id_hotel>1</id_hotel>{of_kind}{dates}{more}</hotel_ari></qloapps>"


def booking(
    first: str = "2027-03-01",
    end: str = "2027-03-03",
    *,
    kind: Any = 1,
    count: Any = 1,
    email: str = "ada@example.com",
    rooms: list[dict[str, Any]] | None = None,
    prices: dict[str, Any] | None = None,
    person: dict[str, Any] | None = None,
    payment: dict[str, Any] | None = None,
    **head: Any,
) -> dict[str, Any]:
    """A booking request; what is given replaces or adds members."""
    of_kind: dict[str, Any] = {
        "id_room_type": kind,
        "checkin_date": first,
        "checkout_date": end,
        "number_of_rooms": count,
    }
    if rooms is not None:
        of_kind["rooms"] = rooms
    guest = {"firstname": "Ada", "lastname": "Lovelace", "email": email, "phone": "123"} | (person or {})
    parts: dict[str, Any] = {"customer_detail": guest, "room_types": [of_kind]}
    if prices is not None:
        parts["price_details"] = prices
    if payment is not None:
        parts["payment_detail"] = payment
    return {"booking": {"id_property": 1, "currency": "PLN"} | head | {"associations": parts}}
