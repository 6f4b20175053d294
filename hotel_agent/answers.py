"""What QloApps answers, and what of it is valid. Pure: a response in, a value or BadAnswer out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from hotel_agent.failures import BadAnswer, PmsRefused
from hotel_agent.models import Money, Query

#: How QloApps writes a number of things and an id.
_WHOLE = re.compile(r"[0-9]+", re.ASCII)


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


def says_sold_out(refusal: PmsRefused) -> bool:
    """QloApps tells "sold out" with 400 and this text (and the code 404)."""
    return refusal.message.startswith("Requested room(s) not available")


def says_unknown_thing(refusal: PmsRefused) -> bool:
    """Whether the refusal means that the hotel or the room type does not exist."""
    return "Invalid room type" in refusal.message or "id_property" in refusal.message


def says_outcome_unknown(refusal: PmsRefused) -> bool:
    """Whether QloApps itself failed in the middle of the booking."""
    return "Unable to create booking" in refusal.message


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise BadAnswer("the body is not JSON") from None


def member(response: httpx.Response, name: str) -> dict[str, Any]:
    """The only member of an answer: `{"name": {...}}`."""
    data = _json(response)
    found = data.get(name) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise BadAnswer(f"no {name} in the answer")
    return found


def whole(value: Any) -> int:
    """A whole number that is not negative, as QloApps writes it: 4 or "4".

    Raises:
        ValueError: it is none; a part of it is never cut off or told on.
    """
    if isinstance(value, bool) or not _WHOLE.fullmatch(str(value)):
        raise ValueError(f"no whole number: {value!r}")
    return int(value)


def amount(value: Any) -> Decimal:
    """An amount of money that is not negative, as QloApps writes it: 3075 or "3075.000000".

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not (found := Decimal(str(value))).is_finite() or found < 0:
        raise ValueError(f"no amount: {value!r}")
    return found


def rows(
    response: httpx.Response, name: str, *, numbers: tuple[str, ...] = (), amounts: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """A list of QloApps: `{"name": [...]}`, or a bare `[]` when it is empty.

    Args:
        numbers, amounts: fields that must be readable with `whole` and `amount`; `id` always must.
    """
    data = _json(response)
    found = data.get(name) if isinstance(data, dict) else data
    if not isinstance(found, list) or (isinstance(data, list) and data):
        raise BadAnswer(f"no list of {name} in the answer")
    try:
        for row in found:
            for field in ("id", *numbers):
                whole(row[field])
            for field in amounts:
                amount(row[field])
    except (TypeError, KeyError, ValueError, ArithmeticError):
        raise BadAnswer(f"a row of {name} lacks a field") from None
    return found


def quote(response: httpx.Response, query: Query) -> Quote | None:
    """What `hotel_ari` says about the stay asked for; None when QloApps knows no such hotel or room type."""
    ari = member(response, "hotel_ari")
    asked = (str(query.hotel_id), query.check_in, query.check_out)
    if (str(ari.get("id_hotel")), ari.get("date_from"), ari.get("date_to")) != asked:
        raise BadAnswer("an answer about another stay")
    currency = ari.get("currency")
    if not isinstance(currency, str) or not currency:
        raise BadAnswer("no currency in the answer")
    if "room_types" not in ari:
        return None
    try:
        offers = [offer for offer in ari["room_types"] if whole(offer["id_room_type"]) == query.room_type]
        rooms_left = whole(ari["total_available_rooms"])
        total = Money(amount=amount(offers[0]["total_price_with_tax"]), currency=currency)
    except (TypeError, KeyError, ValueError, IndexError, ArithmeticError):
        raise BadAnswer("no offer for the room type in the answer") from None
    return Quote(rooms_left, total, currency)


def booked(response: httpx.Response, stay: Stay) -> Booked:
    """The booking in an answer to `POST /api/bookings`; it must be the one that was sent."""
    booking = member(response, "booking")
    try:
        order_id = whole(booking["id"])
        price = booking["associations"]["price_details"]
        total = amount(price["total_price_without_tax"]) + amount(price["total_tax"])
        room_type = booking["associations"]["room_types"][0]
        told = (
            booking["source"],
            whole(room_type["id_room_type"]),
            str(room_type["checkin_date"])[:10],
            str(room_type["checkout_date"])[:10],
        )
    except (TypeError, KeyError, ValueError, IndexError, ArithmeticError):
        raise BadAnswer("no booking in the answer") from None
    if told != (stay.reference, stay.room_type, stay.check_in, stay.check_out):
        raise BadAnswer("an answer about another booking")
    return Booked(order_id, total)
