"""A PMS that is neither up nor down: every second question fails, and then half of them in no order."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pms_drill import clock
from pms_drill.checks.moments import is_rejection
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
#: Pause between guests who are rejected.
_ROUND_S = 0.02
#: Openings that are awaited, so that there are two distances to judge; and for how many waits at most.
_OPENINGS, _LONGEST_WAITS = 3, 5.0
#: Stretches of questions for which the pattern of failures is made; three of them open a breaker three times.
_STRETCHES = 20


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
        streak = max(policy.failure_threshold, policy.minimum_calls)
        half = Match(_QUESTIONS.method, _QUESTIONS.path, nth=tuple(unsteady_questions(streak, seed)))
        with injected(server_error(half), stack.place):
            begin = clock.now()
            _ask_until_it_opened(scene, begin + _LONGEST_WAITS * policy.recovery_timeout)
            scene.phases["random"] = scene.phases["armed"] = Span(begin, clock.now())
    return bundle(scene)


def unsteady_questions(streak: int, seed: int) -> Iterator[int]:
    """Which questions fail, from 1: half of them, in an order that depends on the seed, but with streaks for certain.

    Failures that are drawn one by one give a streak of five in 40 to 70 of 100 runs only, and two of them in a few
    (a chance of 1 in 32 at each question). So each stretch of the pattern is a mix in which successes interrupt the
    failures, then a success, then as many failures in a row as open any breaker: it opens once in each stretch.
    """
    draw = random.Random(f"{seed}/unsteady")  # noqa: S311 - reproducible, not secret
    number = 0
    for _ in range(_STRETCHES):
        few = draw.randint(1, min(2, streak))
        mix = [True] * few + [False] * (streak + few - 1)
        draw.shuffle(mix)
        for fails in [*mix, False, *[True] * streak]:
            number += 1
            if fails:
                yield number


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes: a wait after each opening but the last one."""
    return 4.0 + (_OPENINGS - 1) * profile.breaker.recovery_timeout


def _ask_until_it_opened(scene: Scene, ends: float) -> None:
    """One question after the other, until the breaker has opened often enough or the time is over."""
    openings, rejected = 0, False
    while openings < _OPENINGS and clock.now() < ends:
        before, rejected = rejected, is_rejection(scene.guests.ask(scene.book.guest(), "random"))
        openings += rejected and not before
        if rejected:
            scene.pause(_ROUND_S)
