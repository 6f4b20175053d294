"""Bookings under a fault that only they meet: lost or late on the way, or answered with something unreadable.

Where the bookings do not reach the PMS, one guest has booked the same stay elsewhere before: a booking of the same
name, address and dates that is not the agent's. An agent that does not go by its own reference takes it for its own.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial

from pms_drill import clock
from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.expectations import midway_expectation, policy
from pms_drill.episodes.outage import settle, slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Guest
from pms_drill.faults.catalogue_midway import stored_but_404, stored_but_502
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Guests who book under the fault, all at once; below the threshold, since each costs the agent a failure.
_GUESTS = 3
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
            scene.guests.at_once(partial(scene.guests.reserve, guest, "strike") for guest in guests)
            scene.phases["armed"] = Span(armed, clock.now())
            injection.heal()
        if name == "stored_but_504":
            _other_pages(scene)
        settle(scene, stack.profile.breaker.recovery_timeout)
        scene.quiesce()
        bookings = [booking for booking in scene.final_read() if booking.order_id not in others]
    return scene.evidence(midway_expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def _other_pages(scene: Scene) -> None:
    """One more guest for each other page that may hide a booking which was carried out."""
    with scene.phase("other pages"):
        for fault in (stored_but_502(), stored_but_404()):
            with injected(fault, scene.stack.place):
                scene.guests.reserve(scene.book.guest(), "strike")


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
