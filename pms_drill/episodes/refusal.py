"""The PMS refuses questions, or bookings, more of them in a row than the breaker's threshold: it must stay closed."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.expectations import expectation, fault_named, policy
from pms_drill.episodes.outage import slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Times the threshold that is asked (property 10 of the breaker: three times).
_TIMES = 3
#: What is refused by these is the booking of a guest; otherwise it is a question.
_OF_BOOKINGS = ("booking_refused",)


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for the business answer `name`.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    fault = fault_named(name, stack.profile)
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(fault, stack.place) as injection:
            armed = clock.now()
            with scene.phase("impact"):
                send = scene.guests.reserve if name in _OF_BOOKINGS else scene.guests.ask
                for guest in scene.book.guests(_TIMES * stack.profile.breaker.failure_threshold):
                    send(guest, "impact")
            scene.phases["armed"] = Span(armed, clock.now())
            injection.heal()
        with scene.phase("recovered"):
            scene.guests.ask(scene.book.guest(), "recovered")
        scene.quiesce()
        bookings = scene.final_read()
    return scene.evidence(expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0
