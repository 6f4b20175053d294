"""Makes and changes bookings as QloApps does: without a lock, without a transaction, without idempotency.

`create` and `change` are generators: they yield the seconds during which other requests get in between (the race
window) and return the order with the warnings that spoil the answer. All state is in the `Hotel`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from qloapps_twin.answers import Crashed, Problem
from qloapps_twin.booking_input import items, part
from qloapps_twin.booking_money import AWAITING, CANCELLED, CENT, first_state, reprice, settle_price
from qloapps_twin.booking_rooms import Pick, find_rooms, free_rooms, match, pick_again
from qloapps_twin.booking_wish import (
    SOLD_OUT,
    TypeWish,
    Wish,
    breaks_after_the_customer,
    check_head,
    check_person,
    check_tail,
    check_type,
    stored,
    too_long,
    valid_name,
    valid_phone,
)
from qloapps_twin.catalogue import TAX, reference
from qloapps_twin.hotel import Customer, Hotel, Line, Order
from qloapps_twin.php import is_empty, to_int
from qloapps_twin.race import Race
from qloapps_twin.refusal import refuse


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


Work = Generator[float, None, Done]


def create(bench: Bench, booking: dict[str, Any]) -> Work:
    """Make a booking.

    Raises:
        Refused: 400, nothing was stored.
        Crashed: PHP died; an order without rooms may have been left behind.
    """
    hotel = bench.hotel
    if booking.get("id") is not None:
        raise refuse("id is forbidden when adding a new resource")
    wish = check_head(hotel, booking)
    picks = find_rooms(hotel, booking, wish)
    check_tail(booking)
    if bench.read_only:
        raise Crashed
    plan = bench.race.enter()
    try:
        if plan.before_pick:
            yield plan.before_pick
            picks = [pick_again(hotel, pick) for pick in picks]
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
    settle_price(hotel, order, wish)
    hotel.set_state(order, first_state(hotel, order, wish), bench.now())
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
    kept, missing = match(hotel, order, wishes)
    added = [Pick(one, free_rooms(hotel, one, count, skip=taken)) for one, count, taken in missing]
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
        reprice(hotel.lines[line_id], one, place)
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
    return {"currency": hotel.currency(order.hotel_id)} | booking | {"associations": associations}


#: Fields of a customer that a booking leaves null; demo customers have them empty.
_UNSAID = ("ip_registration_newsletter", "website", "company", "siret", "ape", "note")


def _customer(bench: Bench, wish: Wish) -> Customer:
    """The customer with the e-mail, with its letter case, name and phone overwritten if they are valid; or a new one.

    Raises:
        Crashed: 500; the customer may have been stored all the same.
    """
    customer = _stored_customer(bench, wish)
    if breaks_after_the_customer(wish):
        raise Crashed
    return customer


def _stored_customer(bench: Bench, wish: Wish) -> Customer:
    known = bench.hotel.find_customer(wish.email)
    first, last = stored(wish.firstname), stored(wish.lastname)
    if known is None:
        check_person(wish)
        unsaid: dict[str, object] = dict.fromkeys(_UNSAID)
        new = Customer(bench.hotel.take_id("customers"), first, last, wish.email, wish.phone, bench.now(), unsaid)
        bench.hotel.add_customer(new)
        return new
    if valid_name(wish.firstname) and valid_name(wish.lastname):
        known.firstname, known.lastname, known.email = first, last, wish.email
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
        hotel_id=wish.hotel_id,
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
    tax = said.tax if said and said.tax is not None else (price * TAX).quantize(CENT)
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


def _settle_order(bench: Bench, order: Order, wish: Wish) -> None:
    """The rest of a PUT: remark, payment, state. A cancelled booking made new again gets no room back."""
    if wish.remark is not None:
        order.remarks.append(wish.remark)
    if wish.total_paid:
        order.paid = wish.total_paid
    if wish.status is None and wish.payment_status is None:
        return
    state = first_state(bench.hotel, order, wish)
    if state != order.state:
        bench.hotel.set_state(order, state, bench.now())
