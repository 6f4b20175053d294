"""The agent is restarted while its breaker is open: what the PMS has to bear in all."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle, heal, recover, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: impact, again (after the restart), recovery.

    Raises:
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    breaker = stack.profile.breaker
    most = breaker.workers * breaker.failure_threshold + 5
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            trip(scene, "impact", most)
            stack.restart_agent(fresh=False)
            trip(scene, "again", most)
            heal(scene, injection, armed)
        recover(scene)
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 5.0 + profile.breaker.recovery_timeout
