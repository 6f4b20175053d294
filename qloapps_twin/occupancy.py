"""Which rooms of one type are held in which nights.

Per night one bit mask of held rooms (bit = place of the room in the type's list), so that a search over a stay
is a few integer operations however many bookings there are. A room can be held more than once: that is a double booking.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator


class Occupancy:
    """The nights held in the rooms of one type. Days are counted since 1.1.1; the day of departure is exclusive."""

    def __init__(self, room_ids: list[int]) -> None:
        self._rooms = room_ids
        self._bit = {room: 1 << place for place, room in enumerate(room_ids)}
        self._all = (1 << len(room_ids)) - 1
        self._held: defaultdict[int, int] = defaultdict(int)
        self._again: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._out_of_order = 0

    def hold(self, room: int, first: int, end: int) -> None:
        """Hold a room for the nights from `first` up to `end`."""
        bit = self._bit[room]
        for night in range(first, end):
            if self._held[night] & bit:
                self._again[night, room] += 1
            self._held[night] |= bit

    def free(self, room: int, first: int, end: int) -> None:
        """Take one hold back; a second one on the same night stays."""
        bit = self._bit[room]
        for night in range(first, end):
            if self._again.get((night, room)):
                self._again[night, room] -= 1
            else:
                self._held[night] &= ~bit

    def set_out_of_order(self, room: int, out: bool) -> None:
        """Say whether a room can be sold at all."""
        self._out_of_order = self._out_of_order & ~self._bit[room] | (self._bit[room] if out else 0)

    def free_mask(self, first: int, end: int) -> int:
        """The rooms free in all nights of a stay, as a mask; an empty stay finds nothing."""
        if end <= first:
            return 0
        held = self._out_of_order
        for night in range(first, end):
            held |= self._held.get(night, 0)
        return self._all & ~held

    def is_all(self, mask: int) -> bool:
        """Whether the mask names every room of the type."""
        return mask == self._all

    def rooms(self, mask: int) -> Iterator[int]:
        """The ids of the rooms in a mask, lowest first."""
        while mask:
            low = mask & -mask
            yield self._rooms[low.bit_length() - 1]
            mask ^= low

    def mask(self, rooms: Iterable[int]) -> int:
        """The mask of some rooms of this type."""
        return sum(self._bit[room] for room in set(rooms))

    def knows(self, room: int) -> bool:
        """Whether the room is of this type."""
        return room in self._bit
