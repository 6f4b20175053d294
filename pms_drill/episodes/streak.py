"""At the threshold and just below it: failures in a row, a success in between, and once more after the closing."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, fail, heal, recover, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: below, between, below_again, still; impact; recovery; below_after, still_after.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    less = stack.profile.breaker.failure_threshold - 1
    with Scene(stack, name, seed) as scene:
        steady(scene)
        fail(scene, less, "below")
        ask(scene, "between")
        fail(scene, less, "below_again")
        ask(scene, "still")
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            trip(scene)
            heal(scene, injection, armed)
        recover(scene)
        fail(scene, less, "below_after")
        ask(scene, "still_after")
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.0 + profile.breaker.recovery_timeout
