"""What a client can tell of a fault: the words that faults share whose truth at the PMS differs. Pure data."""

from __future__ import annotations

TIMEOUT = "no answer until its own timeout"
CUT = "connection reset or closed without an answer"
BROKEN_OFF = "connection closed inside an answer"
UNREADABLE = "status 200 with a body that is not as agreed"
USUAL = "an answer as usual"
#: Faults of connecting and of the agent itself: nothing can be confused with them.
NONE = ""


def status(code: int) -> str:
    """An answer with this status, and nothing else to tell it by; a 200 that means nothing is `UNREADABLE`."""
    return UNREADABLE if code == 200 else f"status {code}"
