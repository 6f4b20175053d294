"""Requests at the PMS side: which operation of the agent each is. Pure."""

from __future__ import annotations

from pms_drill.evidence.ledger import LedgerEntry

#: Operations that change nothing at the PMS.
READS = ("availability", "readback", "probe")
#: How QloApps takes a booking, below whatever folder the shop is in.
_BOOKINGS = "/api/bookings"


def is_booking(entry: LedgerEntry) -> bool:
    """Whether the request asks the PMS to book."""
    return entry.method == "POST" and entry.path.rstrip("/").endswith(_BOOKINGS)


def operation_of(entry: LedgerEntry, probe_path: str) -> str | None:
    """The metrics' name of a request at the PMS side; None for one that no operation of the agent makes."""
    if entry.method == "GET":
        return "probe" if entry.path == probe_path else "readback"
    if is_booking(entry):
        return "reservation"
    for resource, operation in (("/hotel_ari", "availability"), ("/order_histories", "cancel")):
        if entry.method == "POST" and entry.path.rstrip("/").endswith(resource):
            return operation
    return None
