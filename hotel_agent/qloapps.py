"""QloApps as it really is: which requests to send and what is a valid answer to them.

Availability is `POST /api/hotel_ari` with an XML body; a booking is `POST /api/bookings` in JSON and answers 200
without any status; what became of it stands in `orders` and `room_bookings`. Cancelling is a new order history.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Xml

import httpx

from hotel_agent.failures import BadAnswer, PmsRefused
from hotel_agent.models import Money, Query, split_name
from hotel_agent.pms import PmsClient

_CANCELLED = 4


@dataclass(frozen=True)
class Quote:
    """What the PMS says about a stay."""

    rooms_left: int
    total: Money | None
    currency: str


@dataclass(frozen=True)
class Found:
    """A booking that carries our reference.

    Attributes:
        live: at least one room line is neither cancelled, refunded nor back order.
    """

    order_id: int
    total: Decimal
    live: bool


@dataclass(frozen=True)
class Booked:
    """What the PMS said to a booking request; whether a room is held must be verified."""

    order_id: int
    total: Decimal


@dataclass(frozen=True)
class Stay:
    """What is to be booked, for whom, under which reference."""

    reference: str
    hotel_id: int
    room_type: int
    check_in: str
    check_out: str
    guest_name: str
    email: str


class UnknownThing(Exception):
    """The PMS does not know the hotel or the room type."""


class QloApps:
    """The calls the agent makes; every one goes through the client and so under the breaker.

    Args:
        phone: given for guests, because QloApps demands one.
    """

    def __init__(self, client: PmsClient, phone: str) -> None:
        self._client = client
        self._phone = phone

    async def probe(self) -> None:
        """The safe read that tells whether the PMS works: web server, PHP, database and key at once."""
        await self._client.call("probe", "GET", "/api/hotels", lambda response: _rows(response, "hotels"), probe=True)

    async def availability(self, query: Query, *, count_rejection: bool = True) -> Quote:
        """Ask for free rooms and the price of a stay.

        Raises:
            UnknownThing: the PMS knows no such hotel or room type (it answers 200 without any rooms).
        """
        root = Xml.Element("qloapps")
        ari = Xml.SubElement(root, "hotel_ari")
        for name, value in (
            ("id_hotel", query.hotel_id),
            ("id_room_type", query.room_type),
            ("date_from", query.check_in),
            ("date_to", query.check_out),
        ):
            Xml.SubElement(ari, name).text = str(value)
        quote: Quote | None = await self._client.call(
            "availability",
            "POST",
            "/api/hotel_ari",
            lambda response: _quote(response, query),
            content=Xml.tostring(root, encoding="utf-8"),
            content_type="text/xml",
            count_rejection=count_rejection,
        )
        if quote is None:
            raise UnknownThing
        return quote

    async def book(self, stay: Stay, currency: str, *, count_rejection: bool = True) -> Booked:
        """Send one booking request, once."""
        first, last = split_name(stay.guest_name)
        body = {
            "booking": {
                "id_property": stay.hotel_id,
                "currency": currency,
                "booking_status": 1,
                "payment_status": 3,
                "source": stay.reference,
                "associations": {
                    "customer_detail": {
                        "firstname": first,
                        "lastname": last,
                        "email": stay.email,
                        "phone": self._phone,
                    },
                    "price_details": {"total_paid": 0},
                    "room_types": [
                        {
                            "id_room_type": stay.room_type,
                            "checkin_date": stay.check_in,
                            "checkout_date": stay.check_out,
                            "number_of_rooms": 1,
                        }
                    ],
                },
            }
        }
        booked: Booked = await self._client.call(
            "reservation",
            "POST",
            "/api/bookings",
            lambda response: _booked(response, stay),
            content=json.dumps(body).encode(),
            content_type="application/json",
            count_rejection=count_rejection,
        )
        return booked

    async def find(self, reference: str, *, count_rejection: bool = True) -> list[Found]:
        """All bookings that carry the reference, lowest id first; those without room lines count as not found."""
        orders = await self._client.call(
            "readback",
            "GET",
            "/api/orders",
            lambda response: _rows(response, "orders", "id", "total_paid_tax_incl"),
            params={
                "filter[source]": f"[{reference}]",
                "display": "[id,current_state,total_paid_tax_incl]",
            },
            count_rejection=count_rejection,
        )
        found = []
        for order in sorted(orders, key=lambda row: int(row["id"])):
            order_id = int(order["id"])
            live = await self.lines_live(order_id, count_rejection=count_rejection)
            if live is not None:
                found.append(Found(order_id, Decimal(str(order["total_paid_tax_incl"])), live))
        return found

    async def lines_live(self, order_id: int, *, count_rejection: bool = True) -> bool | None:
        """Whether a room is held for the order; None when the order has no room lines (yet)."""
        rows = await self._client.call(
            "readback",
            "GET",
            "/api/room_bookings",
            lambda response: _rows(response, "bookings", "id", "is_cancelled", "is_refunded", "is_back_order"),
            params={
                "filter[id_order]": f"[{order_id}]",
                "display": "[id,id_room,is_cancelled,is_refunded,is_back_order]",
            },
            count_rejection=count_rejection,
        )
        if not rows:
            return None
        return any(not any(int(row[flag]) for flag in ("is_cancelled", "is_refunded", "is_back_order")) for row in rows)

    async def cancel(self, order_id: int) -> None:
        """Cancel a booking and free its room."""
        root = Xml.Element("qloapps")
        history = Xml.SubElement(root, "order_history")
        Xml.SubElement(history, "id_order").text = str(order_id)
        Xml.SubElement(history, "id_order_state").text = str(_CANCELLED)
        await self._client.call(
            "cancel",
            "POST",
            "/api/order_histories",
            lambda response: _member(response, "order_history"),
            content=Xml.tostring(root, encoding="utf-8"),
            content_type="text/xml",
            count_rejection=False,
        )


def says_sold_out(refusal: PmsRefused) -> bool:
    """QloApps tells "sold out" with 400 and this text (and the code 404)."""
    return refusal.message.startswith("Requested room(s) not available")


def says_unknown_thing(refusal: PmsRefused) -> bool:
    """Whether the refusal means that the hotel or the room type does not exist."""
    return refusal.status == 404 or "Invalid room type" in refusal.message or "id_property" in refusal.message


def says_outcome_unknown(refusal: PmsRefused) -> bool:
    """Whether QloApps itself failed in the middle of the booking."""
    return "Unable to create booking" in refusal.message


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise BadAnswer("the body is not JSON") from None


def _member(response: httpx.Response, name: str) -> dict[str, Any]:
    data = _json(response)
    member = data.get(name) if isinstance(data, dict) else None
    if not isinstance(member, dict):
        raise BadAnswer(f"no {name} in the answer")
    return member


def _rows(response: httpx.Response, name: str, *numbers: str) -> list[dict[str, Any]]:
    """A list of QloApps: `{"name": [...]}`, or a bare `[]` when it is empty. `numbers` must be readable as such."""
    data = _json(response)
    rows = data.get(name) if isinstance(data, dict) else data
    if not isinstance(rows, list) or (isinstance(data, list) and data):
        raise BadAnswer(f"no list of {name} in the answer")
    try:
        for row in rows:
            int(row["id"])
            for number in numbers:
                Decimal(str(row[number]))
    except (TypeError, KeyError, ValueError, ArithmeticError):
        raise BadAnswer(f"a row of {name} lacks a field") from None
    return rows


def _quote(response: httpx.Response, query: Query) -> Quote | None:
    ari = _member(response, "hotel_ari")
    asked = (str(query.hotel_id), query.check_in, query.check_out)
    if (str(ari.get("id_hotel")), ari.get("date_from"), ari.get("date_to")) != asked:
        raise BadAnswer("an answer about another stay")
    currency = ari.get("currency")
    if not isinstance(currency, str) or not currency:
        raise BadAnswer("no currency in the answer")
    if "room_types" not in ari:
        return None
    try:
        offers = [offer for offer in ari["room_types"] if int(offer["id_room_type"]) == query.room_type]
        rooms_left = int(ari["total_available_rooms"])
        total = Money(amount=Decimal(str(offers[0]["total_price_with_tax"])), currency=currency)
    except (TypeError, KeyError, ValueError, IndexError, ArithmeticError):
        raise BadAnswer("no offer for the room type in the answer") from None
    return Quote(rooms_left, total, currency)


def _booked(response: httpx.Response, stay: Stay) -> Booked:
    booking = _member(response, "booking")
    try:
        order_id = int(booking["id"])
        price = booking["associations"]["price_details"]
        total = Decimal(str(price["total_price_without_tax"])) + Decimal(str(price["total_tax"]))
        room_type = booking["associations"]["room_types"][0]
        told = (
            booking["source"],
            int(room_type["id_room_type"]),
            str(room_type["checkin_date"])[:10],
            str(room_type["checkout_date"])[:10],
        )
    except (TypeError, KeyError, ValueError, IndexError, ArithmeticError):
        raise BadAnswer("no booking in the answer") from None
    if told != (stay.reference, stay.room_type, stay.check_in, stay.check_out):
        raise BadAnswer("an answer about another booking")
    return Booked(order_id, total)
