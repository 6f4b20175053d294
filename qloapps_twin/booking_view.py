"""A booking as `bookings` shows it: no status, no state of payment, no reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from qloapps_twin.catalogue import date_text
from qloapps_twin.hotel import Hotel, Line, Order
from qloapps_twin.php import number


def booking(hotel: Hotel, order: Order) -> dict[str, Any]:
    """The whole answer about one booking, in QloApps' order of members."""
    lines = hotel.lines_of.get(order.id, [])
    customer = hotel.customers[order.customer_id]
    services = [service for line in lines for service in line.services]
    without_tax = sum((line.price for line in lines), Decimal(0)) + sum((one.total for one in services), Decimal(0))
    tax = sum((line.tax for line in lines), Decimal(0)) + sum((one.tax for one in services), Decimal(0))
    return {
        "booking": {
            "id": order.id,
            "id_property": order.hotel_id if lines else 0,
            "currency": hotel.currency(order.hotel_id),
            "source": order.source,
            "booking_date": order.booking_date,
            "id_language": order.language_id,
            "associations": {
                "customer_detail": {
                    "id_customer": customer.id,
                    "firstname": customer.firstname,
                    "lastname": customer.lastname,
                    "email": customer.email,
                    "phone": customer.phone,
                },
                "price_details": {
                    "total_paid": number(order.paid),
                    "total_price_without_tax": number(without_tax),
                    "total_tax": number(tax),
                },
                "cart_rules": [],
                "remarks": list(order.remarks),
                "room_types": _room_types(hotel, lines),
            },
        }
    }


def _room_types(hotel: Hotel, lines: list[Line]) -> list[dict[str, Any]]:
    groups: dict[tuple[int, int, int], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.type_id, line.check_in, line.check_out), []).append(line)
    return [
        {
            "id_room_type": type_id,
            "checkin_date": f"{date_text(check_in)} 00:00:00",
            "checkout_date": f"{date_text(check_out)} 00:00:00",
            "total_tax": number(sum((line.tax for line in of), Decimal(0))),
            "number_of_rooms": len(of),
            "name": hotel.room_types[type_id].name,
            "rooms": [_room(line) for line in of],
        }
        for (type_id, check_in, check_out), of in groups.items()
    ]


def _room(line: Line) -> dict[str, Any]:
    """A room of a booking; `unit_price_without_tax` is that of the whole stay, unlike in a request."""
    told: dict[str, Any] = {
        "id_room": line.room_id,
        "id_hotel_booking": line.id,
        "adults": line.adults,
        "child": line.children,
        "unit_price_without_tax": number(line.price),
        "total_tax": number(line.tax),
    }
    if line.services:
        told["services"] = [
            {
                "id_service": one.service_id,
                "name": one.name,
                "quantity": one.quantity,
                "unit_price_without_tax": number(one.unit_price),
                "total_price_without_tax": number(one.total),
                "total_tax": number(one.tax),
                "per_night": one.per_night,
                "price_mode": one.price_mode,
            }
            for one in line.services
        ]
    return told
