"""The agent itself is stopped or killed while bookings are on their way, and goes on afterwards with its state.

The PMS carries the booking out and its answer is withheld, so that the fault meets an agent that waits for it. Guests
whose requests ended with nothing repeat them with their keys, as people do.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pms_drill import clock
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.bookings_end import until_ended, until_late_ones_are_found
from pms_drill.episodes.bookings_sent import wait_for_bookings
from pms_drill.episodes.expectations import expectation, policy
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.evidence.history import Guest, Operation
from pms_drill.faults.catalogue import answer_withheld
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Guests who book at the same time: one is at the PMS, the others wait for their turn.
_GUESTS = 3
#: How long the agent is away, in deadlines: whatever it had begun is over it when it comes back.
_AWAY = 1.5
#: How often and how long a guest repeats a request, in deadlines.
_EVERY, _WITHIN = 0.5, 12.0


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for the fault `name` on a stack that is equipped for it. Phases: steady, strike, settled.

    Raises:
        Unproven: a fault or its heal could not be proved, no booking was on its way, or the control was already out of
            bounds.
        DrillError: the agent did not start again, or the PMS could not be read at the end.
    """
    fault = fault_for(name, stack)
    with Scene(stack, name, seed) as scene:
        steady(scene)
        # One comes today: what ends with the day ends while the booking is on its way.
        guests = [scene.book.guest(check_in=scene.book.today()), *scene.book.guests(_GUESTS - 1)]
        before = stack.ledger_position()
        with scene.phase("strike"), ThreadPoolExecutor(_GUESTS) as pool:
            armed = clock.now()
            with injected(answer_withheld(), stack.place):
                flights = [pool.submit(_reserve, scene, guest) for guest in guests]
                wait_for_bookings(scene, before, 1)
                with injected(fault, stack.place):
                    scene.pause(_AWAY * stack.profile.pms.timeout)
            scene.phases["armed"] = Span(armed, clock.now())
            for flight in flights:
                flight.result()
        with scene.phase("settled"):
            scene.guests.at_once(partial(_repeat, scene, guest) for guest in guests)
            until_ended(scene)
            until_late_ones_are_found(scene)
            scene.look_up_all("settled")
        scene.quiesce()
        bookings = scene.final_read()
    return scene.evidence(expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 5.0 + 6 * profile.pms.timeout + 2 * profile.pms.settle


def _reserve(scene: Scene, guest: Guest, phase: str = "strike") -> Operation:
    return scene.guests.reserve(guest, phase, key=f"key-{guest.email}")


def _repeat(scene: Scene, guest: Guest) -> Operation:
    """Repeat the guest's request with its key until the guest knows the reservation."""
    timeout, told = scene.profile.pms.timeout, _reserve(scene, guest, "settled")
    scene.wait_for(
        "a guest who repeats a request to be told of the reservation",
        lambda: bool(_reserve(scene, guest, "settled").body.get("reservation_id")),
        within=_WITHIN * timeout,
        every=_EVERY * timeout,
    )
    return told
