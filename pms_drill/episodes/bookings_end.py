"""When is it over? Every reservation has ended, and bookings that arrive late have been looked for."""

from __future__ import annotations

from functools import partial

from pms_drill import clock
from pms_drill.checks.attempts import attempts
from pms_drill.checks.fates import classify
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.history import Guest

#: Pause between rounds of look-ups, in seconds.
_ROUND_S = 0.25


def until_ended(scene: Scene) -> bool:
    """Look up what is pending until nothing is; false after the time that the contract gives it.

    One wait and one probe; the settle time, doubled twice for bookings that were tried three times; for everything that
    is pending a booking, a read-back and perhaps the settle time of the one before it.
    """
    pending = _pending(scene)
    pms, wait = scene.profile.pms, scene.profile.breaker.recovery_timeout
    within = wait + pms.timeout + 4 * pms.settle + len(pending) * (2 * pms.timeout + pms.outbox_interval) + 3.0

    def nothing_pending() -> bool:
        nonlocal pending
        guests = scene.guests
        told = guests.at_once(partial(guests.look_up, guest, number, "settled") for number, guest in pending.items())
        still = {str(operation.body.get("reservation_id")) for operation in told if _is_pending(operation.body)}
        lost = {number for operation, number in zip(told, pending, strict=True) if operation.status is None}
        pending = {number: guest for number, guest in pending.items() if number in still | lost}
        return not pending

    return scene.wait_for(f"{len(pending)} pending reservations to end", nothing_pending, within, every=_ROUND_S)


def until_late_ones_are_found(scene: Scene) -> None:
    """Until the agent has looked for what arrived late: the settle time and a round after the last attempt."""
    pms = scene.profile.pms
    tokens = {fate.token for fate in classify(scene.guests.operations, ())}
    found = attempts(scene.stack.ledger(scene.ledger_from), tokens).values()
    due = max((tried[-1].received for tried in found), default=0.0) + 2 * pms.timeout + pms.settle
    scene.pause(due + 2 * pms.outbox_interval - clock.now())


def _pending(scene: Scene) -> dict[str, Guest]:
    """Id -> guest of every reservation whose last answer was "pending"."""
    found: dict[str, Guest] = {}
    for operation in sorted(scene.guests.operations, key=lambda op: op.ended):
        number = operation.body.get("reservation_id")
        if isinstance(number, str):
            found.pop(number, None)
            if _is_pending(operation.body):
                found[number] = operation.guest
    return found


def _is_pending(body: dict[str, object]) -> bool:
    return body.get("status") == "pending"
