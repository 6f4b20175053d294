"""The generic resources: their names in URL and answer, where their rows are, which columns they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from qloapps_twin import columns
from qloapps_twin.columns import Columns
from qloapps_twin.fields import CURRENCY, HOTEL, ROOM_TYPE, SERVICE, SERVICES, STATES, Row, currencies, service
from qloapps_twin.hotel import Hotel
from qloapps_twin.render import NOT_FILTERABLE

Index = Callable[[Hotel, str], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """A generic resource.

    Attributes:
        name: in the URL.
        many, one: the names of list and element in an answer.
        things: what the rows are made of, by id.
        columns: in QloApps' order; `associations` is last.
        indexes: per field the things that can have this value (text), so that not all need to be looked at.
    """

    name: str
    many: str
    one: str
    things: Callable[[Hotel], Mapping[int, Any]]
    columns: Columns
    indexes: Mapping[str, Index] = field(default_factory=dict)

    def row(self, hotel: Hotel, key: int) -> Row | None:
        """The row with this id, or None."""
        thing = self.things(hotel).get(key)
        return None if thing is None else self.show(hotel, thing)

    def show(self, hotel: Hotel, thing: Any, names: list[str] | None = None) -> Row:
        """One row, with all or some of its fields."""
        return {name: self.columns[name](hotel, thing) for name in names or self.columns}

    @property
    def fields(self) -> list[str]:
        """The names of the fields that a list can show and sort."""
        return [name for name in self.columns if name != "associations"]

    @property
    def filterable(self) -> list[str]:
        """The names of the fields that a filter may name: columns that are no dates of the row itself."""
        hidden = ("date_add", "date_upd", *NOT_FILTERABLE.get(self.one, ()))
        return [name for name in self.fields if name not in hidden]


def _orders_of_source(hotel: Hotel, text: str) -> Iterable[Any]:
    return (hotel.orders[key] for key in hotel.orders_of_source.get(text.casefold(), []))


def _lines_of_order(hotel: Hotel, text: str) -> Iterable[Any]:
    return list(hotel.lines_of.get(int(text), [])) if text.isdecimal() else []


def _histories_of_order(hotel: Hotel, text: str) -> Iterable[Any]:
    return [entry for entry in hotel.histories.values() if str(entry.order_id) == text]


_ALL = (
    Table(
        "hotels",
        "hotels",
        "hotel",
        lambda hotel: {kind.hotel_id: kind.hotel_id for kind in hotel.room_types.values()},
        columns.of_row(HOTEL, columns.hotel_row),
    ),
    Table(
        "room_types",
        "room_types",
        "room_type",
        lambda hotel: hotel.room_types,
        columns.of_row(ROOM_TYPE, columns.room_type_row),
    ),
    Table(
        "hotel_room_types",
        "hotel_room_types",
        "hotel_room_type",
        lambda hotel: hotel.room_types,
        columns.HOTEL_ROOM_TYPE,
    ),
    Table("hotel_rooms", "rooms", "room", lambda hotel: hotel.rooms, columns.HOTEL_ROOM),
    Table("customers", "customers", "customer", lambda hotel: hotel.customers, columns.CUSTOMERS),
    Table(
        "orders",
        "orders",
        "order",
        lambda hotel: hotel.orders,
        columns.ORDERS,
        {"source": _orders_of_source},
    ),
    Table(
        "room_bookings",
        "bookings",
        "booking",
        lambda hotel: hotel.lines,
        columns.ROOM_BOOKINGS,
        {"id_order": _lines_of_order},
    ),
    Table(
        "order_histories",
        "order_histories",
        "order_history",
        lambda hotel: hotel.histories,
        columns.ORDER_HISTORIES,
        {"id_order": _histories_of_order},
    ),
    Table(
        "order_states",
        "order_states",
        "order_state",
        lambda _: {state[0]: state for state in STATES},
        columns.ORDER_STATES,
    ),
    Table(
        "services",
        "services",
        "service",
        lambda _: {sold[0]: sold for sold in SERVICES},
        columns.of_row(SERVICE, lambda _, sold: service(*sold)),
    ),
    Table(
        "currencies",
        "currencies",
        "currency",
        currencies,
        columns.of_row(CURRENCY, lambda _, row: row),
    ),
    Table("feature_prices", "feature_prices", "feature_price", lambda _: {}, {"id": columns.always(0)}),
)
TABLES = {table.name: table for table in _ALL}
