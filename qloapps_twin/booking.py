"""Makes and changes bookings as QloApps does: without a lock, without a transaction, without idempotency.

`create` and `change` are generators: they yield the seconds during which other requests get in between (the race
window) and return the order with the warnings that spoil the answer. All state is in the `Hotel`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from qloapps_twin.answers import Crashed, Problem, warning
from qloapps_twin.booking_input import items, part
from qloapps_twin.booking_wish import (
    SOLD_OUT,
    TypeWish,
    Wish,
    check_head,
    check_person,
    check_tail,
    check_type,
    refuse,
    too_long,
    valid_name,
    valid_phone,
)
from qloapps_twin.catalogue import TAX, reference
from qloapps_twin.hotel import Customer, Hotel, Line, Order
from qloapps_twin.php import is_empty, to_int
from qloapps_twin.race import Race

AWAITING, PAID, CANCELLED, REFUNDED, PARTIAL = 1, 2, 4, 5, 8
_CENT = Decimal("0.01")


@dataclass(slots=True)
class Bench:
    """What the work on a booking needs besides the hotel.

    Attributes:
        now: local time of the hotel, `YYYY-MM-DD HH:MM:SS`.
        domain: source of a booking that names none.
        read_only: nothing can be written: PHP dies at the first write.
        lose_race: asked once per booking; True makes it one that is silently cancelled.
    """

    hotel: Hotel
    now: Callable[[], str]
    rng: random.Random
    race: Race
    domain: str
    lose_race: Callable[[], bool] = lambda: False
    read_only: bool = False


@dataclass(slots=True)
class Done:
    """A stored booking and the PHP warnings that were raised on the way."""

    order: Order
    warnings: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Pick:
    """Rooms chosen for one element of `room_types`; too late means that nothing was free any more."""

    wish: TypeWish
    rooms: list[int]
    too_late: bool = False


Work = Generator[float, None, Done]


def create(bench: Bench, booking: dict[str, Any]) -> Work:
    """Make a booking.

    Raises:
        Refused: 400, nothing was stored.
        Crashed: PHP died; an order without rooms may have been left behind.
    """
    hotel = bench.hotel
    if not is_empty(booking.get("id")):
        raise refuse("id is forbidden when adding a new resource")
    wish = check_head(hotel, booking)
    picks = _find_rooms(hotel, booking, wish)
    check_tail(booking)
    if bench.read_only:
        raise Crashed
    plan = bench.race.enter()
    try:
        if plan.before_pick:
            yield plan.before_pick
            picks = [_pick_again(hotel, pick) for pick in picks]
        customer = _customer(bench, wish)
        order = _write_order(bench, wish, customer)
        if too_long(wish) or any(
            room.adults is not None and room.adults < 0 for pick in picks for room in pick.wish.rooms
        ):
            order.state = 0
            raise Crashed
        if plan.before_insert:
            yield plan.before_insert
    finally:
        bench.race.leave()
    lost = bench.lose_race() or any(pick.too_late for pick in picks)
    for pick in picks:
        for place, room_id in enumerate(pick.rooms):
            hotel.add_line(_line(bench, order, pick.wish, place, room_id, back_order=lost))
    _settle_price(hotel, order, wish)
    hotel.set_state(order, _first_state(hotel, order, wish), bench.now())
    if lost:
        # QloApps cancels the overbooked order inside the same request and ends with the first state again
        first = order.state
        hotel.set_state(order, CANCELLED, bench.now())
        hotel.set_state(order, first, bench.now())
    return Done(order, wish.warnings)


def change(bench: Bench, booking: dict[str, Any]) -> Work:
    """Change the booking that the body names; the complete list of rooms is expected.

    Raises:
        Refused: 400, nothing was changed.
    """
    hotel = bench.hotel
    if is_empty(booking.get("id")):
        raise refuse("id is required with PUT requests.")
    order = hotel.orders.get(to_int(booking["id"]))
    if order is None:
        raise refuse("Booking not found.")
    if is_empty(part(booking.get("associations"), "room_types")):
        raise refuse("Rooms not found in the request.")
    if to_int(booking.get("id_property")) not in {kind.hotel_id for kind in hotel.room_types.values()}:
        raise refuse("Please provide a valid id_property.")
    email = part(part(booking.get("associations"), "customer_detail"), "email")
    if is_empty(email) or hotel.find_customer(str(email)) is None:
        raise refuse("Please provide a valid email.")
    wish = check_head(hotel, _completed(hotel, order, booking))
    wishes = [check_type(hotel, said, wish.warnings) for said in items(part(booking["associations"], "room_types"))]
    kept, missing = _match(hotel, order, wishes)
    added = [_Pick(one, _free_rooms(hotel, one, count, skip=taken)) for one, count, taken in missing]
    if any(len(pick.rooms) < count for pick, (_, count, _) in zip(added, missing, strict=True)):
        raise refuse(SOLD_OUT.rstrip("."))
    check_tail(booking)
    if bench.read_only:
        raise Crashed
    plan = bench.race.enter()
    try:
        if plan.before_insert:
            yield plan.before_insert
    finally:
        bench.race.leave()
    for line in [line for line in hotel.lines_of[order.id] if line.id not in kept]:
        hotel.remove_line(line)
    for line_id, (one, place) in kept.items():
        _reprice(hotel.lines[line_id], one, place)
    for pick, (one, count, _) in zip(added, missing, strict=True):
        for place, room_id in enumerate(pick.rooms):
            hotel.add_line(_line(bench, order, one, one.count - count + place, room_id, back_order=False))
    _settle_order(bench, order, wish)
    return Done(order, wish.warnings)


def _completed(hotel: Hotel, order: Order, booking: dict[str, Any]) -> dict[str, Any]:
    """A PUT may leave out what the stored booking already says about its currency and guest."""
    customer = hotel.customers[order.customer_id]
    associations = dict(booking["associations"])
    known = {"firstname": customer.firstname, "lastname": customer.lastname, "phone": customer.phone}
    associations["customer_detail"] = known | dict(associations["customer_detail"])
    return {"currency": "PLN"} | booking | {"associations": associations}


def _find_rooms(hotel: Hotel, booking: dict[str, Any], wish: Wish) -> list[_Pick]:
    """Check the room types one after the other and look for rooms, as QloApps does before it writes anything."""
    associations = booking.get("associations")
    said = part(associations, "room_types")
    if said is None:
        raise refuse(SOLD_OUT, warning('Undefined array key "room_types"', 688))
    picks: list[_Pick] = []
    for one in items(said):
        type_wish = check_type(hotel, one, wish.warnings)
        taken = {room for pick in picks if _overlap(pick.wish, type_wish) for room in pick.rooms}
        rooms = _free_rooms(hotel, type_wish, type_wish.count, skip=taken)
        if len(rooms) < type_wish.count:
            raise refuse(SOLD_OUT)
        picks.append(_Pick(type_wish, rooms))
    if not picks:
        raise refuse(SOLD_OUT)
    return picks


def _overlap(one: TypeWish, other: TypeWish) -> bool:
    return one.check_in < other.check_out and other.check_in < one.check_out


def _free_rooms(hotel: Hotel, wish: TypeWish, count: int, skip: set[int]) -> list[int]:
    """Named rooms if they are free, and for the rest the lowest free numbers; fewer than asked for means sold out."""
    occupancy = hotel.occupancy[wish.kind.id]
    free = [room for room in occupancy.rooms(occupancy.free_mask(wish.check_in, wish.check_out)) if room not in skip]
    named = [room.room_id for room in wish.rooms[wish.count - count :] if room.room_id]
    if any(room not in free for room in named):
        return []
    others = iter(room for room in free if room not in named)
    wanted = [room.room_id for room in wish.rooms[wish.count - count :]] or [None] * count
    rooms = [room or next(others, None) for room in wanted]
    return [room for room in rooms if room is not None]


def _pick_again(hotel: Hotel, pick: _Pick) -> _Pick:
    """Choose the rooms some time after the check: others may have been faster."""
    rooms = _free_rooms(hotel, pick.wish, pick.wish.count, skip=set())
    if len(rooms) < pick.wish.count:
        return _Pick(pick.wish, pick.rooms, too_late=True)
    return _Pick(pick.wish, rooms)


def _customer(bench: Bench, wish: Wish) -> Customer:
    """The customer with the e-mail, with name and phone overwritten if they are valid; or a new one."""
    known = bench.hotel.find_customer(wish.email)
    if known is None:
        check_person(wish)
        new = Customer(
            bench.hotel.take_id("customers"), wish.firstname, wish.lastname, wish.email, wish.phone, bench.now()
        )
        bench.hotel.add_customer(new)
        return new
    if valid_name(wish.firstname) and valid_name(wish.lastname):
        known.firstname, known.lastname = wish.firstname, wish.lastname
    if valid_phone(wish.phone):
        known.phone = wish.phone
    return known


def _write_order(bench: Bench, wish: Wish, customer: Customer) -> Order:
    """The order row; it is there before its room lines."""
    now = bench.now()
    order = Order(
        id=bench.hotel.take_id("orders"),
        cart_id=bench.hotel.take_id("carts"),
        customer_id=customer.id,
        state=AWAITING,
        source=wish.source or bench.domain,
        reference=reference(bench.rng),
        booking_date=wish.booking_date or now,
        date_upd=now,
        language_id=wish.language_id,
        payment=wish.payment_method or "Order from API",
        payment_type=wish.payment_type,
        paid=wish.total_paid,
        remarks=[] if wish.remark is None else [wish.remark],
    )
    bench.hotel.add_order(order)
    return order


def _line(bench: Bench, order: Order, wish: TypeWish, place: int, room_id: int, *, back_order: bool) -> Line:
    said = wish.room(place)
    nights = wish.check_out - wish.check_in
    unit = said.unit_price if said and said.unit_price is not None else wish.kind.price
    price = unit * nights
    tax = said.tax if said and said.tax is not None else (price * TAX).quantize(_CENT)
    return Line(
        id=bench.hotel.take_id("lines"),
        order_id=order.id,
        detail_id=bench.hotel.take_id("order_details"),
        room_id=room_id,
        type_id=wish.kind.id,
        check_in=wish.check_in,
        check_out=wish.check_out,
        price=price,
        tax=tax,
        adults=wish.kind.adults if said is None or said.adults is None else said.adults,
        children=wish.kind.children if said is None else said.children,
        child_ages=said.child_ages if said else [],
        date_add=bench.now(),
        back_order=back_order,
    )


def _reprice(line: Line, wish: TypeWish, place: int) -> None:
    """A kept line takes the price of the request: per night, although GET told it for the stay. Occupancy stays."""
    said = wish.room(place)
    if said is None:
        return
    if said.unit_price is not None:
        line.price = said.unit_price * (line.check_out - line.check_in)
    if said.tax is not None:
        line.tax = said.tax


def _match(
    hotel: Hotel, order: Order, wishes: list[TypeWish]
) -> tuple[dict[int, tuple[TypeWish, int]], list[tuple[TypeWish, int, set[int]]]]:
    """Which lines stay (with their place in the wish), and how many rooms each wish is short of."""
    kept: dict[int, tuple[TypeWish, int]] = {}
    missing: list[tuple[TypeWish, int, set[int]]] = []
    for wish in wishes:
        named = {room.room_id for room in wish.rooms if room.room_id}
        same = [
            line
            for line in hotel.lines_of[order.id]
            if (line.type_id, line.check_in, line.check_out) == (wish.kind.id, wish.check_in, wish.check_out)
            and line.id not in kept
            and (not named or line.room_id in named)
        ]
        for place, line in enumerate(same[: wish.count]):
            kept[line.id] = (wish, place)
        short = wish.count - min(len(same), wish.count)
        if short:
            missing.append((wish, short, {line.room_id for line in same}))
    return kept, missing


def total_with_tax(hotel: Hotel, order: Order) -> Decimal:
    """The price of all lines and their services, with tax."""
    lines = hotel.lines_of[order.id]
    return sum(
        (line.price + line.tax + sum(one.total + one.tax for one in line.services) for line in lines), Decimal(0)
    )


def tax_of(hotel: Hotel, order: Order) -> Decimal:
    """The tax in `total_with_tax`."""
    lines = hotel.lines_of.get(order.id, [])
    return sum((line.tax + sum(one.tax for one in line.services) for line in lines), Decimal(0))


def _settle_price(hotel: Hotel, order: Order, wish: Wish) -> None:
    """A told total above the computed one raises the rooms' prices, in proportion; one below changes nothing seen."""
    total = total_with_tax(hotel, order)
    if wish.total_price is not None and wish.total_price > total > 0:
        factor = wish.total_price / total
        for line in hotel.lines_of[order.id]:
            gross = ((line.price + line.tax) * factor).quantize(_CENT)
            line.price = (line.price * factor).quantize(_CENT)
            line.tax = gross - line.price
    order.advance = total_with_tax(hotel, order)


def _first_state(hotel: Hotel, order: Order, wish: Wish) -> int:
    """The state of a new order; paying in full is written into `order.paid`."""
    if wish.status in (3, 4):
        return CANCELLED if wish.status == 3 else REFUNDED
    total = total_with_tax(hotel, order)
    if wish.status == 2 or wish.payment_status == 1:
        order.paid = total
    if order.paid and order.paid >= total:
        return PAID
    return PARTIAL if order.paid or wish.payment_status == 2 else AWAITING


def _settle_order(bench: Bench, order: Order, wish: Wish) -> None:
    """The rest of a PUT: remark, payment, state. A cancelled booking made new again gets no room back."""
    if wish.remark is not None:
        order.remarks.append(wish.remark)
    if wish.total_paid:
        order.paid = wish.total_paid
    if wish.status is None and wish.payment_status is None:
        return
    state = _first_state(bench.hotel, order, wish)
    if state != order.state:
        bench.hotel.set_state(order, state, bench.now())
