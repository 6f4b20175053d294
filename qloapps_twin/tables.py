"""The generic resources: their names, and their rows as the web service shows them.

A row is a dict in QloApps' order of fields; `associations` comes last. Rows are made when asked for, from the hotel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qloapps_twin.booking import total_with_tax
from qloapps_twin.catalogue import date_text
from qloapps_twin.fields import CUSTOMER, HOTEL, ORDER_STATES, SERVICES, room_type, service
from qloapps_twin.hotel import Customer, History, Hotel, Line, Order, Room, RoomType
from qloapps_twin.listing import Row
from qloapps_twin.php import fixed
from qloapps_twin.render import NOT_FILTERABLE


@dataclass(frozen=True, slots=True)
class Table:
    """A generic resource.

    Attributes:
        name: in the URL.
        many, one: the names of list and element in an answer.
        rows: all rows, lowest id first.
        row: the row with this id, or None.
    """

    name: str
    many: str
    one: str
    rows: Callable[[Hotel], Iterator[Row]]
    row: Callable[[Hotel, int], Row | None]

    def fields(self, hotel: Hotel) -> list[str]:
        """The names of the fields that a list can show, filter and sort."""
        first = next(self.rows(hotel), {})
        return [name for name in first if name != "associations"]

    def filterable(self, hotel: Hotel) -> list[str]:
        """The names of the fields that a filter may name: columns that are no dates of the row itself."""
        hidden = ("date_add", "date_upd", *NOT_FILTERABLE.get(self.one, ()))
        return [name for name in self.fields(hotel) if name not in hidden]


def _table(
    name: str,
    store: Callable[[Hotel], dict[int, Any]],
    make: Callable[[Hotel, Any], Row],
    many: str = "",
    one: str = "",
) -> Table:
    def rows(hotel: Hotel) -> Iterator[Row]:
        things = store(hotel)
        return (make(hotel, things[key]) for key in sorted(things))

    def row(hotel: Hotel, key: int) -> Row | None:
        thing = store(hotel).get(key)
        return None if thing is None else make(hotel, thing)

    return Table(name, many or name, one or name.rstrip("s"), rows, row)


def _hotel(hotel: Hotel, key: int) -> Row:
    types = [{"id": kind.id} for kind in hotel.room_types.values() if kind.hotel_id == key]
    associations = {
        "room_types": types,
        "images": [],
        "hotel_features": HOTEL["associations"]["hotel_features"],
        "hotel_refund_rules": [],
    }
    return HOTEL | {"id": key, "associations": associations}


def _room_type(hotel: Hotel, kind: RoomType) -> Row:
    rooms = [room.id for room in hotel.rooms_of[kind.id]]
    return room_type(kind.id, kind.name, kind.link, fixed(kind.price), kind.date_add, kind.hotel_id, rooms)


def _hotel_room_type(hotel: Hotel, kind: RoomType) -> Row:
    return {
        "id": kind.id,
        "id_product": kind.id,
        "id_hotel": kind.hotel_id,
        "adults": kind.adults,
        "children": kind.children,
        "max_adults": kind.adults,
        "max_children": kind.children,
        "max_guests": kind.adults + kind.children,
        "min_los": 1,
        "max_los": 0,
        "date_add": kind.date_add,
        "date_upd": kind.date_add,
        "associations": {"hotel_rooms": [{"id": room.id} for room in hotel.rooms_of[kind.id]]},
    }


def _hotel_room(hotel: Hotel, room: Room) -> Row:
    added = hotel.room_types[room.type_id].date_add
    return {
        "id": room.id,
        "id_product": room.type_id,
        "id_hotel": room.hotel_id,
        "room_num": room.number,
        "id_status": room.status,
        "floor": "First",
        "comment": "",
        "date_add": added,
        "date_upd": added,
    }


def _customer(_: Hotel, customer: Customer) -> Row:
    told = CUSTOMER | {
        "id": customer.id,
        "lastname": customer.lastname,
        "firstname": customer.firstname,
        "email": customer.email,
        "phone": customer.phone,
        "newsletter_date_add": customer.date_add,
        "last_passwd_gen": customer.date_add,
        "date_add": customer.date_add,
        "date_upd": customer.date_add,
    }
    return told | customer.fields | {"associations": {"groups": [{"id": 3}]}}


def _order(hotel: Hotel, order: Order) -> Row:
    lines = hotel.lines_of.get(order.id, [])
    with_tax = total_with_tax(hotel, order)
    tax = sum((line.tax + sum(one.tax for one in line.services) for line in lines), with_tax * 0)
    return {
        "id": order.id,
        "id_address_delivery": 0,
        "id_address_invoice": 0,
        "id_address_tax": 2,
        "id_cart": order.cart_id,
        "id_currency": 1,
        "id_lang": order.language_id,
        "id_customer": order.customer_id,
        "current_state": order.state,
        "module": order.module,
        "invoice_number": 0,
        "invoice_date": "0000-00-00 00:00:00",
        "valid": 1 if order.state == 2 else 0,
        "date_add": order.booking_date,
        "date_upd": order.date_upd,
        "transaction_id": None,
        "secure_key": CUSTOMER["secure_key"],
        "payment": order.payment,
        "payment_type": order.payment_type,
        "total_discounts": fixed(tax * 0),
        "total_discounts_tax_incl": fixed(tax * 0),
        "total_discounts_tax_excl": fixed(tax * 0),
        "total_paid": fixed(with_tax),
        "total_paid_tax_incl": fixed(with_tax),
        "total_paid_tax_excl": fixed(with_tax - tax),
        "total_paid_real": fixed(order.paid),
        "total_products": fixed(with_tax - tax),
        "total_products_wt": fixed(with_tax),
        "conversion_rate": "1.000000",
        "source": order.source,
        "reference": order.reference,
        "is_advance_payment": 0,
        "advance_paid_amount": fixed(order.advance),
        "with_occupancy": order.with_occupancy,
        "associations": {"bookings": [{"id": line.id} for line in lines]},
    }


def _room_booking(hotel: Hotel, line: Line) -> Row:
    order = hotel.orders[line.order_id]
    departure = date_text(line.check_out)
    return {
        "id": line.id,
        "id_product": line.type_id,
        "id_hotel": order.hotel_id,
        "id_order": line.order_id,
        "id_order_detail": line.detail_id,
        "id_cart": order.cart_id,
        "id_room": line.room_id,
        "id_customer": order.customer_id,
        "booking_type": 1,
        "id_status": 1,
        "comment": "",
        "check_in": "0000-00-00 00:00:00",
        "check_out": "0000-00-00 00:00:00",
        "date_from": f"{date_text(line.check_in)} 00:00:00",
        "date_to": f"{departure} 00:00:00",
        "total_price_tax_excl": fixed(line.price),
        "total_price_tax_incl": fixed(line.price + line.tax),
        "total_paid_amount": fixed(line.price + line.tax),
        "is_refunded": int(line.refunded),
        "is_cancelled": int(line.cancelled),
        "is_back_order": int(line.back_order),
        "room_num": hotel.rooms[line.room_id].number,
        "room_type_name": hotel.room_types[line.type_id].name,
        "hotel_name": HOTEL["hotel_name"][0]["value"],
        "city": HOTEL["city"],
        "state": "",
        "country": "Poland",
        "zipcode": HOTEL["zipcode"],
        "phone": HOTEL["phone"],
        "email": HOTEL["email"],
        "check_in_time": HOTEL["check_in"],
        "check_out_time": HOTEL["check_out"],
        "planned_check_out": f"{departure} {HOTEL['check_out']}:00",
        "adults": line.adults,
        "children": line.children,
        "child_ages": str(line.child_ages).replace(" ", ""),
        "date_add": line.date_add,
        "date_upd": line.date_add,
    }


def _history(_: Hotel, entry: History) -> Row:
    return {
        "id": entry.id,
        "id_employee": 0,
        "id_order_state": entry.state,
        "id_order": entry.order_id,
        "date_add": entry.date_add,
    }


def _order_state(_: Hotel, state: list[Any]) -> Row:
    number, paid, *names = state
    name = [{"id": language, "value": value} for language, value in enumerate(names, 1)]
    return {"id": number, "paid": paid, "name": name}


def _service(_: Hotel, sold: tuple[int, str, str]) -> Row:
    return service(*sold)


TABLES = {
    table.name: table
    for table in (
        _table("hotels", lambda hotel: {key: key for key in {k.hotel_id for k in hotel.room_types.values()}}, _hotel),
        _table("room_types", lambda hotel: hotel.room_types, _room_type),
        _table("hotel_room_types", lambda hotel: hotel.room_types, _hotel_room_type),
        _table("hotel_rooms", lambda hotel: hotel.rooms, _hotel_room, "rooms", "room"),
        _table("customers", lambda hotel: hotel.customers, _customer),
        _table("orders", lambda hotel: hotel.orders, _order),
        _table("room_bookings", lambda hotel: hotel.lines, _room_booking, "bookings", "booking"),
        _table("order_histories", lambda hotel: hotel.histories, _history, one="order_history"),
        _table("order_states", lambda _: {state[0]: state for state in ORDER_STATES}, _order_state),
        _table("services", lambda _: {sold[0]: sold for sold in SERVICES}, _service),
        _table("feature_prices", lambda _: {}, lambda _, __: {}),
    )
}
