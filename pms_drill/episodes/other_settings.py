"""The agent is started with another threshold and another wait (runbook, option 4): they must act."""

from __future__ import annotations

from dataclasses import replace

from pms_drill import clock
from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes.outage import steady
from pms_drill.episodes.passers_by import passers_by
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle, heal, trip
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: impact, open. The evidence's policy has the other values.

    Raises:
        TypedSkip: the profile does not say which settings these are.
        Unproven: the fault or its heal could not be proved, or the control was already out of bounds.
    """
    profile = stack.profile
    names = profile.agent.settings
    if not {"failure_threshold", "recovery_timeout"} <= set(names):
        skip(SkipReason.AGENT_CANNOT, f"the profile {profile.name} has no [agent.settings]: how is it adjusted?")
    threshold, wait = other(profile)
    env = {names["failure_threshold"]: str(threshold), names["recovery_timeout"]: f"{wait:g}"}
    with Scene(stack, name, seed, env=env) as scene:
        steady(scene)
        with injected(server_error(), stack.place) as injection:
            armed = clock.now()
            trip(scene, "impact", threshold + profile.breaker.failure_threshold + 3)
            with scene.phase("open"), passers_by(scene):
                since = stack.ledger_position()
                scene.wait_for("the probe", lambda: bool(stack.ledger(since)), wait + profile.pms.timeout + 1.0)
            heal(scene, injection, armed)
    found = bundle(scene)
    return replace(
        found,
        policy=replace(found.policy, threshold=threshold, recovery=wait),
        expectation=replace(found.expectation, opens_after=threshold, wait=wait),
    )


def other(profile: Profile) -> tuple[int, float]:
    """A threshold and a wait (seconds) that the profile does not have, and that cannot be mistaken for its own."""
    return profile.breaker.failure_threshold + 3, profile.breaker.recovery_timeout * 2


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.5 + 2 * profile.breaker.recovery_timeout
