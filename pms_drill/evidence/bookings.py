"""What the PMS holds at the end, read directly from its web service."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Booking:
    """One order of the PMS with its room lines.

    Attributes:
        order_id: the PMS's booking id.
        email: the customer's e-mail, the guest's token.
        first_name, last_name: of the customer, as they were when the booking was first read: QloApps renames the first
            guest of a mailbox when somebody else books with it.
        source: the reference that the agent wrote.
        hotel_id: of the first line; 0 without lines.
        state: current order state (4 cancelled, 5 refunded).
        room_type: type of the first line; 0 without lines.
        check_in, check_out: ISO dates of the first line; empty without lines.
        live_lines: rooms that are held: neither cancelled, refunded nor back order.
        lines: all room lines.
        rooms: ids of the physical rooms that are held.
        total: what the order costs with tax, with the digits of its currency; empty when it was not read.
        currency: in which it is booked; empty when it was not read.
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
    hotel_id: int = 0
    first_name: str = ""
    last_name: str = ""
    total: str = ""
    currency: str = ""

    @property
    def live(self) -> bool:
        """Whether a room is held for the guest."""
        return self.live_lines > 0
