"""Fields of generic resources that no rule looks at: what the recorded hotel shows in them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from qloapps_twin.hotel import Hotel

Row = dict[str, Any]
"""One row of a generic resource, in QloApps' order of fields; `associations` comes last."""
_DATA: dict[str, Any] = json.loads(files("qloapps_twin").joinpath("data/fields.json").read_text("utf-8"))
RESOURCES: list[str] = json.loads(files("qloapps_twin").joinpath("data/resources.json").read_text("utf-8"))
#: Measured on 1.6.1 and 1.7.0: resources without a row, which no booking, payment or remark by web service changes.
_EMPTY = (
    "booking_extra_demands carriers combinations customizations deliveries demand_advance_options extra_demands "
    "hotel_refund_rules manufacturers price_ranges product_customization_fields product_suppliers room_type_options "
    "specific_price_rules stock_movements stocks stores suppliers supply_order_details supply_order_histories "
    "supply_order_receipt_histories supply_orders tags warehouse_product_locations warehouses weight_ranges"
)
EMPTY = frozenset(_EMPTY.split())
HOTEL: Row = _DATA["hotel"]
CUSTOMER: Row = _DATA["customer"]
#: Languages of the recorded shop, as a request names them.
LANGUAGES = ("1", "2")
#: The one currency of the recorded shop.
CURRENCY: Row = {
    "id": 1,
    "name": "Z\u0142oty",
    "iso_code": "PLN",
    "iso_code_num": "985",
    "blank": 1,
    "sign": "z\u0142",
    "format": 2,
    "decimals": 1,
    "conversion_rate": "1.000000",
    "deleted": 0,
    "active": 1,
}
STATES: list[list[Any]] = _DATA["order_states"]
ROOM_TYPE: Row = _DATA["room_type"]
SERVICE: Row = _DATA["service"]
_OF_ROOM_TYPE = (
    "advance_payments",
    "categories",
    "images",
    "room_type_features",
    "tags",
    "hotel_rooms",
    "feature_prices",
    "extra_demands",
    "services",
)
# id, name, price; 5 and 6 are added to bookings of the shop by themselves; names from 7 on are ours
SERVICES = (
    (5, "Room Maintenance Fees", "250.000000"),
    (6, "Internet Handling Charges", "250.000000"),
    (7, "Airport Shuttle", "50.000000"),
    (8, "Cab on Demand", "200.000000"),
    (9, "Breakfast", "350.000000"),
    (10, "Dinner", "450.000000"),
)


def currencies(hotel: Hotel) -> dict[int, Row]:
    """The rows of the currencies in which the hotels sell; the first is the recorded one."""
    sold = dict.fromkeys([CURRENCY["iso_code"], *hotel.currency_of.values()])
    return {
        key: CURRENCY if key == 1 else CURRENCY | {"id": key, "name": code, "iso_code": code, "sign": code}
        for key, code in enumerate(sold, 1)
    }


def two_languages(value: str) -> list[dict[str, Any]]:
    """A text in both languages of the shop."""
    return [{"id": 1, "value": value}, {"id": 2, "value": value}]


def room_type(key: int, name: str, link: str, price: str, added: str, hotel_id: int, rooms: list[int]) -> Row:
    """The row of a room type."""
    stored = ROOM_TYPE["associations"] | {"hotel_rooms": [{"id": room} for room in rooms]}
    associations = {name: stored.get(name, []) for name in _OF_ROOM_TYPE}
    changed = {"id": key, "id_hotel": hotel_id, "price": price, "date_add": added, "date_upd": added}
    texts = {"name": two_languages(name), "link_rewrite": two_languages(link)}
    return ROOM_TYPE | changed | texts | {"associations": associations}


def service(key: int, name: str, price: str) -> Row:
    """The row of a service."""
    link = name.lower().replace(" ", "-")
    added = 1 if key == SERVICES[0][0] else 0
    changed = {"id": key, "price": price, "auto_add_to_cart": added}
    return SERVICE | changed | {"name": two_languages(name), "link_rewrite": two_languages(link)}


def in_language(row: Row, language: str, *, plain: bool) -> Row:
    """The row with texts of one language only (`language=1`): plain strings in JSON, one element in XML."""
    return {name: _of_language(value, language, plain) for name, value in row.items()}


def _of_language(value: Any, language: str, plain: bool) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], dict) and set(value[0]) == {"id", "value"}:
        kept = [one for one in value if str(one["id"]) == language]
        return (kept[0]["value"] if kept else "") if plain else kept
    return value
