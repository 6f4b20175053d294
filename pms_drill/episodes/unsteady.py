"""A PMS that is neither up nor down: every second question fails, and then half of them at random."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import bundle
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults.catalogue import server_error
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

_QUESTIONS = Match(method="POST", path="/api/hotel_ari")
_ROUND_S = 0.02


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: alternating, random (which is `armed` as well), recovery.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
    """
    policy = stack.profile.breaker
    with Scene(stack, name, seed) as scene:
        steady(scene)
        count = 4 * policy.failure_threshold
        odd = Match(_QUESTIONS.method, _QUESTIONS.path, nth=tuple(range(1, 2 * count, 2)))
        with scene.phase("alternating"), injected(server_error(odd), stack.place):
            for guest in scene.book.guests(count):
                scene.guests.ask(guest, "alternating")
        half = Match(_QUESTIONS.method, _QUESTIONS.path, share=0.5, seed=seed)
        with injected(server_error(half), stack.place):
            begin = clock.now()
            while clock.now() < begin + _waits(stack.profile):
                scene.guests.ask(scene.book.guest(), "random")
                scene.pause(_ROUND_S)
            scene.phases["random"] = scene.phases["armed"] = Span(begin, clock.now())
    return bundle(scene)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 4.0 + _waits(profile)


def _waits(profile: Profile) -> float:
    """Two waits of the breaker and a bit."""
    return 2.2 * profile.breaker.recovery_timeout
