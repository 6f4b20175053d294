"""What a hotel's database holds: rooms, customers, orders with their room lines, histories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from qloapps_twin.occupancy import Occupancy


@dataclass(slots=True)
class RoomType:
    """A sellable type of room; its id is the `id_room_type` of bookings and availability.

    Attributes:
        price: per night, without tax.
        prefix: room numbers are `<prefix>-101`, `<prefix>-102`, ...
        min_los: nights of a stay at least; only told, because the web service of QloApps does not keep it.
    """

    id: int
    name: str
    price: Decimal
    prefix: str
    link: str
    date_add: str
    hotel_id: int = 1
    adults: int = 2
    children: int = 2
    min_los: int = 1


@dataclass(slots=True)
class Room:
    """A physical room. `status`: 1 in use, 2 out of order."""

    id: int
    type_id: int
    number: str
    hotel_id: int = 1
    status: int = 1


@dataclass(slots=True)
class Customer:
    """A person who books. `fields` are the columns of the web service that the rules do not look at."""

    id: int
    firstname: str
    lastname: str
    email: str
    phone: str
    date_add: str
    fields: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class ServiceLine:
    """A service sold with a room. Prices are without tax; `total` is for the stay."""

    service_id: int
    name: str
    quantity: int
    unit_price: Decimal
    total: Decimal
    tax: Decimal
    per_night: int
    price_mode: int


@dataclass(slots=True)
class Line:
    """One room of an order.

    Attributes:
        check_in, check_out: days since 1.1.1, the second one exclusive.
        price, tax: of the whole stay.
        refunded, cancelled, back_order: the room is held only when none of them is set.
    """

    id: int
    order_id: int
    detail_id: int
    room_id: int
    type_id: int
    check_in: int
    check_out: int
    price: Decimal
    tax: Decimal
    adults: int
    children: int
    child_ages: list[int]
    date_add: str
    refunded: bool = False
    cancelled: bool = False
    back_order: bool = False
    services: list[ServiceLine] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether a room is held."""
        return not (self.refunded or self.cancelled or self.back_order)


@dataclass(slots=True)
class Order:
    """A booking. State 0 without lines is what QloApps leaves behind when it breaks in the middle."""

    id: int
    cart_id: int
    customer_id: int
    state: int
    source: str
    reference: str
    booking_date: str
    date_upd: str
    hotel_id: int = 1
    language_id: int = 1
    module: str = "wsorder"
    payment: str = "Order from API"
    payment_type: int = 1
    paid: Decimal = Decimal(0)
    advance: Decimal = Decimal(0)
    with_occupancy: int = 0
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class History:
    """One change of an order's state."""

    id: int
    order_id: int
    state: int
    date_add: str


class Hotel:
    """All tables of a shop with its hotels, and the counters of their keys.

    `currency_of` has the currency of each hotel by id: one in the recorded shop, more in those that `add_hotel` adds.

    Lines change their flags only through `release` and `add_line`, so that the index of held rooms stays true.
    """

    def __init__(self, room_types: Iterable[RoomType], rooms: Iterable[Room], currency: str = "PLN") -> None:
        self.currency_of = {1: currency}
        self.room_types = {kind.id: kind for kind in room_types}
        self.rooms = {room.id: room for room in rooms}
        self.rooms_of: dict[int, list[Room]] = {kind: [] for kind in self.room_types}
        for room in self.rooms.values():
            self.rooms_of[room.type_id].append(room)
        self.customers: dict[int, Customer] = {}
        self.customer_by_email: dict[str, int] = {}
        self.orders: dict[int, Order] = {}
        self.orders_of_source: defaultdict[str, list[int]] = defaultdict(list)
        self.lines: dict[int, Line] = {}
        self.lines_of: defaultdict[int, list[Line]] = defaultdict(list)
        self.histories: dict[int, History] = {}
        self.occupancy = {kind: Occupancy([room.id for room in of]) for kind, of in self.rooms_of.items()}
        self.next_id: defaultdict[str, int] = defaultdict(lambda: 1)

    def currency(self, hotel_id: int) -> str:
        """The currency in which a hotel sells; for an unknown one that of the shop."""
        return self.currency_of.get(hotel_id, self.currency_of[1])

    def add_hotel(self, currency: str, types: Iterable[RoomType], rooms_per_type: int) -> int:
        """Add a hotel that sells in another currency; gives its id.

        A QloApps has one currency: this stands for a second shop behind the same address.

        Args:
            currency: its letters, such as `KWD`.
            types: their `hotel_id` is that of the new hotel.
            rooms_per_type: rooms are numbered on from the highest.
        """
        key = max(self.currency_of) + 1
        self.currency_of[key] = currency
        for kind in types:
            kind.hotel_id = key
            first = max(self.rooms, default=0) + 1
            new = [Room(first + place, kind.id, f"{kind.prefix}-{101 + place}", key) for place in range(rooms_per_type)]
            self.room_types[kind.id] = kind
            self.rooms |= {room.id: room for room in new}
            self.rooms_of[kind.id] = new
            self.occupancy[kind.id] = Occupancy([room.id for room in new])
        return key

    def take_id(self, table: str) -> int:
        """The next key of a table."""
        taken = self.next_id[table]
        self.next_id[table] = taken + 1
        return taken

    def add_customer(self, customer: Customer) -> None:
        """Store a customer; of several with one e-mail the first one is found by it."""
        self.customers[customer.id] = customer
        self.customer_by_email.setdefault(customer.email.casefold(), customer.id)

    def find_customer(self, email: str) -> Customer | None:
        """The customer with this e-mail, in any letter case."""
        return self.customers.get(self.customer_by_email.get(email.casefold(), 0))

    def add_order(self, order: Order) -> None:
        """Store an order; its source does not change any more."""
        self.orders[order.id] = order
        self.orders_of_source[order.source.casefold()].append(order.id)

    def add_line(self, line: Line) -> None:
        """Store a room line; a live one holds its room."""
        self.lines[line.id] = line
        self.lines_of[line.order_id].append(line)
        if line.live:
            self.occupancy[line.type_id].hold(line.room_id, line.check_in, line.check_out)

    def release(self, line: Line, *, cancelled: bool) -> None:
        """Refund a line (and cancel it, if said so): its room is free at once."""
        if line.live:
            self.occupancy[line.type_id].free(line.room_id, line.check_in, line.check_out)
        line.refunded = True
        line.cancelled = cancelled

    def remove_line(self, line: Line) -> None:
        """Take a line out of its order; its room is free at once."""
        if line.live:
            self.occupancy[line.type_id].free(line.room_id, line.check_in, line.check_out)
        del self.lines[line.id]
        self.lines_of[line.order_id].remove(line)

    def set_state(self, order: Order, state: int, now: str) -> History:
        """Give an order a state and write it down. State 4 cancels its lines, 5 refunds them."""
        order.state = state
        order.date_upd = now
        entry = History(self.take_id("order_histories"), order.id, state, now)
        self.histories[entry.id] = entry
        if state in (4, 5):
            for line in self.lines_of[order.id]:
                self.release(line, cancelled=state == 4)
        return entry
