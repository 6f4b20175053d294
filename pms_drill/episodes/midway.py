"""Bookings under a fault that only they meet: lost or late on the way, or answered with something unreadable.

Where the bookings do not reach the PMS, one guest has booked the same stay elsewhere before: a booking of the same
name, address and dates that is not the agent's. An agent that does not go by its own reference takes it for its own.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.bookings_sent import sent
from pms_drill.episodes.expectations import expectation, policy
from pms_drill.episodes.outage import settle, slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Guest
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Guests who book under the fault, all at once; below the threshold, since each costs the agent a failure.
_GUESTS = 3
#: How much longer than the agent may look for late arrivals a second copy may take, in seconds.
_SECOND_LIMIT_S = 5.0
#: Under this fault nothing of the agent's is at the PMS when it reads back.
_NEVER_ARRIVES = "request_dropped"
#: What stands in the column of the reference where somebody else has booked.
_ELSEWHERE = "the hotel's own site"


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for the fault `name`.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    fault = fault_for(name, stack)
    with Scene(stack, name, seed) as scene:
        steady(scene)
        guests = scene.book.guests(_GUESTS)
        others = {_booked_elsewhere(scene, guests[0])} if name == _NEVER_ARRIVES else set()
        with scene.phase("strike"), injected(fault, stack.place) as injection:
            armed = clock.now()
            before = stack.ledger_position()
            scene.guests.at_once(partial(scene.guests.reserve, guest, "strike") for guest in guests)
            if catalogue.rows()[name].twice:
                _wait_for_the_second(scene, before, stack.profile)
            scene.phases["armed"] = Span(armed, clock.now())
            injection.heal()
        settle(scene, stack.profile.breaker.recovery_timeout)
        scene.quiesce()
        bookings = [booking for booking in scene.final_read() if booking.order_id not in others]
    return scene.evidence(expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def _wait_for_the_second(scene: Scene, before: int, profile: Profile) -> None:
    """Until the PMS has got each booking a second time; the heal would drop those that still wait.

    Raises:
        Unproven: it has not.
    """
    within = profile.pms.settle + 2 * profile.pms.timeout + _SECOND_LIMIT_S
    if not scene.wait_for("the second copies", lambda: all(e.copies > 1 for e in sent(scene, before)), within):
        raise Unproven(f"{scene.name}: not every booking was delivered twice within {within:g} s")


def _booked_elsewhere(scene: Scene, guest: Guest) -> int | None:
    """Book the guest's stay at the PMS directly, as the hotel's own site would; gives the PMS's number of it.

    None where the PMS cannot be asked directly.
    """
    stack = scene.stack
    if not stack.addresses.pms:
        return None
    with closing(QloApps(stack.addresses.pms, stack.pms_key, hooks=stack.gate.hooks)) as pms:
        number = int(pms.booked(guest, source=_ELSEWHERE)["id"])
    stack.journal.note("step", scene.name, "a guest has booked the same stay elsewhere", f"#{number}")
    return number


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.0 + 4 * profile.pms.timeout + 2 * profile.pms.settle
