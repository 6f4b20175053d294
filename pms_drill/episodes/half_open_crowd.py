"""Nobody asks until the breaker is half-open by itself; then fifty guests come while the probe is still under way."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, crowd, heal, recover, trip
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.catalogue import EVERYTHING, server_error, slow_answers
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

GUESTS = 50
#: The probe takes this part of the deadline, so that there is time to arrive meanwhile.
_SLOW = 0.8
#: Guests after the closing.
_AFTER = 10


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: impact, silence (nobody asks), crowd, recovery, after.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
    """
    profile = stack.profile
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            opened = trip(scene)
            heal(scene, injection, armed)
        with injected(slow_answers(_SLOW * profile.pms.timeout, EVERYTHING), stack.place):
            with scene.phase("silence"):
                since = stack.ledger_position()
                tried = opened and scene.wait_for(
                    "the probe",
                    lambda: bool(stack.ledger(since)),
                    profile.breaker.recovery_timeout + profile.pms.timeout + 2.0,
                    every=0.01,
                )
            if tried:
                begin = clock.now()
                crowd(scene, GUESTS, "crowd")
                scene.phases["crowd"] = Span(begin, clock.now())
            recover(scene)
        ask(scene, "after", _AFTER)
        scene.quiesce()
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + profile.breaker.recovery_timeout + 2 * profile.pms.timeout
