"""Availability and rates: `POST /api/hotel_ari`, XML in, JSON or XML out.

`AriQuery` is what was asked, `answer` what QloApps says about it. Rules (all measured): a room is booked when any
night of the stay is held; occupancy filters nothing but multiplies the price; an unknown hotel or type is 200 without
rooms; the price counts auto-added services that a booking over the API drops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qloapps_twin.answers import Crashed, Problem, Refused, warning
from qloapps_twin.booking_input import part
from qloapps_twin.catalogue import AUTO_ADDED, TAX, date_text
from qloapps_twin.hotel import Hotel, Room, RoomType
from qloapps_twin.php import is_empty, number, to_int
from qloapps_twin.rules import day_of, is_after, is_bool, is_date, is_unsigned_int
from qloapps_twin.xml_input import Node

_FILE = "WebserviceSpecificManagementHotelAri.php"
_NOT_AFTER = '"Date to" must be after "date from"'
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


#: Fields in the order in which QloApps checks them, each with the rule of its type; the required ones first told.
_RULES: dict[str, Callable[[str], bool]] = {
    "id_hotel": is_unsigned_int,
    "id_room_type": is_unsigned_int,
    "date_from": is_date,
    "date_to": is_date,
    "get_available_rooms": is_bool,
    "get_booked_rooms": is_bool,
    "get_partial_available_rooms": is_bool,
    "get_unavailable_rooms": is_bool,
    "date_wise_breakdown": is_bool,
}
_REQUIRED = ("id_hotel", "date_from", "date_to")


@dataclass(frozen=True, slots=True)
class AriQuery:
    """A search that passed QloApps' checks.

    Attributes:
        id_hotel: as it was sent and is told again.
        date_from, date_to: days since 1.1.1.
        groups: which groups of rooms to tell, in QloApps' order of totals.
    """

    id_hotel: Any
    date_from: int
    date_to: int
    id_room_type: int | None
    groups: tuple[str, ...]
    date_wise: bool
    occupancies: int


def read(root: Node) -> AriQuery:
    """Check the parameters in QloApps' order.

    Raises:
        Refused: 400 with code 41 for a missing field, 85 for a bad one.
        Crashed: what PHP dies on: a date that is no text, or a stay without a night.
    """
    if not root.children and not root.attributes and not root.text:
        raise _invalid("Invalid ARI search parameters found.")
    _check_fields(root)
    said = part(root.value(), "hotel_ari")
    if is_empty(said):
        raise _invalid("Invalid request XML")
    if isinstance(said, list):  # two searches at once: QloApps looks for the dates in the list of both
        undefined = (warning(f'Undefined array key "{name}"', 548, _FILE) for name in ("date_to", "date_from"))
        raise Refused(400, *undefined, Problem(85, f"Validation error: {_NOT_AFTER}"))
    if not isinstance(said["date_from"], str) or not isinstance(said["date_to"], str):
        raise Crashed
    if not is_after(said["date_to"], said["date_from"]):
        raise _invalid(_NOT_AFTER)
    occupancies = _occupancies(said)
    told = [group for group, flag in _FLAGS.items() if flag in said]
    groups = tuple(group for group in told if not is_empty(said[_FLAGS[group]])) if told else ("available",)
    query = AriQuery(
        said["id_hotel"],
        day_of(said["date_from"]),
        day_of(said["date_to"]),
        to_int(said.get("id_room_type")) or None,
        groups,
        not is_empty(said.get("date_wise_breakdown")),
        occupancies,
    )
    if query.date_from == query.date_to and not query.date_wise:
        raise Crashed
    return query


def _check_fields(root: Node) -> None:
    sent: dict[str, str] = {}
    for element in root.children:
        for name in _RULES:
            if element.has(name):
                sent[name] = element.text_of(name)
            elif name in _REQUIRED:
                raise _missing(name)
    for name, rule in _RULES.items():
        text = sent.get(name, "")
        if name in _REQUIRED and not text:
            raise _invalid(f'"The {name} field is required."')
        if not is_empty(text) and not rule(text):
            raise _invalid(f'"The {name} field is invalid."')


def _occupancies(said: dict[str, Any]) -> int:
    """How many rooms are asked for; 0 when nothing was said about it.

    Raises:
        Refused: 400 for a number of guests that is missing or none.
        Crashed: one room without its adults, which QloApps takes for a list of rooms.
    """
    rooms = part(part(part(said, "associations"), "room_occupancies"), "room_occupancy")
    if is_empty(rooms):
        return 0
    if part(rooms, "adults") is not None:
        rooms = [rooms]
    if not isinstance(rooms, list):
        raise Crashed
    for place, room in enumerate(rooms, 1):
        for name in ("adults", "children"):
            if part(room, name) is None:
                raise _invalid(f"Missing information for {name} for Room-{place} occupancy.")
            _check_guests(name, room[name], place)
    return len(rooms)


def _check_guests(name: str, number: Any, place: int) -> None:
    text = f"Invalid value for number of {name} for Room-{place} occupancy"
    text += "(value must be greater than 0)." if name == "adults" else "."
    if isinstance(number, str):
        if not is_unsigned_int(number) or (name == "adults" and is_empty(number)):
            raise _invalid(text)
        return
    known = (
        () if name == "adults" and is_empty(number) else (warning("Array to string conversion", 680, "Validate.php"),)
    )
    raise Refused(400, *known, Problem(85, f"Validation error: {text}"))


def _missing(name: str) -> Refused:
    return Refused(400, Problem(41, f'parameter "{name}" required'))


def _invalid(text: str) -> Refused:
    return Refused(400, Problem(85, f"Validation error: {text}"))


def answer(hotel: Hotel, query: AriQuery) -> dict[str, Any]:
    """What QloApps says about the whole stay, or night by night (`hotel_aris`)."""
    if not query.date_wise:
        return {"hotel_ari": _stay(hotel, query, query.date_from, query.date_to)}
    nights = range(query.date_from, query.date_to)
    return {"hotel_aris": [_stay(hotel, query, night, night + 1) for night in nights]}


def _stay(hotel: Hotel, query: AriQuery, first: int, end: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id_hotel": query.id_hotel,
        "date_from": date_text(first),
        "date_to": date_text(end),
        "currency": hotel.currency(to_int(query.id_hotel)),
    }
    types = [kind for kind in hotel.room_types.values() if kind.hotel_id == to_int(query.id_hotel)]
    if query.id_room_type is not None:
        types = [kind for kind in types if kind.id == query.id_room_type]
    if not types:
        return told
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
        "rooms": {group: _tell(hotel, kind, group, rooms[group], query) for group in order if group in query.groups}
        or [],
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
    first, end = query.date_from, query.date_to
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
