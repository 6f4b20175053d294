"""Finds rooms for a booking: named ones, otherwise the lowest free numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qloapps_twin.answers import Crashed, warning
from qloapps_twin.booking_input import items, part
from qloapps_twin.booking_wish import SOLD_OUT, TypeWish, Wish, check_type
from qloapps_twin.hotel import Hotel, Order
from qloapps_twin.refusal import refuse


@dataclass(slots=True)
class Pick:
    """Rooms chosen for one element of `room_types`; too late means that nothing was free any more."""

    wish: TypeWish
    rooms: list[int]
    too_late: bool = False


def find_rooms(hotel: Hotel, booking: dict[str, Any], wish: Wish) -> list[Pick]:
    """Check the room types one after the other and look for rooms, as QloApps does before it writes anything."""
    associations = booking.get("associations")
    said = part(associations, "room_types")
    if said is None:
        known = isinstance(associations, dict) and "room_types" in associations
        if known:
            raise refuse(SOLD_OUT)
        raise refuse(SOLD_OUT, warning('Undefined array key "room_types"', 688))
    if isinstance(said, str):
        raise Crashed
    picks: list[Pick] = []
    for one in items(said):
        type_wish = check_type(hotel, one, wish.warnings)
        if type_wish.kind.hotel_id != wish.hotel_id:
            raise refuse(SOLD_OUT)
        taken = {room for pick in picks if _overlap(pick.wish, type_wish) for room in pick.rooms}
        rooms = free_rooms(hotel, type_wish, type_wish.count, skip=taken)
        if len(rooms) < type_wish.count:
            raise refuse(SOLD_OUT)
        picks.append(Pick(type_wish, rooms))
    if not picks:
        raise refuse(SOLD_OUT)
    return picks


def _overlap(one: TypeWish, other: TypeWish) -> bool:
    return one.check_in < other.check_out and other.check_in < one.check_out


def free_rooms(hotel: Hotel, wish: TypeWish, count: int, skip: set[int]) -> list[int]:
    """Named rooms if they are free, and for the rest the lowest free numbers; fewer than asked for means sold out."""
    occupancy = hotel.occupancy[wish.kind.id]
    free = [room for room in occupancy.rooms(occupancy.free_mask(wish.check_in, wish.check_out)) if room not in skip]
    named = [room.room_id for room in wish.rooms[wish.count - count :] if room.room_id is not None]
    if any(room not in free for room in named):
        return []
    others = iter(room for room in free if room not in named)
    if count > len(free):
        return []
    wanted = [room.room_id for room in wish.rooms[wish.count - count :]] or [None] * count
    rooms = [room or next(others, None) for room in wanted]
    return [room for room in rooms if room is not None]


def pick_again(hotel: Hotel, pick: Pick) -> Pick:
    """Choose the rooms some time after the check: others may have been faster."""
    rooms = free_rooms(hotel, pick.wish, pick.wish.count, skip=set())
    if len(rooms) < pick.wish.count:
        return Pick(pick.wish, pick.rooms, too_late=True)
    return Pick(pick.wish, rooms)


def match(
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
