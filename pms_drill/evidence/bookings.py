"""What the PMS holds at the end, read directly from its web service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Booking:
    """One order of the PMS with its room lines.

    Attributes:
        order_id: the PMS's booking id.
        email: the customer's e-mail, the guest's token.
        source: the reference that the agent wrote.
        state: current order state (4 cancelled, 5 refunded).
        room_type: type of the first line; 0 without lines.
        check_in, check_out: ISO dates of the first line; empty without lines.
        live_lines: rooms that are held: neither cancelled, refunded nor back order.
        lines: all room lines.
        rooms: ids of the physical rooms that are held.
    """

    order_id: int
    email: str
    source: str
    state: int
    room_type: int
    check_in: str
    check_out: str
    live_lines: int
    lines: int
    rooms: tuple[int, ...] = ()

    @property
    def live(self) -> bool:
        """Whether a room is held for the guest."""
        return self.live_lines > 0
