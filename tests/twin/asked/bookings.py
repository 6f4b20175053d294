"""Bookings: one field after the other with right and wrong values of its type, each with its own guest and nights."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

_MISSING = object()
_VALUES = (
    *(_MISSING, None, "", " ", 0, 1, "01", "1.0", 1.5, -1, True, False, "abc", "1abc", 99_999, "4294967296"),
    *([], [1], {"a": 1}, "x" * 40, "<b>1</b>"),
)
_DATES = (
    *(_MISSING, None, "", " ", 0, 20_400_101, True, [], {"a": 1}, "2040-1-1", "2040-01-01 24:00:00"),
    *("2040-01-01 25:00:00", "2040-01-01T00:00:00", "2040-01-01 10:00:00", "2040-02-30", "01.01.2040", "tomorrow"),
)
_TYPE = "associations.room_types.0"
_PERSON = "associations.customer_detail"
_FIELDS: dict[str, tuple[Any, ...]] = {
    "id": _VALUES,
    "id_property": _VALUES,
    "currency": (*_VALUES, "pln", "EUR"),
    "source": _VALUES,
    "id_language": (*_VALUES, 2, 3),
    "remark": _VALUES,
    "associations": (_MISSING, None, [], "x", 1),
    f"{_PERSON}.email": (_MISSING, None, "", " ", 0, [], [1], {"a": 1}, "abc"),
    f"{_PERSON}.phone": (_MISSING, None, "", " ", 0, [], [1]),
    f"{_PERSON}.firstname": (_MISSING, None, "", " ", 0, [], [1]),
    "associations.price_details.total_paid": (*_VALUES, "1e1", "500"),
    "associations.price_details.total_price_with_tax": ("", " ", -1, True, False, "abc", [], [1], "1e1"),
    "associations.payment_detail.payment_type": ("", 0, "abc", [], "online", "remote", "pay at hotel"),
    "associations.cart_rules": (None, [], "x", [1], [{"code": "x"}]),
    f"{_TYPE}.id_room_type": _VALUES,
    f"{_TYPE}.number_of_rooms": _VALUES,
    # 25 o'clock is the first of January 1970: a stay from then on would keep QloApps busy for minutes
    f"{_TYPE}.checkin_date": tuple(date for date in _DATES if date != "2040-01-01 25:00:00"),
    f"{_TYPE}.checkout_date": _DATES,
    f"{_TYPE}.rooms": (None, [], "x", [1], ["x"]),
    "associations.room_types": (_MISSING, None, [], "x", {"a": {}}),
    _TYPE: (None, [], {}, "x"),
    # a room 1.5 leaves an order without rooms, and a bare text with 200
    f"{_TYPE}.rooms.0.id_room": tuple(value for value in _VALUES if value != 1.5),
    f"{_TYPE}.rooms.0.adults": _VALUES,
    f"{_TYPE}.rooms.0.unit_price_without_tax": _VALUES,
    f"{_TYPE}.rooms.0.total_tax": _VALUES,
    f"{_TYPE}.rooms.0.services": (None, [], "abc", [1]),
    f"{_TYPE}.rooms.0.facilities": (None, [], "abc", [1]),
}
_COUNTRY = (_MISSING, "", " ", 0, 1, "us", "US", "DE", "PL", "XX", "USA", "P", "1a", [1])
_ADDRESS: dict[str, tuple[Any, ...]] = {
    "address": (_MISSING, "", "<b>1</b>", "Street {1}", [1]),
    "city": (_MISSING, "", "1", "Town 1", "Łódź", "To<wn", [1]),
    "country_code": _COUNTRY,
    "state_code": (_MISSING, "", 1, "NY", "ny", "XX"),
    "zip": (_MISSING, "", "12345", "1234", "12 345", "abc"),
}
_ELSEWHERE = ({"country_code": "DE", "zip": "1234"}, {"country_code": "GB", "zip": "SW1A 1AA"}, {"country_code": "HK"})


def bodies() -> Iterator[tuple[str, bytes]]:
    """Names and bodies."""
    number = 0
    for path, values in _FIELDS.items():
        for value in values:
            number += 1
            body = _booking(number, room=".rooms.0" in path)
            if path.endswith("checkout_date") and "2040" in str(value):
                body["booking"]["associations"]["room_types"][0]["checkin_date"] = "2039-12-31"
            if path.endswith("checkin_date") and "2040" in str(value):
                body["booking"]["associations"]["room_types"][0]["checkout_date"] = "2040-01-03"
            _put(body["booking"], path, value)
            yield f"{path}={_told(value)}", _text(body)
    for name, values in _ADDRESS.items():
        for value in values:
            number += 1
            body = _booking(number, address={})
            _put(body["booking"], f"{_PERSON}.{name}", value)
            yield f"{name}={_told(value)}", _text(body)
    for address in _ELSEWHERE:
        number += 1
        yield f"in {address['country_code']}", _text(_booking(number, address={"state_code": None} | address))


def _booking(number: int, *, room: bool = False, address: dict[str, Any] | None = None) -> dict[str, Any]:
    day = dt.date(2030, 1, 1) + dt.timedelta(days=2 * number)
    of_type: dict[str, Any] = {
        "id_room_type": 1,
        "checkin_date": str(day),
        "checkout_date": str(day + dt.timedelta(days=1)),
        "number_of_rooms": 1,
    }
    if room:
        of_type["rooms"] = [{"adults": 1, "child": 0, "total_tax": 0}]
    person: dict[str, Any] = {
        "firstname": "Ada",
        "lastname": "Byron",
        "email": f"c{number}@example.com",
        "phone": "123",
    }
    if address is not None:
        person |= {"address": "Street 1", "city": "Town", "zip": "12345", "country_code": "US", "state_code": "NY"}
        person |= address
    parts = {"customer_detail": person, "price_details": {}, "payment_detail": {}, "room_types": [of_type]}
    head = {"id_property": 1, "currency": "PLN", "source": "asked", "booking_date": "2026-01-01 10:00:00"}
    return {"booking": head | {"associations": parts}}


def _put(booking: Any, path: str, value: Any) -> None:
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in way:
        booking = booking[step]
    if value is _MISSING:
        booking.pop(last, None)
    else:
        booking[last] = copy.deepcopy(value)


def _told(value: Any) -> str:
    return "missing" if value is _MISSING else repr(value)


def _text(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
