"""QloApps as it really is: which requests to send.

Availability is `POST /api/hotel_ari` with an XML body; a booking is `POST /api/bookings` in JSON and answers 200
without any status; what became of it stands in `orders` and `room_bookings`. Cancelling is a new order history.
"""

from __future__ import annotations

import json
from xml.etree import ElementTree as Xml

from hotel_agent import answers
from hotel_agent.answers import Booked, Found, Quote, Stay
from hotel_agent.models import Query, split_name
from hotel_agent.pms import PmsClient

_CANCELLED = 4


class UnknownThing(Exception):
    """The PMS does not know the hotel or the room type."""


class QloApps:
    """The calls the agent makes; every one goes through the client and so under the breaker.

    `rejected_as` names the operation that is counted as rejected when the breaker is not closed; None counts nothing.

    Args:
        phone: given for guests, because QloApps demands one.
    """

    def __init__(self, client: PmsClient, phone: str) -> None:
        self._client = client
        self._phone = phone

    async def probe(self) -> None:
        """The safe read that tells whether the PMS works: web server, PHP, database and key at once."""
        await self._client.call(
            "probe",
            "GET",
            "/api/hotels",
            answers.hotels,
            rejected_as=None,
            probe=True,
        )

    async def availability(self, query: Query, *, rejected_as: str | None = "availability") -> Quote:
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
            lambda response: answers.quote(response, query),
            content=Xml.tostring(root, encoding="utf-8"),
            content_type="text/xml",
            rejected_as=rejected_as,
        )
        if quote is None:
            raise UnknownThing
        return quote

    async def book(self, stay: Stay, currency: str, *, rejected_as: str | None = "reservation") -> Booked:
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
            lambda response: answers.booked(response, stay, currency),
            content=json.dumps(body).encode(),
            content_type="application/json",
            rejected_as=rejected_as,
        )
        return booked

    async def find(self, reference: str, *, rejected_as: str | None = "readback") -> list[Found]:
        """All bookings that carry the reference, lowest id first; those without room lines count as not found."""
        orders: list[Booked] = await self._client.call(
            "readback",
            "GET",
            "/api/orders",
            answers.orders,
            params={
                "filter[source]": f"[{reference}]",
                "display": "[id,current_state,total_paid_tax_incl]",
            },
            rejected_as=rejected_as,
        )
        found = []
        for order in orders:
            live = await self.lines_live(order.order_id, rejected_as=rejected_as)
            if live is not None:
                found.append(Found(order.order_id, order.total, live))
        return found

    async def lines_live(self, order_id: int, *, rejected_as: str | None = "readback") -> bool | None:
        """Whether a room is held for the order; None when the order has no room lines (yet)."""
        live: bool | None = await self._client.call(
            "readback",
            "GET",
            "/api/room_bookings",
            answers.lines_live,
            params={
                "filter[id_order]": f"[{order_id}]",
                "display": "[id,id_room,is_cancelled,is_refunded,is_back_order]",
            },
            rejected_as=rejected_as,
        )
        return live

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
            lambda response: answers.cancelled(response, order_id, _CANCELLED),
            content=Xml.tostring(root, encoding="utf-8"),
            content_type="text/xml",
            rejected_as=None,
        )
