"""The PMS limps: it is slow within the deadline, or fails now and then. Guests are served as far as it can serve them.

Two families run it. Under `limping` faults nothing, or fewer calls than the threshold, fails: the breaker must stay
closed. Under `patchy` ones as much fails as chance or the length of an answer decide: it may open, and what is judged
is what guests are told and what becomes of their bookings.
"""

from __future__ import annotations

from functools import partial

from pms_drill import clock
from pms_drill.episodes.able import fault_for
from pms_drill.episodes.expectations import expectation, policy
from pms_drill.episodes.outage import settle, slack, steady
from pms_drill.episodes.scene import Scene
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Questions beyond the threshold: a breaker that takes late answers for failures has opened by then.
_MORE = 3
#: Reservations under the fault, all at once.
_GUESTS = 2


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment for the fault `name`. Phases: steady, impact, strike, settled.

    Raises:
        TypedSkip: the stack cannot have the fault.
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
        DrillError: the agent did not start, or the PMS could not be read at the end.
    """
    fault = fault_for(name, stack)
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(fault, stack.place) as injection:
            armed = clock.now()
            with scene.phase("impact"):
                for guest in scene.book.guests(stack.profile.breaker.failure_threshold + _MORE):
                    scene.guests.ask(guest, "impact")
            with scene.phase("strike"):
                guests = scene.book.guests(_GUESTS)
                scene.guests.at_once(partial(scene.guests.reserve, guest, "strike") for guest in guests)
            scene.phases["armed"] = Span(armed, clock.now())
            injection.heal()
        settle(scene, stack.profile.breaker.recovery_timeout)
        scene.quiesce()
        bookings = scene.final_read()
    return scene.evidence(expectation(name, stack.profile), policy(stack.profile, slack(scene)), bookings)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.0 + (profile.breaker.failure_threshold + _MORE + 4) * profile.pms.timeout
