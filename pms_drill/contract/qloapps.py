"""A client of QloApps' web service for tests: it sends what it is told to, and judges nothing.

Answers are handed out as they came (`httpx.Response`). What the answers should be stands in the suites.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as Xml

import httpx

from pms_drill.errors import DrillError
from pms_drill.evidence.history import Guest
from pms_drill.stack.gate import Hooks

_JSON = {"output_format": "JSON"}
_DEAD = ("is_cancelled", "is_refunded", "is_back_order")
_CANCELLED = 4
_ANY_PHONE = "0000000000"


class QloApps:
    """Speaks to the PMS directly, with the key of the web service.

    Args:
        base_url: address of the PMS.
        key: of the web service.
        timeout: seconds for one request; a booking of a real QloApps under load takes up to a second.
        hooks: of the stack's gate.
    """

    def __init__(self, base_url: str, key: str, timeout: float = 20.0, hooks: Hooks | None = None) -> None:
        self.key = key
        self._http = httpx.Client(
            base_url=base_url, timeout=timeout, trust_env=False, follow_redirects=False, event_hooks=hooks
        )
        self._currency = ""

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        """A bare request: no key and no format unless `how` (as for httpx) has them."""
        return self._http.request(method, f"/api/{path}", **how)

    def get(self, path: str, **params: str) -> httpx.Response:
        """A read with the key, in JSON."""
        return self.send("GET", path, auth=(self.key, ""), params=_JSON | params)

    def post(self, path: str, **how: Any) -> httpx.Response:
        """A write with the key, answered in JSON."""
        return self.send("POST", path, auth=(self.key, ""), params=_JSON, **how)

    def availability(self, guest: Guest, **changes: str | None) -> httpx.Response:
        """Ask for the stay of a guest.

        Args:
            changes: other values of the request's fields; None leaves a field out.
        """
        fields: dict[str, str | None] = {
            "id_hotel": str(guest.hotel_id),
            "date_from": guest.check_in,
            "date_to": guest.check_out,
            "id_room_type": str(guest.room_type),
        }
        return self.post("hotel_ari", content=_xml("hotel_ari", fields | changes))

    def quote(self, guest: Guest) -> dict[str, Any]:
        """The PMS's answer about the stay of a guest: `hotel_ari`.

        Raises:
            DrillError: it did not answer with one.
        """
        answer = self.availability(guest)
        try:
            told: dict[str, Any] = answer.raise_for_status().json()["hotel_ari"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise _unusable("the availability of a stay", answer) from error
        return told

    def rooms_left(self, guest: Guest) -> int:
        """Free rooms of the guest's type for the stay."""
        return int(self.quote(guest)["total_available_rooms"])

    def booking(self, guest: Guest, *, source: str | None = None) -> dict[str, Any]:
        """The smallest body that books a room for a guest; `source` carries a reference."""
        first, _, last = guest.name.rpartition(" ")
        body: dict[str, Any] = {
            "id_property": guest.hotel_id,
            "currency": self.currency(guest),
            "associations": {
                "customer_detail": {
                    "firstname": first,
                    "lastname": last,
                    "email": guest.email,
                    "phone": _ANY_PHONE,
                },
                "room_types": [
                    {
                        "id_room_type": guest.room_type,
                        "checkin_date": guest.check_in,
                        "checkout_date": guest.check_out,
                        "number_of_rooms": 1,
                    }
                ],
            },
        }
        return {"booking": body | ({"source": source} if source else {})}

    def book(self, guest: Guest, *, source: str | None = None) -> httpx.Response:
        """Book a room for a guest."""
        return self.post("bookings", json=self.booking(guest, source=source))

    def booked(self, guest: Guest, *, source: str | None = None) -> dict[str, Any]:
        """Book a room that a test needs, and give the booking.

        Raises:
            DrillError: the room was not booked.
        """
        answer = self.book(guest, source=source)
        try:
            told: dict[str, Any] = answer.raise_for_status().json()["booking"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise _unusable("a booking", answer) from error
        return told

    def fill(self, guest: Guest) -> int:
        """Book every room that is left of the guest's type for the stay, one after the other; gives their number."""
        left = self.rooms_left(guest)
        for _ in range(left):
            self.booked(guest)
        return left

    def name_on(self, order_id: int) -> str:
        """The name of the guest of a booking, as the booking is read now.

        Raises:
            DrillError: it cannot be read.
        """
        customer = self._customer_of(order_id)
        return f"{customer['firstname']} {customer['lastname']}"

    def cancel(self, order_id: int) -> httpx.Response:
        """Cancel by a new entry of the order's history, the shortest way."""
        fields: dict[str, str | None] = {"id_order": str(order_id), "id_order_state": str(_CANCELLED)}
        return self.post("order_histories", content=_xml("order_history", fields))

    def newest_order(self) -> int:
        """Id of the newest order; 0 if there is none."""
        rows = self._rows("orders", "orders", {"display": "[id]", "sort": "[id_DESC]", "limit": "1"})
        return max((int(row["id"]) for row in rows), default=0)

    def guests_after(self, order_id: int) -> list[str]:
        """E-mail addresses of the guests of all orders above an id, cancelled ones included.

        Raises:
            DrillError: one of the bookings cannot be read.
        """
        rows = self._rows("orders", "orders", {"filter[id]": f">[{order_id}]", "display": "[id]"})
        return [str(self._customer_of(int(row["id"]))["email"]) for row in rows]

    def orders_with(self, source: str) -> list[int]:
        """Ids of the orders that carry a reference, lowest first."""
        rows = self._rows("orders", "orders", {"filter[source]": f"[{source}]", "display": "[id]"})
        return sorted(int(row["id"]) for row in rows)

    def source_of(self, order_id: int) -> str:
        """The reference that an order carries."""
        rows = self._rows("orders", "orders", {"filter[id]": f"[{order_id}]", "display": "[id,source]"})
        return str(rows[0]["source"]) if rows else ""

    def lines(self, order_id: int) -> list[dict[str, Any]]:
        """The room lines of an order, with everything that tells whether they hold a room."""
        shown = "[id,id_room,date_from,date_to,is_cancelled,is_refunded,is_back_order]"
        return self._rows("room_bookings", "bookings", {"filter[id_order]": f"[{order_id}]", "display": shown})

    def currency(self, guest: Guest) -> str:
        """The currency in which the hotel sells; asked once."""
        if not self._currency:
            self._currency = str(self.quote(guest)["currency"])
        return self._currency

    def _customer_of(self, order_id: int) -> dict[str, Any]:
        answer = self.get(f"bookings/{order_id}")
        try:
            customer: dict[str, Any] = answer.raise_for_status().json()["booking"]["associations"]["customer_detail"]
            return {name: customer[name] for name in ("firstname", "lastname", "email")}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise _unusable(f"booking {order_id}", answer) from error

    def _rows(self, resource: str, name: str, params: dict[str, str]) -> list[dict[str, Any]]:
        answer = self.get(resource, **params)
        try:
            data = answer.raise_for_status().json()
            rows: list[dict[str, Any]] = data[name] if isinstance(data, dict) else data
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise _unusable(f"the list of {resource}", answer) from error
        return rows


def is_live(line: Mapping[str, Any]) -> bool:
    """Whether a room line holds a room: neither cancelled, refunded nor back order."""
    return not any(int(line[flag]) for flag in _DEAD)


def changed(body: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a body with another value at a path such as "booking.currency"; None removes it."""
    fresh: dict[str, Any] = copy.deepcopy(dict(body))
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    node: Any = fresh
    for step in way:
        node = node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return fresh


def errors(answer: httpx.Response) -> list[tuple[int, str]]:
    """Code and text of each error in an answer; PHP's warnings, which name files of the server, left out."""
    try:
        found = answer.json().get("errors", [])
    except (ValueError, AttributeError):
        return []
    return [(int(error["code"]), str(error["message"])) for error in found if int(error["code"]) != _PHP_WARNING]


_PHP_WARNING = 3


def _xml(name: str, fields: Mapping[str, str | None]) -> bytes:
    root = Xml.Element("qloapps")
    node = Xml.SubElement(root, name)
    for field, value in fields.items():
        if value is not None:
            Xml.SubElement(node, field).text = value
    text: bytes = Xml.tostring(root, encoding="utf-8")
    return text


def _unusable(what: str, answer: httpx.Response) -> DrillError:
    return DrillError(
        f"the PMS did not give {what}: {answer.status_code} {answer.text[:200]!r}",
        where=f"{answer.request.method} {answer.request.url.path}",
        todo="look at the PMS's log in the run's logs/ folder",
    )
