"""What QloApps answers, and what of it is valid. Pure: a response in, a value or BadAnswer out.

This is the only place where something of the PMS is read: whatever leaves it has the type, the range and the size
that the rest of the agent, its store and its own answers count on.
"""

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
#: The largest unsigned integer of MySQL; nothing that QloApps counts or numbers is larger.
_LARGEST = 2**32 - 1
#: QloApps keeps amounts as DECIMAL(20,6): below this.
_AMOUNTS_END = Decimal(10) ** 14
_CURRENCY = re.compile(r"[A-Z]{3}")
#: What may follow the date of a check-in or check-out: nothing, or a time.
_TIME = re.compile(r"(?: [0-9]{2}:[0-9]{2}:[0-9]{2})?")
#: How much of a refusal's text is told on, in characters.
_LONGEST_TEXT = 300


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


def whole(value: Any, *, least: int = 0) -> int:
    """A whole number that is not negative, as QloApps writes it: 4 or "4".

    Raises:
        ValueError: it is none, or out of range; a part of it is never cut off or told on.
    """
    text = str(value)
    if isinstance(value, bool) or not _WHOLE.fullmatch(text) or not least <= int(text) <= _LARGEST:
        raise ValueError("no whole number")
    return int(text)


def identifier(value: Any) -> int:
    """An id: a whole number from 1."""
    return whole(value, least=1)


def amount(value: Any) -> Decimal:
    """An amount of money that is not negative, as QloApps writes it: 3075 or "3075.000000".

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not (found := Decimal(str(value))).is_finite() or not 0 <= found < _AMOUNTS_END:
        raise ValueError("no amount")
    return found


def day(value: Any) -> str:
    """The date of a moment that may have a time: `2027-03-01 00:00:00`.

    Raises:
        ValueError: something else follows the date.
    """
    text = str(value)
    if not _TIME.fullmatch(text[10:]):
        raise ValueError("no date")
    return text[:10]


def refusal_text(value: Any) -> str:
    """The reason of a refusal, as it may be told to guests and logs: short, and characters that can be written."""
    return str(value).encode("utf-8", "replace").decode()[:_LONGEST_TEXT]


def rows(
    response: httpx.Response, name: str, *, numbers: tuple[str, ...] = (), amounts: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """A list of QloApps: `{"name": [...]}`, or a bare `[]` when it is empty.

    Args:
        numbers, amounts: fields that must be readable with `whole` and `amount`; `id` always must be an identifier.
    """
    data = _json(response)
    found = data.get(name) if isinstance(data, dict) else data
    if not isinstance(found, list) or (isinstance(data, list) and data):
        raise BadAnswer(f"no list of {name} in the answer")
    try:
        for row in found:
            identifier(row["id"])
            for field in numbers:
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
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
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


def booked(response: httpx.Response, stay: Stay, currency: str) -> Booked:
    """The booking in an answer to `POST /api/bookings`; it must be the one that was sent, in the currency asked for."""
    booking = member(response, "booking")
    try:
        order_id = identifier(booking["id"])
        price = booking["associations"]["price_details"]
        total = amount(price["total_price_without_tax"]) + amount(price["total_tax"])
        [room_type] = booking["associations"]["room_types"]
        told = (
            booking["source"],
            whole(booking["id_property"]),
            booking["currency"],
            whole(room_type["id_room_type"]),
            day(room_type["checkin_date"]),
            day(room_type["checkout_date"]),
        )
    except (TypeError, KeyError, ValueError, IndexError, ArithmeticError):
        raise BadAnswer("no booking in the answer") from None
    if told != (stay.reference, stay.hotel_id, currency, stay.room_type, stay.check_in, stay.check_out):
        raise BadAnswer("an answer about another booking")
    return Booked(order_id, total)


def hotels(response: httpx.Response) -> None:
    """The list of the safe read; nothing of it is needed."""
    rows(response, "hotels")


def orders(response: httpx.Response) -> list[Booked]:
    """The orders of a read-back with their totals, lowest id first."""
    found = rows(response, "orders", amounts=("total_paid_tax_incl",))
    priced = [Booked(identifier(row["id"]), amount(row["total_paid_tax_incl"])) for row in found]
    return sorted(priced, key=lambda order: order.order_id)


#: A room line is live when none of these is set.
_FLAGS = ("is_cancelled", "is_refunded", "is_back_order")


def lines_live(response: httpx.Response) -> bool | None:
    """Whether one of an order's room lines holds a room; None when there are no lines."""
    lines = rows(response, "bookings", numbers=_FLAGS)
    return any(not any(whole(line[flag]) for flag in _FLAGS) for line in lines) if lines else None


def cancelled(response: httpx.Response, order_id: int, state: int) -> None:
    """The new history of an order that was cancelled."""
    history = member(response, "order_history")
    try:
        told = (whole(history["id_order"]), whole(history["id_order_state"]))
    except (KeyError, ValueError):
        raise BadAnswer("no order history in the answer") from None
    if told != (order_id, state):
        raise BadAnswer("an answer about another order")
