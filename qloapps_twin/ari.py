"""Availability and rates: `POST /api/hotel_ari`, XML in, JSON or XML out.

`AriQuery` is what was asked, `answer` what QloApps says about it. Rules (all measured): a room is booked when any
night of the stay is held; occupancy filters nothing but multiplies the price; an unknown hotel or type is 200 without
rooms; the price counts auto-added services that a booking over the API drops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qloapps_twin.answers import Problem, Refused
from qloapps_twin.catalogue import AUTO_ADDED, CURRENCY, TAX, date_text, day
from qloapps_twin.hotel import Hotel, Room, RoomType
from qloapps_twin.php import is_unsigned_int, number, to_int
from qloapps_twin.xml_input import Node

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2})?")
GROUPS = ("unavailable", "booked", "available", "partially_available")
_FLAGS = {
    "available": "get_available_rooms",
    "unavailable": "get_unavailable_rooms",
    "partially_available": "get_partial_available_rooms",
    "booked": "get_booked_rooms",
}
_TOTALS = {
    "available": "total_available_rooms",
    "unavailable": "total_unavailable_rooms",
    "partially_available": "total_partial_available_rooms",
    "booked": "total_booked_rooms",
}


@dataclass(frozen=True, slots=True)
class AriQuery:
    """A search that passed QloApps' checks. `groups`: which groups of rooms to tell, in QloApps' order of totals."""

    id_hotel: str
    date_from: str
    date_to: str
    id_room_type: int | None
    groups: tuple[str, ...]
    date_wise: bool
    occupancies: int


def read(root: Node) -> AriQuery:
    """Check the parameters in QloApps' order.

    Raises:
        Refused: 400 with code 41 for a missing field, 85 for a bad one.
    """
    if not root.children or root.children[0].name != "hotel_ari":
        if root.children and root.children[0].children:
            raise _invalid("Invalid request XML")
        raise _missing("id_hotel")
    ari = root.children[0]
    for name in ("id_hotel", "date_from", "date_to"):
        if not ari.text_of(name):
            raise _missing(name)
    id_hotel, date_from, date_to = (ari.text_of(name) for name in ("id_hotel", "date_from", "date_to"))
    id_room_type = ari.text_of("id_room_type")
    checks = (
        ("id_hotel", is_unsigned_int(id_hotel)),
        ("date_from", _is_date(date_from)),
        ("date_to", _is_date(date_to)),
        ("id_room_type", not id_room_type or is_unsigned_int(id_room_type)),
    )
    for name, fine in checks:
        if not fine:
            raise _invalid(f'"The {name} field is invalid."')
    if date_to <= date_from:
        raise _invalid('"Date to" must be after "date from"')
    groups = tuple(group for group in _FLAGS if to_int(ari.text_of(_FLAGS[group])))
    return AriQuery(
        id_hotel,
        date_from,
        date_to,
        to_int(id_room_type) or None,
        groups or ("available",),
        bool(to_int(ari.text_of("date_wise_breakdown"))),
        _occupancies(ari),
    )


def _occupancies(ari: Node) -> int:
    rooms = ari.find_all("associations", "room_occupancies", "room_occupancy")
    for place, room in enumerate(rooms, 1):
        for name in ("adults", "children"):
            if not room.has(name):
                raise _invalid(f"Missing information for {name} for Room-{place} occupancy.")
        if to_int(room.text_of("adults")) < 1:
            text = f"Invalid value for number of adults for Room-{place} occupancy(value must be greater than 0)."
            raise _invalid(text)
    return len(rooms)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        day(text)
    except ValueError:
        return False
    return True


def _missing(name: str) -> Refused:
    return Refused(400, Problem(41, f'parameter "{name}" required'))


def _invalid(text: str) -> Refused:
    return Refused(400, Problem(85, f"Validation error: {text}"))


def answer(hotel: Hotel, query: AriQuery) -> dict[str, Any]:
    """What QloApps says about the whole stay, or night by night (`hotel_aris`)."""
    if not query.date_wise:
        return {"hotel_ari": _stay(hotel, query, query.date_from, query.date_to)}
    nights = range(day(query.date_from), day(query.date_to))
    return {"hotel_aris": [_stay(hotel, query, date_text(night), date_text(night + 1)) for night in nights]}


def _stay(hotel: Hotel, query: AriQuery, date_from: str, date_to: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id_hotel": query.id_hotel,
        "date_from": date_from,
        "date_to": date_to,
        "currency": CURRENCY,
    }
    types = [kind for kind in hotel.room_types.values() if kind.hotel_id == int(query.id_hotel)]
    if query.id_room_type is not None:
        types = [kind for kind in types if kind.id == query.id_room_type]
    if not types:
        return told
    first, end = day(date_from), max(day(date_to), day(date_from) + 1)
    offers = [(kind, _groups(hotel, kind, first, end, query)) for kind in types]
    totals = {_TOTALS[group]: sum(len(rooms[group]) for _, rooms in offers) for group in query.groups}
    room_types = [_offer(hotel, kind, rooms, end - first, query) for kind, rooms in offers]
    told["total_rooms"] = sum(len(hotel.rooms_of[kind.id]) for kind in types)
    if query.date_wise:
        return told | {"room_types": room_types} | totals
    return told | totals | {"room_types": room_types}


Rooms = dict[str, list[Room]]


def _groups(hotel: Hotel, kind: RoomType, first: int, end: int, query: AriQuery) -> Rooms:
    """The rooms of a type by what can be done with them; a room held in any night counts as booked."""
    occupancy = hotel.occupancy[kind.id]
    free = occupancy.free_mask(first, end)
    of = hotel.rooms_of[kind.id]
    if query.groups == ("available",):
        return {"available": of if occupancy.is_all(free) else [hotel.rooms[room] for room in occupancy.rooms(free)]}
    available = set(occupancy.rooms(free))
    return {
        "available": [room for room in of if room.id in available],
        "booked": [room for room in of if room.id not in available and room.status == 1],
        "unavailable": [room for room in of if room.status != 1],
        "partially_available": [],
    }


def _offer(hotel: Hotel, kind: RoomType, rooms: Rooms, nights: int, query: AriQuery) -> dict[str, Any]:
    base = kind.price + AUTO_ADDED
    total = base * nights * max(query.occupancies, 1)
    order = ("available", "booked", "unavailable") if query.date_wise else GROUPS
    return {
        "id_room_type": kind.id,
        "base_price": number(base),
        "base_price_with_tax": number(base * (1 + TAX)),
        "total_price": number(total),
        "total_price_with_tax": number(total * (1 + TAX)),
        "name": kind.name,
        "rooms": {group: _tell(hotel, kind, group, rooms[group], query) for group in order if group in query.groups},
    }


def _tell(hotel: Hotel, kind: RoomType, group: str, rooms: list[Room], query: AriQuery) -> dict[str, Any] | list[Any]:
    """A group of rooms: an object by room id, or an empty list."""
    if not rooms:
        return []
    if query.date_wise:
        return {str(room.id): {"id_room": room.id, "room_num": room.number} for room in rooms}
    if group == "booked":
        return {
            str(room.id): {
                "id_product": kind.id,
                "id_room": room.id,
                "id_hotel": room.hotel_id,
                "room_num": room.number,
                "detail": list(_bookings(hotel, room, query)),
            }
            for room in rooms
        }
    return {
        str(room.id): {
            "id_room": room.id,
            "id_product": kind.id,
            "id_hotel": room.hotel_id,
            "room_num": room.number,
            "room_comment": "",
            "max_adult": kind.adults,
            "max_children": kind.children,
            "max_occupancy": kind.adults + kind.children,
        }
        for room in rooms
    }


def _bookings(hotel: Hotel, room: Room, query: AriQuery) -> Iterator[dict[str, Any]]:
    first, end = day(query.date_from), day(query.date_to)
    for line in hotel.lines.values():
        if line.room_id == room.id and line.live and line.check_in < end and line.check_out > first:
            yield {
                "id_htl_booking": line.id,
                "date_from": f"{date_text(line.check_in)} 00:00:00",
                "date_to": f"{date_text(line.check_out)} 00:00:00",
                "id_customer": hotel.orders[line.order_id].customer_id,
                "booking_type": 1,
                "booking_status": 1,
                "comment": "",
            }
