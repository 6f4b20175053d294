"""Booking requests at the PMS side while a scene is going on."""

from __future__ import annotations

from pms_drill.checks.operations import is_booking
from pms_drill.checks.verdict import Unproven
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.ledger import LedgerEntry


def sent(scene: Scene, since: int) -> list[LedgerEntry]:
    """Booking requests after a position of the ledger. Those still under way have no body there, so no guest."""
    return [entry for entry in scene.stack.ledger(since) if is_booking(entry)]


def wait_for_bookings(scene: Scene, since: int, number: int, within: float = 3.0) -> None:
    """Wait until so many have arrived.

    Raises:
        Unproven: they have not, within so many seconds.
    """
    what = f"{number} booking request(s) at the PMS side"
    if not scene.wait_for(what, lambda: len(sent(scene, since)) >= number, within, every=0.005):
        raise Unproven(f"{scene.name}: there were no {what} within {within:g} s")
