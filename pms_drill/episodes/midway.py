"""Bookings under a fault that only they meet: lost or late on the way, or answered with something unreadable."""

from __future__ import annotations

from functools import partial

from pms_drill import clock
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.expectations import midway_expectation, policy
from pms_drill.episodes.outage import settle, slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Guests who book under the fault, all at once; below the threshold, since each costs the agent a failure.
_GUESTS = 3


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for the fault `name`.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    fault = fault_for(name, stack)
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with scene.phase("strike"), injected(fault, stack.place) as injection:
            armed = clock.now()
            calls = [partial(scene.guests.reserve, guest, "strike") for guest in scene.book.guests(_GUESTS)]
            scene.guests.at_once(calls)
            scene.phases["armed"] = Span(armed, clock.now())
            injection.heal()
        settle(scene, stack.profile.breaker.recovery_timeout)
        scene.quiesce()
        bookings = scene.final_read()
    return scene.evidence(midway_expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.0 + 4 * profile.pms.timeout + 2 * profile.pms.settle
