"""Guests who hang up, which is no failure of the PMS, and guests who all fail at the same moment."""

from __future__ import annotations

from pms_drill import clock
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, crowd, heal
from pms_drill.evidence.bundle import Evidence
from pms_drill.faults.catalogue import EVERYTHING, hang, slow_answers
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

#: Guests who fail at once, as a multiple of the threshold; of those who hang up, beyond it.
_TIMES, _MORE = 3, 2
#: Answers take this part of the deadline, and guests wait for half of that.
_SLOW = 0.4


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: hang_up, after_hang_up; impact (all at once), open.

    Raises:
        Unproven: a fault or its heal could not be proved, or the control was already out of bounds.
    """
    threshold, delay = stack.profile.breaker.failure_threshold, _SLOW * stack.profile.pms.timeout
    with Scene(stack, name, seed) as scene:
        steady(scene)
        with scene.phase("hang_up"), injected(slow_answers(delay, EVERYTHING), stack.place):
            # One after the other, so that no call is slow for another reason than the one that is given to it.
            for guest in scene.book.guests(threshold + _MORE):
                scene.guests.ask(guest, "hang_up", delay / 2)
            scene.pause(delay)  # the last answer, or what the agent makes of it, comes only now
        ask(scene, "after_hang_up")
        with injected(hang(), stack.place) as injection:
            armed = clock.now()
            with scene.phase("impact"):
                crowd(scene, _TIMES * threshold, "impact")
            with scene.phase("open"):
                crowd(scene, 2, "open")
            scene.await_scrape()
            heal(scene, injection, armed)
    return bundle(scene, "hang")


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.5 + 3 * profile.pms.timeout
