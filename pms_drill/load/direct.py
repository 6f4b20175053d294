"""The same arrivals at the PMS itself: the control by which the PMS's own slowness is told from what the agent adds.

Each arrival becomes the one request that answers it at QloApps: an availability `POST hotel_ari`, a reservation
`POST bookings`. They are sent past all proxies, with the harness's own key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as Xml

from pms_drill.load.operation import Operation
from pms_drill.load.schedule import Arrival, Guests

#: Environment variable with the key; the settings file stands in the results, where no secret may.
KEY_VARIABLE = "PMS_DRILL_LOAD_PMS_KEY"
_ANY_PHONE = "0000000000"


@dataclass(frozen=True)
class DirectTarget:
    """Address of the PMS without a path, and the key of its web service."""

    url: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class DirectRun:
    """What came of it.

    Attributes:
        operations: those after the warmup; as the agent would have answered, so that they are counted alike.
        doubts: why nothing may be made of them; empty if something may.
    """

    operations: Sequence[Operation]
    doubts: Sequence[str]


def request(arrival: Arrival, guests: Guests, currency: str) -> tuple[str, str, bytes]:
    """Path, content type and body of one arrival."""
    wish = guests.body(arrival)
    if arrival.endpoint == "availability":
        root = Xml.Element("qloapps")
        ari = Xml.SubElement(root, "hotel_ari")
        for name, key in (
            ("id_hotel", "hotel_id"),
            ("id_room_type", "room_type"),
            ("date_from", "check_in"),
            ("date_to", "check_out"),
        ):
            Xml.SubElement(ari, name).text = str(wish[key])
        return "/api/hotel_ari?output_format=JSON", "text/xml", Xml.tostring(root, encoding="utf-8")
    first, _, last = str(wish["guest_name"]).rpartition(" ")
    customer = {"firstname": first, "lastname": last, "email": wish["email"], "phone": _ANY_PHONE}
    room = {
        "id_room_type": wish["room_type"],
        "checkin_date": wish["check_in"],
        "checkout_date": wish["check_out"],
        "number_of_rooms": 1,
    }
    booking = {
        "id_property": wish["hotel_id"],
        "currency": currency,
        "booking_status": 1,
        "payment_status": 3,
        "source": f"load-{guests.token}-{arrival.turn}",
        "associations": {"customer_detail": customer, "price_details": {"total_paid": 0}, "room_types": [room]},
    }
    return "/api/bookings?output_format=JSON", "application/json", json.dumps({"booking": booking}).encode()


def translated(arrival: Arrival, status: int, content: bytes | None) -> tuple[int, str | None, str | None]:
    """Status, answer and error as an agent would have told them that had this answer of the PMS."""
    name, meaning = (
        ("hotel_ari", (200, "pms")) if arrival.endpoint == "availability" else ("booking", (201, "confirmed"))
    )
    if status not in (200, 201):
        return status, None, None
    try:
        body: Any = json.loads(content or b"")
    except ValueError:
        body = None
    told = body.get(name) if isinstance(body, dict) else None
    if not isinstance(told, dict) or (name == "booking" and not told.get("id")):
        return status, None, "garbage"
    return (*meaning, None)
