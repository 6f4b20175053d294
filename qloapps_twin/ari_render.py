"""An availability answer as JSON and as XML. XML calls a group `partial_available` and tells less of each room."""

from __future__ import annotations

from typing import Any

from qloapps_twin.fields import two_languages
from qloapps_twin.render import document, element, languages_xml

_TOTALS = (
    "total_rooms",
    "total_available_rooms",
    "total_unavailable_rooms",
    "total_partial_available_rooms",
    "total_booked_rooms",
)


def ari_xml(told: dict[str, Any], base: str) -> str:
    """The XML of what `ari.answer` returns. `base` is the address of the web service."""
    if "hotel_ari" in told:
        return document(_stay(told["hotel_ari"], base))
    return document(f"<hotel_aris>\n{''.join(_stay(one, base) for one in told['hotel_aris'])}</hotel_aris>\n")


def _stay(told: dict[str, Any], base: str) -> str:
    head = element("id_hotel", told["id_hotel"], f' xlink:href="{base}/hotels/{told["id_hotel"]}"')
    head += "".join(element(name, told[name]) for name in ("date_from", "date_to", "currency"))
    head += "".join(element(name, told[name]) for name in _TOTALS if name in told)
    if "room_types" in told:
        head += f"<room_types>\n{''.join(_offer(one, base) for one in told['room_types'])}</room_types>\n"
    return f"<hotel_ari>\n{head}</hotel_ari>\n"


def _offer(offer: dict[str, Any], base: str) -> str:
    key = offer["id_room_type"]
    href = f' xlink:href="{base}/room_types/{key}"'
    prices = "".join(
        element(name, offer[name])
        for name in ("base_price", "base_price_with_tax", "total_price", "total_price_with_tax")
    )
    groups = "".join(_group(name, rooms) for name, rooms in offer["rooms"].items())
    return (
        f'<room_type id="{key}"{href}>\n{element("id_room_type", key, href)}{prices}'
        f"<name>{languages_xml(two_languages(offer['name']), base)}</name>\n<rooms>\n{groups}</rooms>\n</room_type>\n"
    )


def _group(name: str, rooms: dict[str, dict[str, Any]] | list[Any]) -> str:
    shown = "partial_available" if name == "partially_available" else name
    entries = "" if isinstance(rooms, list) else "".join(_room(room) for room in rooms.values())
    return f"<{shown}>\n{entries}</{shown}>\n"


def _room(room: dict[str, Any]) -> str:
    inner = element("id_room", room["id_room"]) + element("room_number", room["room_num"])
    return f'<room id="{room["id_room"]}">\n{inner}</room>\n'
