"""The control listener: JSON over HTTP, for tests and experiments only. docs/twin.md describes each request.

Every request needs `Authorization: Bearer <TWIN_CONTROL_TOKEN>`; without it 401. Bodies and answers are JSON objects;
400 and 404 say in `error` what is wrong.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from qloapps_twin import auth, catalogue
from qloapps_twin.answers import JSON, Answer, Crashed, Refused, Request, Steps
from qloapps_twin.booking import Bench, create
from qloapps_twin.hotel import Hotel, RoomType
from qloapps_twin.http_edge import Gate
from qloapps_twin.latency import Latency
from qloapps_twin.race import Race
from qloapps_twin.rules import is_price
from qloapps_twin.service import WebService

_BUILT = "2026-02-18 16:25:25"
_TABLES = ("orders", "lines", "customers", "carts", "order_details", "order_histories")


class Control:
    """Answers the control listener's requests by changing the web service."""

    def __init__(self, service: WebService, token: str, gate: Gate, latency: Latency) -> None:
        self._service = service
        self._token = token
        self._gate = gate
        self._latency = latency
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
            ("GET", "/switches"): self._switches,
            ("PATCH", "/switches"): self._set_switches,
            ("POST", "/reset"): self._reset,
            ("GET", "/state"): self._state,
            ("POST", "/state"): self._seed,
            ("PUT", "/keys"): self._put_key,
            ("DELETE", "/keys"): self._delete_key,
            ("POST", "/keys/rotate"): self._rotate,
            ("PATCH", "/settings"): self._settings,
        }

    def answer(self, request: Request) -> Steps:
        """Carry one control request out."""
        sent = request.headers.get("authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {self._token}".encode()):
            return _told(401, {"error": "Authorization: Bearer <token> is needed"})
        route = self._routes.get((request.method, request.path))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return _told(404, {"error": f"no such thing; there are {known}"})
        try:
            body = json.loads(request.body or b"{}")
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            return _told(200, route(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _told(400, {"error": f"{type(error).__name__}: {error}"})
        yield 0.0  # makes this a generator, as the edge wants it

    def _switches(self, _: dict[str, Any]) -> dict[str, Any]:
        switches = self._service.switches
        return {name: getattr(switches, name) for name in switches.__slots__}

    def _set_switches(self, body: dict[str, Any]) -> dict[str, Any]:
        self._service.switches.set(body)
        self._gate.set_closed(self._service.switches.db_paused)
        return self._switches({})

    def _reset(self, body: dict[str, Any]) -> dict[str, Any]:
        rooms = body.get("rooms_per_type")
        if rooms is not None:
            if not isinstance(rooms, int) or not 1 <= rooms <= 100_000:
                raise ValueError("rooms_per_type must be a number from 1 to 100000")
            self._service.build = lambda: catalogue.build(rooms)
        self._service.reset()
        self._gate.set_closed(False)
        return self._state({})

    def _state(self, _: dict[str, Any]) -> dict[str, Any]:
        hotel = self._service.hotel
        return {
            "orders": len(hotel.orders),
            "live_lines": sum(line.live for line in hotel.lines.values()),
            "customers": len(hotel.customers),
            "rooms_per_type": {str(kind): len(rooms) for kind, rooms in hotel.rooms_of.items()},
            "bookings_under_way": self._service.race.under_way,
            "not_played": dict(self._service.not_played),
        }

    def _seed(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"orders": seed(self._service, body)}

    def _put_key(self, body: dict[str, Any]) -> dict[str, Any]:
        self._service.keys.put(auth.Key(**body))
        return {}

    def _delete_key(self, body: dict[str, Any]) -> dict[str, Any]:
        self._service.keys.of.pop(str(body["key"]).lower(), None)
        return {}

    def _rotate(self, body: dict[str, Any]) -> dict[str, Any]:
        self._service.rotate(str(body["key"]))
        return {}

    def _settings(self, body: dict[str, Any]) -> dict[str, Any]:
        unknown = set(body) - {"race_window_ms", "latency", "domain"}
        if unknown:
            raise ValueError(f"no setting {', '.join(sorted(unknown))}; there are race_window_ms, latency, domain")
        if "race_window_ms" in body:
            self._service.set_window(float(body["race_window_ms"]) / 1000)
        if "latency" in body:
            self._latency.set_mode(str(body["latency"]))
        if "domain" in body:
            self._service.domain = None if body["domain"] is None else str(body["domain"])
        return {
            "race_window_ms": self._service.race.window * 1000,
            "latency": self._latency.mode,
            "domain": self._service.domain,
        }


def seed(service: WebService, state: dict[str, Any]) -> list[int]:
    """Put a state into the hotel (`POST /state`); returns the ids of the orders made.

    Raises:
        ValueError: something in it is unknown or QloApps would refuse it.
    """
    hotel: Hotel = service.hotel
    unknown = set(state) - {"next_ids", "rooms", "hotels", "prices", "minimum_stays", "bookings", "cancelled"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    for table, number in state.get("next_ids", {}).items():
        if table not in _TABLES:
            raise ValueError(f"no table {table!r}; there are {', '.join(_TABLES)}")
        hotel.next_id[table] = int(number)
    for key, status in state.get("rooms", {}).items():
        room = hotel.rooms[int(key)]
        room.status = int(status)
        hotel.occupancy[room.type_id].set_out_of_order(room.id, room.status != 1)
    for more in state.get("hotels", []):
        add_hotel(hotel, more)
    for key, price in state.get("prices", {}).items():
        hotel.room_types[int(key)].price = _price(price)
    for key, nights in state.get("minimum_stays", {}).items():
        if not isinstance(nights, int) or nights < 1:
            raise ValueError("a minimum stay is a number of nights from 1")
        hotel.room_types[int(key)].min_los = nights
    bench = Bench(hotel, service.now, service.rng, Race(service.rng, 0.0), "127.0.0.1")
    orders = []
    for body in state.get("bookings", []):
        try:
            for _ in (work := create(bench, body["booking"])):
                pass
        except (Refused, Crashed) as error:
            raise ValueError(f"QloApps refuses to book this: {error}") from None
        finally:
            work.close()
        orders.append(max(hotel.orders))
    for order in state.get("cancelled", []):
        hotel.set_state(hotel.orders[int(order)], 4, service.now())
    return orders


def add_hotel(hotel: Hotel, more: dict[str, Any]) -> int:
    """Add a hotel with a currency of its own, as `POST /state` describes it; gives its id.

    Raises:
        ValueError, KeyError: the description is not as it should be.
    """
    currency = str(more["currency"])
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise ValueError(f"a currency has three capital letters, such as KWD, not {currency!r}")
    first = max(hotel.room_types) + 1
    types = [
        RoomType(
            first + place,
            str(kind["name"]),
            _price(kind["price"]),
            f"H{first + place}",
            f"type-{first + place}",
            _BUILT,
        )
        for place, kind in enumerate(more["room_types"])
    ]
    if not types:
        raise ValueError("a hotel needs a room type")
    return hotel.add_hotel(currency, types, len(next(iter(hotel.rooms_of.values()))))


def _price(sent: Any) -> Decimal:
    text = str(sent)
    if not is_price(text):
        raise ValueError(f"a price per night, without tax, is a number from 0, not {text!r}")
    return Decimal(text)


def _told(status: int, body: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(body).encode(), JSON, handled=False, cookie=False)
