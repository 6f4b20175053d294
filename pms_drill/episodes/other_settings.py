"""The agent is started with another threshold, wait and health interval (runbook, option 4): they must act."""

from __future__ import annotations

from dataclasses import replace

from pms_drill import clock
from pms_drill.checks.lateness import longest_slack
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
    """Run the experiment. Phases: idle (no guest comes until the PMS is probed), impact, open.

    The evidence's policy has the other values.

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
    interval = shorter_interval(profile)
    if interval:
        env[names["health_interval"]] = f"{interval:g}"
    with Scene(stack, name, seed, env=env) as scene:
        steady(scene)
        if interval:
            _idle(scene, interval)
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
        policy=replace(found.policy, threshold=threshold, recovery=wait, health_interval=interval),
        expectation=replace(found.expectation, opens_after=threshold, wait=wait),
    )


def other(profile: Profile) -> tuple[int, float]:
    """A threshold and a wait (seconds) that the profile does not have, and that cannot be mistaken for its own."""
    return profile.breaker.failure_threshold + 3, profile.breaker.recovery_timeout * 2


def shorter_interval(profile: Profile) -> float:
    """Another silence after which the PMS is probed, in seconds; 0 if the profile claims none, or cannot set it.

    Longer than an answer takes, so that no probe comes between two guests.
    """
    if profile.pms.health_interval is None or "health_interval" not in profile.agent.settings:
        return 0.0
    return max(1.0, 2 * profile.pms.timeout)


def _idle(scene: Scene, interval: float) -> None:
    """No guest comes until the PMS was probed, or should have been."""
    stack, profile = scene.stack, scene.profile
    with scene.phase("idle"):
        since = stack.ledger_position()
        scene.wait_for(
            "the probe of an idle breaker",
            lambda: any(entry.path == profile.pms.probe_path for entry in stack.ledger(since)),
            interval + longest_slack(profile.pms.timeout, profile.breaker.recovery_timeout) + 0.5,
        )


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.5 + shorter_interval(profile) + 2 * profile.breaker.recovery_timeout
