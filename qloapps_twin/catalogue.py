"""The hotel of the recordings: 1 hotel, 4 room types, demo customers and 3 old bookings; PLN, tax 23 %."""

from __future__ import annotations

import datetime as dt
import random
import string
from decimal import Decimal

from qloapps_twin.hotel import Customer, Hotel, Line, Order, Room, RoomType, ServiceLine

TAX = Decimal("0.23")
AUTO_ADDED = Decimal(250)
"""Per night, without tax: the maintenance fee that availability counts in and a booking over the API drops."""
ROOMS_PER_TYPE = 100
"""Default of the program: nobody runs out of rooms by accident."""
RECORDED_ROOMS_PER_TYPE = 5

_TYPES = (
    ("General Rooms", 1000, "GR", "general-rooms", "2026-02-18 16:25:22"),
    ("Delux Rooms", 1500, "DR", "delux-rooms", "2026-02-18 16:25:23"),
    ("Executive Rooms", 2000, "ER", "executive-rooms", "2026-02-18 16:25:24"),
    ("Luxury Rooms", 2500, "LR", "luxury-rooms", "2026-02-18 16:25:25"),
)
# room type, place of the room in its type, nights, date of the booking
_OLD_BOOKINGS = ((1, 0, 2, 2), (2, 0, 2, 3), (3, 0, 2, 4))
_DEMO_CUSTOMERS = 14
_INSTALLED = "2026-02-18 16:25:19"
_BOOKED = "2026-02-18 16:37:03"


def build(rooms_per_type: int = ROOMS_PER_TYPE) -> Hotel:
    """The base state of the recordings, with as many rooms as asked for. Rooms are numbered through, type by type."""
    types = [
        RoomType(place, name, Decimal(price), prefix, link, added)
        for place, (name, price, prefix, link, added) in enumerate(_TYPES, 1)
    ]
    rooms = [
        Room((kind.id - 1) * rooms_per_type + place, kind.id, f"{kind.prefix}-{100 + place}")
        for kind in types
        for place in range(1, rooms_per_type + 1)
    ]
    hotel = Hotel(types, rooms)
    _add_customers(hotel)
    for type_id, place, nights, customer in _OLD_BOOKINGS[: 3 if rooms_per_type else 0]:
        _add_old_booking(hotel, type_id, place, nights, customer)
    hotel.next_id["order_details"] = 10
    return hotel


def reference(rng: random.Random) -> str:
    """Nine capital letters, as QloApps names an order."""
    return "".join(rng.choices(string.ascii_uppercase, k=9))


def day(text: str) -> int:
    """Days since 1.1.1 of a date `YYYY-MM-DD...`."""
    return dt.date.fromisoformat(text[:10]).toordinal()


def date_text(days: int) -> str:
    """The opposite of `day`."""
    return dt.date.fromordinal(days).isoformat()


def _add_customers(hotel: Hotel) -> None:
    for _ in range(_DEMO_CUSTOMERS):
        number = hotel.take_id("customers")
        first, last, email = ("John", "Doe", "pub@qloapps.com") if number == 1 else _demo_customer(number)
        phone = "1234567890" if number == 1 else "123"
        hotel.add_customer(Customer(number, first, last, email, phone, _INSTALLED))


def _demo_customer(number: int) -> tuple[str, str, str]:
    names = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve", "More")
    return f"User-{names[number - 2]}", "Demo", f"guest{number - 1}@example.com"


def _add_old_booking(hotel: Hotel, type_id: int, place: int, nights: int, customer: int) -> None:
    """A booking made in the shop: it has the services that the API leaves out."""
    order_id = hotel.take_id("orders")
    price = hotel.room_types[type_id].price * nights
    services = [
        _service(6, "Internet Handling Charges", Decimal(250), per_night=0, price_mode=1),
        _service(5, "Room Maintenance Fees", AUTO_ADDED * nights, per_night=1, price_mode=2),
    ]
    total = price + sum(service.total for service in services)
    order = Order(
        id=order_id,
        cart_id=hotel.take_id("carts"),
        customer_id=customer,
        state=1,
        source="localhost:8080",
        reference=reference(random.Random(order_id)),  # noqa: S311 -- a name, not a secret
        booking_date=_BOOKED,
        date_upd=_BOOKED,
        module="bankwire",
        payment="Bank wire",
        payment_type=3,
        advance=total * (1 + TAX),
        with_occupancy=1,
    )
    hotel.add_order(order)
    first = day(_BOOKED)
    line = Line(
        id=hotel.take_id("lines"),
        order_id=order_id,
        detail_id=1 + 3 * (order_id - 1),
        room_id=hotel.rooms_of[type_id][place].id,
        type_id=type_id,
        check_in=first,
        check_out=first + nights,
        price=price,
        tax=price * TAX,
        adults=2,
        children=0,
        child_ages=[],
        date_add=_BOOKED,
        services=services,
    )
    hotel.add_line(line)
    hotel.set_state(order, 1, _BOOKED)


def _service(number: int, name: str, total: Decimal, *, per_night: int, price_mode: int) -> ServiceLine:
    return ServiceLine(number, name, 1, total, total, total * TAX, per_night, price_mode)
