"""The columns of the generic resources: per field how its value is read from the hotel, in QloApps' order.

A column that is not asked for is not computed, so that a filter over many orders stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qloapps_twin.booking_money import tax_of, total_with_tax
from qloapps_twin.catalogue import date_text
from qloapps_twin.fields import CUSTOMER, HOTEL, Row, room_type
from qloapps_twin.hotel import Customer, Hotel, Line, Order
from qloapps_twin.php import fixed

Column = Callable[[Hotel, Any], Any]
Columns = dict[str, Column]


def always(value: Any) -> Column:
    """A column with one value in all rows."""
    return lambda _hotel, _row: value


def of_row(row: Row, make: Callable[[Hotel, Any], Row]) -> Columns:
    """Columns for rows that are made as a whole; `row` is an example."""
    return {name: _member(name, make) for name in row}


def _member(name: str, make: Callable[[Hotel, Any], Row]) -> Column:
    return lambda hotel, thing: make(hotel, thing)[name]


def _known(name: str) -> Column:
    """A customer's column that the rules do not look at: what was sent, or the recorded default."""
    return lambda _, one: one.fields.get(name, CUSTOMER[name])


def hotel_row(hotel: Hotel, key: int) -> Row:
    """The row of a property."""
    associations = {
        "room_types": [{"id": kind.id} for kind in hotel.room_types.values() if kind.hotel_id == key],
        "images": [],
        "hotel_features": HOTEL["associations"]["hotel_features"],
        "hotel_refund_rules": [],
    }
    return HOTEL | {"id": key, "associations": associations}


def room_type_row(hotel: Hotel, kind: Any) -> Row:
    """The row of a sellable type."""
    rooms = [room.id for room in hotel.rooms_of[kind.id]]
    return room_type(kind.id, kind.name, kind.link, fixed(kind.price), kind.date_add, kind.hotel_id, rooms)


HOTEL_ROOM_TYPE: Columns = {
    "id": lambda _, kind: kind.id,
    "id_product": lambda _, kind: kind.id,
    "id_hotel": lambda _, kind: kind.hotel_id,
    "adults": lambda _, kind: kind.adults,
    "children": lambda _, kind: kind.children,
    "max_adults": lambda _, kind: kind.adults,
    "max_children": lambda _, kind: kind.children,
    "max_guests": lambda _, kind: kind.adults + kind.children,
    "min_los": lambda _, kind: kind.min_los,
    "max_los": always(0),
    "date_add": lambda _, kind: kind.date_add,
    "date_upd": lambda _, kind: kind.date_add,
    "associations": lambda hotel, kind: {"hotel_rooms": [{"id": room.id} for room in hotel.rooms_of[kind.id]]},
}

HOTEL_ROOM: Columns = {
    "id": lambda _, room: room.id,
    "id_product": lambda _, room: room.type_id,
    "id_hotel": lambda _, room: room.hotel_id,
    "room_num": lambda _, room: room.number,
    "id_status": lambda _, room: room.status,
    "floor": always("First"),
    "comment": always(""),
    "date_add": lambda hotel, room: hotel.room_types[room.type_id].date_add,
    "date_upd": lambda hotel, room: hotel.room_types[room.type_id].date_add,
}


def _customer_columns() -> Columns:
    own: dict[str, Callable[[Customer], Any]] = {
        "id": lambda one: one.id,
        "lastname": lambda one: one.lastname,
        "firstname": lambda one: one.firstname,
        "email": lambda one: one.email,
        "phone": lambda one: one.phone,
        "newsletter_date_add": lambda one: one.date_add,
        "last_passwd_gen": lambda one: one.date_add,
        "date_add": lambda one: one.date_add,
        "date_upd": lambda one: one.date_add,
    }

    def column(name: str) -> Column:
        read = own.get(name)
        return _known(name) if read is None else lambda _, one: read(one)

    return {name: column(name) for name in CUSTOMER}


CUSTOMERS: Columns = _customer_columns()


def _lines(hotel: Hotel, order: Order) -> list[Line]:
    return hotel.lines_of.get(order.id, [])


def _with_tax(hotel: Hotel, order: Order) -> str:
    return fixed(total_with_tax(hotel, order))


def _without_tax(hotel: Hotel, order: Order) -> str:
    return fixed(total_with_tax(hotel, order) - tax_of(hotel, order))


ORDERS: Columns = {
    "id": lambda _, order: order.id,
    "id_address_delivery": always(0),
    "id_address_invoice": always(0),
    "id_address_tax": always(2),
    "id_cart": lambda _, order: order.cart_id,
    "id_currency": always(1),
    "id_lang": lambda _, order: order.language_id,
    "id_customer": lambda _, order: order.customer_id,
    "current_state": lambda _, order: order.state,
    "module": lambda _, order: order.module,
    "invoice_number": always(0),
    "invoice_date": always("0000-00-00 00:00:00"),
    "valid": lambda _, order: 1 if order.state == 2 else 0,
    "date_add": lambda _, order: order.booking_date,
    "date_upd": lambda _, order: order.date_upd,
    "transaction_id": always(None),
    "secure_key": always(CUSTOMER["secure_key"]),
    "payment": lambda _, order: order.payment,
    "payment_type": lambda _, order: order.payment_type,
    "total_discounts": always("0.000000"),
    "total_discounts_tax_incl": always("0.000000"),
    "total_discounts_tax_excl": always("0.000000"),
    "total_paid": _with_tax,
    "total_paid_tax_incl": _with_tax,
    "total_paid_tax_excl": _without_tax,
    "total_paid_real": lambda _, order: fixed(order.paid),
    "total_products": _without_tax,
    "total_products_wt": _with_tax,
    "conversion_rate": always("1.000000"),
    "source": lambda _, order: order.source,
    "reference": lambda _, order: order.reference,
    "is_advance_payment": always(0),
    "advance_paid_amount": lambda _, order: fixed(order.advance),
    "with_occupancy": lambda _, order: order.with_occupancy,
    "associations": lambda hotel, order: {"bookings": [{"id": line.id} for line in _lines(hotel, order)]},
}

ROOM_BOOKINGS: Columns = {
    "id": lambda _, line: line.id,
    "id_product": lambda _, line: line.type_id,
    "id_hotel": lambda hotel, line: hotel.rooms[line.room_id].hotel_id,
    "id_order": lambda _, line: line.order_id,
    "id_order_detail": lambda _, line: line.detail_id,
    "id_cart": lambda hotel, line: hotel.orders[line.order_id].cart_id,
    "id_room": lambda _, line: line.room_id,
    "id_customer": lambda hotel, line: hotel.orders[line.order_id].customer_id,
    "booking_type": always(1),
    "id_status": always(1),
    "comment": always(""),
    "check_in": always("0000-00-00 00:00:00"),
    "check_out": always("0000-00-00 00:00:00"),
    "date_from": lambda _, line: f"{date_text(line.check_in)} 00:00:00",
    "date_to": lambda _, line: f"{date_text(line.check_out)} 00:00:00",
    "total_price_tax_excl": lambda _, line: fixed(line.price),
    "total_price_tax_incl": lambda _, line: fixed(line.price + line.tax),
    "total_paid_amount": lambda _, line: fixed(line.price + line.tax),
    "is_refunded": lambda _, line: int(line.refunded),
    "is_cancelled": lambda _, line: int(line.cancelled),
    "is_back_order": lambda _, line: int(line.back_order),
    "room_num": lambda hotel, line: hotel.rooms[line.room_id].number,
    "room_type_name": lambda hotel, line: hotel.room_types[line.type_id].name,
    "hotel_name": always(HOTEL["hotel_name"][0]["value"]),
    "city": always(HOTEL["city"]),
    "state": always(""),
    "country": always("Poland"),
    "zipcode": always(HOTEL["zipcode"]),
    "phone": always(HOTEL["phone"]),
    "email": always(HOTEL["email"]),
    "check_in_time": always(HOTEL["check_in"]),
    "check_out_time": always(HOTEL["check_out"]),
    "planned_check_out": lambda _, line: f"{date_text(line.check_out)} {HOTEL['check_out']}:00",
    "adults": lambda _, line: line.adults,
    "children": lambda _, line: line.children,
    "child_ages": lambda _, line: str(line.child_ages).replace(" ", ""),
    "date_add": lambda _, line: line.date_add,
    "date_upd": lambda _, line: line.date_add,
}

ORDER_HISTORIES: Columns = {
    "id": lambda _, entry: entry.id,
    "id_employee": always(0),
    "id_order_state": lambda _, entry: entry.state,
    "id_order": lambda _, entry: entry.order_id,
    "date_add": lambda _, entry: entry.date_add,
}

# a state is [number, paid, name in one language, name in the other]
ORDER_STATES: Columns = {
    "id": lambda _, state: state[0],
    "paid": lambda _, state: state[1],
    "name": lambda _, state: [{"id": language, "value": value} for language, value in enumerate(state[2:], 1)],
}
