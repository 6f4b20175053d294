"""What a booking costs, and which state it gets from what was paid."""

from __future__ import annotations

from decimal import Decimal

from qloapps_twin.booking_wish import TypeWish, Wish
from qloapps_twin.hotel import Hotel, Line, Order

AWAITING, PAID, CANCELLED, REFUNDED, PARTIAL = 1, 2, 4, 5, 8
CENT = Decimal("0.01")


def reprice(line: Line, wish: TypeWish, place: int) -> None:
    """A kept line takes the price of the request: per night, although GET told it for the stay. Occupancy stays."""
    said = wish.room(place)
    if said is None:
        return
    if said.unit_price is not None:
        line.price = said.unit_price * (line.check_out - line.check_in)
    if said.tax is not None:
        line.tax = said.tax


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


def settle_price(hotel: Hotel, order: Order, wish: Wish) -> None:
    """A told total above the computed one raises the rooms' prices, in proportion; one below changes nothing seen."""
    total = total_with_tax(hotel, order)
    if wish.total_price is not None and wish.total_price > total > 0:
        factor = wish.total_price / total
        for line in hotel.lines_of[order.id]:
            gross = ((line.price + line.tax) * factor).quantize(CENT)
            line.price = (line.price * factor).quantize(CENT)
            line.tax = gross - line.price
    order.advance = total_with_tax(hotel, order)


def first_state(hotel: Hotel, order: Order, wish: Wish) -> int:
    """The state of a new order; paying in full is written into `order.paid`."""
    if wish.status in (3, 4):
        return CANCELLED if wish.status == 3 else REFUNDED
    total = total_with_tax(hotel, order)
    if wish.status == 2 or wish.payment_status == 1:
        order.paid = total
    if order.paid and order.paid >= total:
        order.paid = total
        return PAID
    return PARTIAL if order.paid or wish.payment_status == 2 else AWAITING
