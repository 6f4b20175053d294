"""Rooms that two guests hold for one night: which ones, and whether the agent or the PMS has caused it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pms_drill.checks.attempts import attempts, overlapping
from pms_drill.evidence.bookings import Booking
from pms_drill.evidence.bundle import Evidence

#: Two bookings.
Pair = tuple[Booking, Booking]


@dataclass(frozen=True)
class Blame:
    """Pairs of bookings that hold one room for one night, by who has caused it.

    Attributes:
        agent: it sent the second one while the PMS was at work on the first.
        pms: it confirmed both, one after the other or one of them for another channel.
        unsure: the ledger has no request of a guest of the history.
    """

    agent: tuple[Pair, ...] = ()
    pms: tuple[Pair, ...] = ()
    unsure: tuple[Pair, ...] = ()


def blame_for_double_sales(evidence: Evidence) -> Blame:
    """Who has sold rooms twice; nothing without a final read."""
    held = [booking for booking in evidence.bookings or () if booking.live and booking.rooms]
    pairs = list(double_sold(held))
    ours = guests_of(evidence)
    sent = attempts(evidence.ledger, {booking.email.lower() for pair in pairs for booking in pair})
    agent, pms, unsure = [], [], []
    for pair in pairs:
        tokens = [booking.email.lower() for booking in pair]
        both = sorted((entry for token in tokens for entry in sent.get(token, ())), key=lambda entry: entry.received)
        if any(overlapping(both, evidence)):
            agent.append(pair)
        elif any(token in ours and token not in sent for token in tokens):
            unsure.append(pair)
        else:
            pms.append(pair)
    return Blame(tuple(agent), tuple(pms), tuple(unsure))


def double_sale(one: Booking, other: Booking) -> str:
    """A double sale for people."""
    rooms = ", ".join(map(str, sorted(set(one.rooms) & set(other.rooms))))
    return (
        f"room {rooms}: #{one.order_id} {one.email} and #{other.order_id} {other.email}, "
        f"{one.check_in} to {one.check_out}"
    )


def double_sales(pairs: Sequence[Pair]) -> str:
    """The first few for people, or "none"."""
    return "; ".join(double_sale(*pair) for pair in pairs[:3]) or "none"


def guests_of(evidence: Evidence) -> set[str]:
    """Addresses of everybody in the history, in lower case."""
    return {op.guest.email.lower() for op in evidence.operations}


def double_sold(held: Sequence[Booking]) -> Iterator[Pair]:
    """Pairs of live bookings that have a room and a night in common."""
    by_room: defaultdict[int, list[Booking]] = defaultdict(list)
    for booking in held:
        for room in booking.rooms:
            by_room[room].append(booking)
    for bookings in by_room.values():
        in_order = sorted(bookings, key=lambda booking: booking.check_in)
        for number, one in enumerate(in_order):
            for other in in_order[number + 1 :]:
                if other.check_in >= one.check_out:
                    break  # and so are all that follow: a hotel's year is not compared pair by pair
                if one.order_id != other.order_id:
                    yield one, other
